#pragma once

#include "core/experiment/experiment.h"
#include "core/result.h"
#include "ui/designer/experimentdiff.h"

#include <QDialog>

#include <functional>
#include <optional>
#include <vector>

class QComboBox;
class QLabel;
class QPushButton;
class QTreeWidget;

namespace studio {

class ExperimentDocument;

/// Something to compare: the defaults, the present form, the saved file, a preset, a run. Read when it is
/// chosen.
struct CompareSource
{
    QString group; ///< "Presets", empty for those above all groups
    QString name;
    std::function<Result<Experiment>()> load;
    bool current = false; ///< the form itself
};

/// Any two sources side by side, and the form as the third: only what differs. Ticked values can be taken
/// into the form in one undo step.
class CompareDialog : public QDialog
{
    Q_OBJECT

public:
    CompareDialog(ExperimentDocument* document, std::vector<CompareSource> sources,
                  QWidget* parent = nullptr);

    void choose(int left, int right);
    const std::vector<SettingDifference>& differences() const { return m_differences; }
    QTreeWidget* tree() const { return m_tree; }
    /// Takes the ticked values of that side into the form.
    void take(bool fromLeft);

private:
    void fill();
    std::optional<Experiment> load(int index);

    ExperimentDocument* m_document;
    std::vector<CompareSource> m_sources;
    QComboBox* m_left;
    QComboBox* m_right;
    QTreeWidget* m_tree;
    QLabel* m_summary;
    QPushButton* m_takeLeft;
    QPushButton* m_takeRight;
    std::vector<SettingDifference> m_differences;
    QString m_problem;
};

/// Defaults, form, saved file, then the presets and runs found in these places.
std::vector<CompareSource> compareSources(ExperimentDocument* document, const QString& shippedPresets,
                                          const QStringList& runFolders);

} // namespace studio
