#include "ui/widgets/wordsfield.h"

#include <QCheckBox>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

WordsField::WordsField(QWidget* parent) : FieldEditor(parent), m_column(new QVBoxLayout(this))
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(2);
}

void WordsField::setWords(const QStringList& words)
{
    for (const QString& word : words) {
        auto* box = new QCheckBox(word, this);
        m_column->addWidget(box);
        m_boxes.push_back(box);
        watch(box);
        connect(box, &QCheckBox::clicked, this, &WordsField::read);
    }
    if (!m_boxes.empty()) setFocusProxy(m_boxes.front());
}

void WordsField::setStandard(const Json& words)
{
    m_standard = words;
    if (m_value.is_null()) show(m_standard);
}

void WordsField::setValue(const Json& value)
{
    m_value = value;
    show(value.is_null() ? m_standard : value);
}

QWidget* WordsField::control() const
{
    if (m_boxes.empty()) return const_cast<WordsField*>(this);
    return m_boxes.front();
}

void WordsField::setNames(const QString& name, const QString& description)
{
    for (QCheckBox* box : m_boxes) {
        box->setAccessibleName(name + QStringLiteral(": ") + box->text());
        box->setAccessibleDescription(description);
    }
}

void WordsField::show(const Json& words)
{
    for (QCheckBox* box : m_boxes) {
        const std::string word = box->text().toStdString();
        box->setChecked(words.is_array() && std::find(words.begin(), words.end(), Json(word)) != words.end());
    }
}

void WordsField::read()
{
    Json words = Json::array();
    for (QCheckBox* box : m_boxes) {
        if (box->isChecked()) words.push_back(box->text().toStdString());
    }
    m_value = words;
    Q_EMIT edited();
}

} // namespace studio
