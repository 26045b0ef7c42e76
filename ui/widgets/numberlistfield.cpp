#include "ui/widgets/numberlistfield.h"

#include "ui/widgets/numbertext.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QRegularExpression>

namespace studio {

NumberListField::NumberListField(bool whole, QWidget* parent)
    : FieldEditor(parent), m_edit(new QLineEdit(this)), m_whole(whole)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_edit);
    m_edit->setMaximumWidth(fontMetrics().averageCharWidth() * 48);
    row->addStretch(1);
    setFocusProxy(m_edit);
    watch(m_edit);
    connect(m_edit, &QLineEdit::textEdited, this, &NumberListField::onTyped);
}

void NumberListField::setPlaceholder(const QString& text)
{
    m_edit->setPlaceholderText(text);
}

Json NumberListField::parsed(const QString& text, QString* problem) const
{
    static const QRegularExpression blanks(QStringLiteral("[\\s;]+"));
    static const QRegularExpression commas(QStringLiteral("[\\s;,]+"));
    const QStringList words = text.split(m_whole ? commas : blanks, Qt::SkipEmptyParts);
    if (words.isEmpty()) return Json();
    Json list = Json::array();
    for (const QString& word : words) {
        if (m_whole) {
            const auto number = wholeNumberFromText(word);
            if (!number) {
                *problem =
                    tr("“%1” is not a whole number. Type numbers with blanks between, such as 256 128 64.")
                        .arg(word);
                return Json();
            }
            list.push_back(*number);
        } else {
            const auto number = numberFromText(word);
            if (!number) {
                *problem =
                    tr("“%1” is not a number. Type numbers with blanks between, such as 0.5 0.25.").arg(word);
                return Json();
            }
            list.push_back(*number);
        }
    }
    return list;
}

void NumberListField::setValue(const Json& value)
{
    m_value = value;
    QString problem;
    const Json now = parsed(m_edit->text(), &problem);
    if (!problem.isEmpty() || now != value) {
        QStringList words;
        if (value.is_array()) {
            for (const Json& item : value) {
                words << (item.is_number_integer() ? numberToText(item.get<std::int64_t>())
                          : item.is_number()       ? numberToText(item.get<double>())
                                                   : QString::fromStdString(item.dump()));
            }
        }
        m_edit->setText(words.join(u' '));
    }
    setProblem(QString());
}

QWidget* NumberListField::control() const
{
    return m_edit;
}

void NumberListField::onTyped(const QString& text)
{
    QString problem;
    const Json list = parsed(text, &problem);
    setProblem(problem);
    if (!problem.isEmpty() || list == m_value) return;
    m_value = list;
    Q_EMIT edited();
}

} // namespace studio
