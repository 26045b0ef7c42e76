#pragma once

#include "ui/widgets/choicefield.h"

class QListWidget;
class QToolButton;

namespace studio {

/// A list of words: edited in place, added (typed, or from the known ones with their meaning), removed,
/// moved.
class ListField : public FieldEditor
{
    Q_OBJECT

public:
    explicit ListField(QWidget* parent = nullptr);

    /// Known words, offered by the Add button; others may still be typed.
    void setChoices(const std::vector<ChoiceItem>& choices);
    /// Null is allowed: the button "Not set" makes it so. `label` says what happens then.
    void setNullable(const QString& label);

    Json value() const override { return m_value; }
    void setValue(const Json& value) override;
    QWidget* control() const override;

    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void add(const QString& word, bool edit);
    void removeSelected();
    void move(int by);
    void read();
    void showState();

    QListWidget* m_list;
    QToolButton* m_add;
    QToolButton* m_remove;
    QToolButton* m_up;
    QToolButton* m_down;
    QToolButton* m_unset;
    Json m_value;
};

} // namespace studio
