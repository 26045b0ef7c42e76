#pragma once

#include "core/engine_api.h"
#include "core/experiment/experiment.h"
#include "core/statistics/pairedcomparison.h"

#include <QWidget>

#include <memory>
#include <optional>
#include <string>
#include <vector>

class QLabel;
class QPushButton;
class QTableWidget;

namespace studio {

class EmbeddingWorker;
struct ComparedRun;

/// Which examples of the evaluation set one model gets right and another does not: the base model against the final one
/// of one run, or the final models of two runs; with wins, ties, losses and a paired bootstrap.
class ExamplesView : public QWidget
{
    Q_OBJECT

public:
    explicit ExamplesView(QWidget* parent = nullptr);

    void setRuns(const std::vector<ComparedRun>& runs);
    void setBlocked(const QString& reason);
    /// Embeds and compares in a worker.
    void compare();
    const std::optional<PairedComparison>& result() const { return m_result; }

private:
    void take(quint64 number, const std::shared_ptr<const Embeddings>& vectors);
    void show();

    EmbeddingWorker* m_worker;
    QString m_names[2], m_folders[2];
    std::optional<DataSpec> m_data;
    QString m_blocked;
    std::vector<std::string> m_texts; ///< first texts of all rows, then second texts
    std::vector<double> m_grades;
    quint64 m_numbers[2] = {0, 0};
    std::vector<double> m_similarities[2], m_scores[2];
    std::optional<PairedComparison> m_result;
    QPushButton* m_button;
    QLabel* m_text;
    QTableWidget* m_table;
};

} // namespace studio
