#pragma once

#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

#include <QString>

#include <vector>

class QComboBox;
class QLabel;

namespace studio {

/// One choice of an enumeration.
struct ChoiceItem
{
    QString value;    ///< as in the file
    QString label;    ///< as on the screen; empty: the value
    QString sentence; ///< what choosing it means
};

/// One of several named values. The list explains each choice in a sentence, and the present choice's
/// sentence stands under the box. A value from a file that is not in the list is shown, kept and named as
/// unknown.
class ChoiceField : public FieldEditor
{
    Q_OBJECT

public:
    explicit ChoiceField(QWidget* parent = nullptr);

    void setChoices(const std::vector<ChoiceItem>& choices);
    /// Adds a first entry that stands for null; `label` says what happens then.
    void setNullable(const QString& label);
    /// Greys an entry out, with the reason as its sentence (losses that do not fit the data).
    void setChoiceEnabled(const QString& value, bool enabled, const QString& reason);

    Json value() const override;
    void setValue(const Json& value) override;
    QWidget* control() const override;

private:
    void onActivated();
    void showSentence();
    int indexOf(const Json& value) const;

    QComboBox* m_box;
    QLabel* m_sentence;
};

} // namespace studio
