#include "ui/designer/formrow.h"

#include "ui/designer/argumenteditor.h"
#include "ui/designer/experimentdocument.h"
#include "ui/widgets/fieldeditor.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/messagelabel.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QFontDatabase>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>
#include <QVariantAnimation>

namespace studio {

int formLabelWidth(const QWidget* widget)
{
    return widget->fontMetrics().averageCharWidth() * 36;
}

FormRow::FormRow(ExperimentDocument* document, const Texts& texts, FieldEditor* editor, QWidget* parent)
    : QWidget(parent), m_document(document), m_texts(texts), m_editor(editor)
{
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(8, 5, 8, 5);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(2);

    auto* labels = new QWidget(this);
    auto* labelColumn = new QVBoxLayout(labels);
    labelColumn->setContentsMargins(0, 3, 0, 0);
    labelColumn->setSpacing(0);
    m_label = new QLabel(texts.label, labels);
    m_label->setWordWrap(true);
    m_label->setBuddy(editor->control());
    labelColumn->addWidget(m_label);
    {
        auto* name =
            new QLabel(texts.shownKey.isEmpty() ? texts.key.section(u'.', -1) : texts.shownKey, labels);
        QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
        font.setPointSizeF(this->font().pointSizeF() * 0.85);
        name->setFont(font);
        name->setForegroundRole(QPalette::PlaceholderText);
        name->setTextInteractionFlags(Qt::TextSelectableByMouse);
        labelColumn->addWidget(name);
    }
    labelColumn->addStretch(1);
    labels->setFixedWidth(formLabelWidth(this));
    grid->addWidget(labels, 0, 0, Qt::AlignTop);

    m_savedMarker = makeMarker(QStringLiteral("saved"));
    m_defaultMarker = makeMarker(QStringLiteral("reset"));
    auto* markers = new QHBoxLayout;
    markers->setSpacing(0);
    markers->addWidget(m_savedMarker);
    markers->addWidget(m_defaultMarker);
    grid->addLayout(markers, 0, 1, Qt::AlignTop);

    m_column = new QWidget(this);
    auto* column = new QVBoxLayout(m_column);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    editor->setParent(m_column);
    column->addWidget(editor);
    m_remark = new QLabel(m_column);
    m_remark->setWordWrap(true);
    m_remark->setForegroundRole(QPalette::PlaceholderText);
    m_remark->hide();
    column->addWidget(m_remark);
    m_chips = new QHBoxLayout;
    m_chips->setSpacing(4);
    m_chips->addStretch(1);
    column->addLayout(m_chips);
    grid->addWidget(m_column, 0, 2);
    grid->setColumnStretch(2, 1);

    const QString defaultText = shown(document->defaultValue(texts.key));
    const QString tip =
        QStringLiteral("<p style='white-space:pre-wrap'><b>%1</b><br>%2</p><p>%3<br><code>%4</code></p>")
            .arg(texts.label.toHtmlEscaped(), texts.help.toHtmlEscaped(),
                 tr("Default: %1").arg(defaultText.toHtmlEscaped()), texts.key.toHtmlEscaped());
    labels->setToolTip(tip);
    editor->setToolTip(tip);
    editor->setNames(texts.label, texts.help);
    editor->control()->installEventFilter(this);
    setObjectName(QStringLiteral("row_") + texts.key);

    connect(editor, &FieldEditor::edited, this, &FormRow::commit);
    connect(editor, &FieldEditor::problemChanged, this,
            [this](const QString& problem) { m_document->setFieldProblem(m_editor, m_texts.key, problem); });
    connect(m_savedMarker, &QToolButton::clicked, this, [this] {
        m_document->endTyping();
        m_document->setValue(m_texts.key, m_document->savedValue(m_texts.key));
    });
    connect(m_defaultMarker, &QToolButton::clicked, this, [this] {
        m_document->endTyping();
        m_document->setValue(m_texts.key, m_document->defaultValue(m_texts.key));
    });
    refreshValue();
    refreshIssues();
}

QToolButton* FormRow::makeMarker(const QString& icon)
{
    auto* button = new QToolButton(this);
    button->setIcon(studioIcon(icon));
    button->setAutoRaise(true);
    button->setIconSize(QSize(14, 14));
    QSizePolicy policy = button->sizePolicy();
    policy.setRetainSizeWhenHidden(true);
    button->setSizePolicy(policy);
    return button;
}

QToolButton* FormRow::addChip(const QString& text, const QString& toolTip)
{
    auto* chip = new QToolButton(this);
    chip->setText(text);
    chip->setToolTip(toolTip);
    chip->setIcon(studioIcon(QStringLiteral("link")));
    chip->setIconSize(QSize(12, 12));
    chip->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    chip->setAutoRaise(true);
    chip->setAccessibleName(tr("%1: %2").arg(m_texts.label, text));
    QFont font = chip->font();
    font.setPointSizeF(font.pointSizeF() * 0.9);
    chip->setFont(font);
    m_chips->insertWidget(m_chips->count() - 1, chip);
    return chip;
}

void FormRow::setRemark(const QString& text)
{
    if (text == m_remark->text() && m_remark->isHidden() == text.isEmpty()) return;
    m_remark->setText(text);
    m_remark->setVisible(!text.isEmpty());
}

void FormRow::setDimmed(bool dimmed)
{
    const auto role = dimmed ? QPalette::PlaceholderText : QPalette::WindowText;
    if (m_label->foregroundRole() != role) m_label->setForegroundRole(role);
}

QString FormRow::shown(const Json& value) const
{
    if (m_texts.secret) return value.is_null() ? tr("not set") : tr("a secret");
    return readable(value);
}

void FormRow::commit()
{
    m_committing = true;
    const Json value = m_editor->value();
    if (!(m_commit ? m_commit(value) : m_document->setValue(m_texts.key, value))) {
        m_document->setFieldProblem(m_editor, m_texts.key,
                                    tr("%1 does not take this value.").arg(m_texts.label));
    } else if (m_editor->problem().isEmpty()) {
        m_document->setFieldProblem(m_editor, m_texts.key, QString());
    }
    m_committing = false;
}

void FormRow::refreshValue()
{
    const Json value = m_document->value(m_texts.key);
    // What the user is typing in this very field is not touched while it does not parse.
    const bool typing = !m_editor->problem().isEmpty() && value == m_editor->value();
    if (!m_committing && !typing) m_editor->setValue(value);

    m_differsFromSaved = m_document->differsFromSaved(m_texts.key);
    m_differsFromDefault = m_document->differsFromDefault(m_texts.key);
    m_savedMarker->setVisible(m_differsFromSaved);
    // What every experiment has to name has no default worth going back to.
    const bool required =
        m_texts.key.endsWith(QLatin1String("].name")) || m_texts.key.endsWith(QLatin1String(".path")) ||
        m_texts.key.endsWith(QLatin1String(".type")) || m_texts.key.endsWith(QLatin1String("].data"));
    m_defaultMarker->setVisible(m_differsFromDefault && !required);
    if (m_differsFromSaved) {
        const QString text = tr("Differs from the saved value: %1. Click to go back to it.")
                                 .arg(shown(m_document->savedValue(m_texts.key)));
        m_savedMarker->setToolTip(text);
        m_savedMarker->setAccessibleName(tr("%1: back to saved").arg(m_texts.label));
    }
    if (m_differsFromDefault) {
        const QString text = tr("Differs from the default: %1. Click to go back to it.")
                                 .arg(shown(m_document->defaultValue(m_texts.key)));
        m_defaultMarker->setToolTip(text);
        m_defaultMarker->setAccessibleName(tr("%1: back to default").arg(m_texts.label));
    }
    QFont font = m_label->font();
    if (font.bold() != m_differsFromSaved) {
        font.setBold(m_differsFromSaved);
        m_label->setFont(font);
    }
}

void FormRow::refreshIssues(const ToldAt& toldAt)
{
    const std::vector<Issue> issues = m_document->issuesOf(m_texts.key);
    while (m_messages.size() < issues.size()) {
        auto* message = new MessageLabel(m_column);
        connect(message, &MessageLabel::fixWanted, m_document,
                [this](const Fix& fix) { m_document->apply(fix); });
        static_cast<QVBoxLayout*>(m_column->layout())
            ->insertWidget(1 + static_cast<int>(m_messages.size()), message);
        m_messages.push_back(message);
    }
    QStringList spoken;
    for (std::size_t i = 0; i < m_messages.size(); ++i) {
        if (i < issues.size()) {
            const FormRow* teller = toldAt ? toldAt(issues[i]) : this;
            if (!teller || teller == this) {
                m_messages[i]->present(issues[i]);
            } else if (issues[i].severity == Severity::Normalise) {
                m_messages[i]->clear(); // a note needs no pointer
            } else {
                m_messages[i]->present(issues[i].severity, tr("See “%1”.").arg(teller->texts().label));
            }
            spoken << QString::fromStdString(issues[i].message);
        } else if (!m_messages[i]->isHidden()) {
            m_messages[i]->clear();
        }
    }
    const QString description = spoken.isEmpty() ? m_texts.help : spoken.join(u' ');
    if (m_editor->control()->accessibleDescription() != description) {
        m_editor->control()->setAccessibleDescription(description);
    }
}

void FormRow::flash()
{
    auto* animation = new QVariantAnimation(this);
    animation->setDuration(1200);
    animation->setStartValue(1.0);
    animation->setEndValue(0.0);
    connect(animation, &QVariantAnimation::valueChanged, this, [this](const QVariant& value) {
        m_flash = value.toReal();
        update();
    });
    animation->start(QAbstractAnimation::DeleteWhenStopped);
}

void FormRow::paintEvent(QPaintEvent*)
{
    if (m_flash <= 0) return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor colour = palette().color(QPalette::Highlight);
    colour.setAlphaF(static_cast<float>(0.45 * m_flash));
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRoundedRect(rect().adjusted(1, 1, -1, -1), 5, 5);
}

void FormRow::contextMenuEvent(QContextMenuEvent* event)
{
    QMenu menu(this);
    const auto copy = [](const QString& text) { QApplication::clipboard()->setText(text); };
    const QString value = QString::fromStdString(m_document->value(m_texts.key).dump());
    auto* copyValue = menu.addAction(tr("Copy Value"));
    copyValue->setEnabled(!m_texts.secret);
    connect(copyValue, &QAction::triggered, this, [=] { copy(value); });
    auto* copyOption = menu.addAction(tr("Copy as --set %1=…").arg(m_texts.key));
    copyOption->setEnabled(!m_texts.secret);
    connect(copyOption, &QAction::triggered, this,
            [=, this] { copy(QStringLiteral("--set %1=%2").arg(m_texts.key, value)); });
    menu.addSeparator();
    auto* saved = menu.addAction(tr("Back to Saved Value"));
    saved->setEnabled(m_differsFromSaved);
    connect(saved, &QAction::triggered, m_savedMarker, &QToolButton::click);
    auto* standard = menu.addAction(tr("Back to Default"));
    standard->setEnabled(m_differsFromDefault);
    connect(standard, &QAction::triggered, m_defaultMarker, &QToolButton::click);
    menu.exec(event->globalPos());
}

bool FormRow::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusIn) Q_EMIT fieldFocused(m_texts.key);
    if (event->type() == QEvent::FocusOut) m_document->endTyping();
    return QWidget::eventFilter(watched, event);
}

} // namespace studio
