#include "ui/app/noticebar.h"

#include "ui/widgets/icons.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

namespace studio {

NoticeBar::NoticeBar(QWidget* parent)
    : QWidget(parent), m_icon(new QLabel(this)), m_text(new QLabel(this)), m_buttons(new QHBoxLayout)
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::AlternateBase);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 6, 8, 6);
    row->addWidget(m_icon);
    row->addWidget(m_text, 1);
    row->addLayout(m_buttons);
    auto* close = new QToolButton(this);
    close->setIcon(studioIcon(QStringLiteral("close")));
    close->setAutoRaise(true);
    close->setAccessibleName(tr("Dismiss the notice"));
    close->setToolTip(tr("Dismiss"));
    connect(close, &QToolButton::clicked, this, &NoticeBar::dismiss);
    row->addWidget(close);
    m_text->setWordWrap(true);
    hide();
}

void NoticeBar::showNotice(const QString& text, const QList<Choice>& choices)
{
    m_icon->setPixmap(studioIcon(QStringLiteral("info"), accentColour(palette()))
                          .pixmap(QSize(16, 16), devicePixelRatioF()));
    m_text->setText(text);
    while (QLayoutItem* item = m_buttons->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    for (const Choice& choice : choices) {
        auto* button = new QPushButton(choice.text, this);
        button->setAccessibleName(choice.text);
        connect(button, &QPushButton::clicked, this, [this, action = choice.action] {
            dismiss();
            action();
        });
        m_buttons->addWidget(button);
    }
    show();
}

void NoticeBar::dismiss()
{
    hide();
}

QString NoticeBar::text() const
{
    return isHidden() ? QString() : m_text->text();
}

} // namespace studio
