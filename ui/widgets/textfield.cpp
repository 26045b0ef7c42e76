#include "ui/widgets/textfield.h"

#include <QHBoxLayout>
#include <QLineEdit>

namespace studio {

TextField::TextField(Secret secret, QWidget* parent)
    : FieldEditor(parent), m_edit(new QLineEdit(this)), m_value("")
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_edit);
    if (secret == Secret::Yes) {
        // Never readable again, not even for the one who typed it; kept in memory only.
        m_edit->setEchoMode(QLineEdit::Password);
        m_edit->setPlaceholderText(tr("not set; never saved in files"));
    }
    setFocusProxy(m_edit);
    watch(m_edit);
    connect(m_edit, &QLineEdit::textEdited, this, &TextField::onTyped);
}

void TextField::setPlaceholder(const QString& text)
{
    m_edit->setPlaceholderText(text);
}

void TextField::setValue(const Json& value)
{
    m_value = value;
    const QString text = value.is_string() ? QString::fromStdString(value.get<std::string>())
                         : value.is_null() ? QString()
                                           : QString::fromStdString(value.dump());
    if (text != m_edit->text()) {
        m_edit->setText(text);
        m_edit->setCursorPosition(0); // a long text shows its beginning
    }
    setProblem(QString());
}

QWidget* TextField::control() const
{
    return m_edit;
}

void TextField::onTyped(const QString& text)
{
    m_value = text.isEmpty() && m_nullable ? Json() : Json(text.toStdString());
    Q_EMIT edited();
}

} // namespace studio
