#pragma once

#include "core/experiment/experiment.h"

#include <QDialog>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QTreeWidget;

namespace studio {

class PresetLibrary;

/// Asks what a new preset is called and which values it keeps. The name is checked while it is typed.
class PresetNameDialog : public QDialog
{
    Q_OBJECT

public:
    PresetNameDialog(const PresetLibrary& library, const Experiment& experiment, QWidget* parent = nullptr);

    QString name() const;
    QString notes() const;
    /// What the preset holds: the ticked values.
    Experiment contents() const;
    QLineEdit* nameEdit() const { return m_name; }
    QPushButton* saveButton() const { return m_save; }
    QTreeWidget* values() const { return m_values; }

private:
    void checkName();

    const PresetLibrary& m_library;
    const Experiment& m_experiment;
    QLineEdit* m_name;
    QLineEdit* m_notes;
    QLabel* m_remark;
    QTreeWidget* m_values;
    QCheckBox* m_losses;
    QPushButton* m_save;
};

} // namespace studio
