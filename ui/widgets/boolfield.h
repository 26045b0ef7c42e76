#pragma once

#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

class QCheckBox;
class QComboBox;

namespace studio {

/// On or off: a check box; with null as a third state, a box with three named entries (a greyed check mark
/// would not say what "not set" means).
class BoolField : public FieldEditor
{
    Q_OBJECT

public:
    /// `nullLabel`: what not setting it means ("Automatic"); empty: two states only.
    explicit BoolField(const QString& nullLabel = QString(), QWidget* parent = nullptr);

    Json value() const override;
    void setValue(const Json& value) override;
    QWidget* control() const override;

private:
    void showState();

    QCheckBox* m_check = nullptr;
    QComboBox* m_box = nullptr;
};

} // namespace studio
