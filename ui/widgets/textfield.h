#pragma once

#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

class QLineEdit;

namespace studio {

/// One line of text. When null is allowed, the empty field is null.
class TextField : public FieldEditor
{
    Q_OBJECT

public:
    enum class Secret { No, Yes };

    explicit TextField(Secret secret = Secret::No, QWidget* parent = nullptr);

    void setNullable(bool nullable) { m_nullable = nullable; }
    void setPlaceholder(const QString& text);

    Json value() const override { return m_value; }
    void setValue(const Json& value) override;
    QWidget* control() const override;
    QLineEdit* lineEdit() const { return m_edit; }

private:
    void onTyped(const QString& text);

    QLineEdit* m_edit;
    Json m_value;
    bool m_nullable = false;
};

} // namespace studio
