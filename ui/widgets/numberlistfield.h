#pragma once

#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

class QLineEdit;

namespace studio {

/// Numbers in one line, separated by blanks or semicolons ("768 512 256"); the empty field is null. A comma
/// separates whole numbers, and is the decimal sign otherwise.
class NumberListField : public FieldEditor
{
    Q_OBJECT

public:
    explicit NumberListField(bool whole, QWidget* parent = nullptr);

    void setPlaceholder(const QString& text);
    Json value() const override { return m_value; }
    void setValue(const Json& value) override;
    QWidget* control() const override;

private:
    void onTyped(const QString& text);
    Json parsed(const QString& text, QString* problem) const;

    QLineEdit* m_edit;
    Json m_value;
    bool m_whole;
};

} // namespace studio
