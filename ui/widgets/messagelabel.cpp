#include "ui/widgets/messagelabel.h"

#include "ui/widgets/icons.h"

#include <QEvent>
#include <QHBoxLayout>

namespace studio {

MessageLabel::MessageLabel(QWidget* parent)
    : QWidget(parent), m_icon(new QLabel(this)), m_text(new QLabel(this)), m_button(new QToolButton(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(m_icon, 0, Qt::AlignTop);
    row->addWidget(m_text, 1);
    row->addWidget(m_button, 0, Qt::AlignTop);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    m_button->setFocusPolicy(Qt::TabFocus);
    connect(m_button, &QToolButton::clicked, this, [this] { Q_EMIT fixWanted(m_fix); });
    clear();
}

void MessageLabel::clear()
{
    m_text->clear();
    m_button->hide();
    hide();
}

void MessageLabel::present(Severity severity, const QString& text)
{
    m_severity = severity;
    m_text->setText(text);
    m_button->hide();
    paintMark();
    show();
}

void MessageLabel::present(const Issue& issue)
{
    present(issue.severity, QString::fromStdString(issue.message));
    if (!issue.fix) return;
    m_fix = *issue.fix;
    m_button->setText(QString::fromStdString(m_fix.label));
    m_button->setAccessibleName(m_button->text());
    m_button->setAccessibleDescription(tr("Resolves: %1").arg(m_text->text()));
    m_button->show();
}

void MessageLabel::paintMark()
{
    const QColor colour = m_severity == Severity::Error     ? errorColour(palette())
                          : m_severity == Severity::Warning ? warningColour(palette())
                                                            : accentColour(palette());
    const QString name = m_severity == Severity::Error     ? QStringLiteral("error")
                         : m_severity == Severity::Warning ? QStringLiteral("warning")
                                                           : QStringLiteral("info");
    const int side = fontMetrics().height();
    m_icon->setPixmap(studioIcon(name, colour).pixmap(QSize(side, side), devicePixelRatioF()));
    m_icon->setAccessibleName(m_severity == Severity::Error     ? tr("Error")
                              : m_severity == Severity::Warning ? tr("Warning")
                                                                : tr("Note"));
    QPalette inked = m_text->palette();
    if (inked.color(QPalette::WindowText) != colour) {
        inked.setColor(QPalette::WindowText, colour);
        m_text->setPalette(inked);
    }
}

void MessageLabel::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange && isVisible()) paintMark();
    QWidget::changeEvent(event);
}

} // namespace studio
