#pragma once

#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

#include <optional>

class QLabel;

namespace studio {

class NumberBox;

/// A number that is never rounded or clamped: 5e-05 stays 5e-05. Arrow keys, the buttons and Ctrl+wheel step
/// (1-2-5 on a log scale, else by the last digit), within the range; typing is free and judged by the rules.
class NumberField : public FieldEditor
{
    Q_OBJECT

public:
    enum class Kind {
        Whole,       ///< 64-bit integer
        Real,        ///< stored as floating point
        WholeOrReal, ///< a count stays an integer, a fraction a floating-point number
    };

    explicit NumberField(Kind kind, QWidget* parent = nullptr);

    void setNullable(bool nullable);
    void setRange(std::optional<double> minimum, std::optional<double> maximum);
    void setLogScale(bool log);
    /// Text after the field ("steps", "MB"); a label of its own, so that it never mixes with what is typed.
    void setUnit(const QString& unit);
    /// Shown in the empty field.
    void setPlaceholder(const QString& text);

    Json value() const override { return m_value; }
    void setValue(const Json& value) override;
    QWidget* control() const override;

    QString text() const;
    /// As if typed.
    void setText(const QString& text);

private:
    friend class NumberBox;
    void onTyped(const QString& text);
    void normaliseText();
    void step(int steps);
    Json parsed(const QString& text, QString* problem) const;
    QString textOf(const Json& value) const;

    Kind m_kind;
    NumberBox* m_box;
    QLabel* m_unit;
    Json m_value;
    bool m_nullable = false;
    bool m_log = false;
    std::optional<double> m_minimum;
    std::optional<double> m_maximum;
};

} // namespace studio
