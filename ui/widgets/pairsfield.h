#pragma once

#include "ui/widgets/rowtable.h"

#include <nlohmann/json.hpp>

#include <vector>

class QMenu;

namespace studio {

/// A key that an object is known to take, with the value that a new row starts from (text as in the cell) and
/// what it means.
struct KnownPair
{
    QString key;
    QString value;
    QString sentence;
};

/// Keys and values as a table: an object whose values are JSON or bare words, or a text of "key=value" parts.
/// Known keys are offered with a sentence each.
class PairsField : public RowTable
{
    Q_OBJECT

public:
    enum class Form {
        Object, ///< {"num_cycles": 2}
        Text    ///< "rank=64,update_proj_gap=100"
    };

    PairsField(Form form, const QString& keyHeader, const QString& valueHeader, QWidget* parent = nullptr);

    /// What an empty table stands for.
    void setEmptyValue(const Json& value) { m_empty = value; }
    void setKnown(const std::vector<KnownPair>& known);
    const std::vector<KnownPair>& known() const { return m_known; }

    Json value() const override { return m_value; }
    void setValue(const Json& value) override;

protected:
    void read() override;

private:
    Json parsed(QString* problem) const;

    Form m_form;
    Json m_value;
    Json m_empty;
    std::vector<KnownPair> m_known;
    QMenu* m_menu = nullptr;
};

} // namespace studio
