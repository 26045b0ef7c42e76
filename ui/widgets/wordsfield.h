#pragma once

#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

#include <QStringList>

#include <vector>

class QCheckBox;
class QVBoxLayout;

namespace studio {

/// Several out of a few known words, as check boxes. As long as nothing is set, the standard choice is shown
/// ticked.
class WordsField : public FieldEditor
{
    Q_OBJECT

public:
    explicit WordsField(QWidget* parent = nullptr);

    void setWords(const QStringList& words);
    /// What null stands for.
    void setStandard(const Json& words);

    Json value() const override { return m_value; }
    void setValue(const Json& value) override;
    QWidget* control() const override;
    void setNames(const QString& name, const QString& description) override;

private:
    void show(const Json& words);
    void read();

    std::vector<QCheckBox*> m_boxes;
    QVBoxLayout* m_column;
    Json m_value;
    Json m_standard;
};

} // namespace studio
