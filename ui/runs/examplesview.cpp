#include "ui/runs/examplesview.h"

#include "core/embeddings/examplescores.h"
#include "data/dataset.h"
#include "session/embeddingworker.h"
#include "session/modelsofrun.h"
#include "ui/runs/comparison.h"

#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace studio {
namespace {

constexpr std::int64_t kMostRows = 2000;
constexpr std::size_t kListed = 20; ///< at each end

QString number(double value, int decimals = 3)
{
    return QLocale().toString(value, 'f', decimals);
}

} // namespace

ExamplesView::ExamplesView(QWidget* parent)
    : QWidget(parent), m_worker(new EmbeddingWorker(this)), m_button(new QPushButton(tr("Compare Examples"), this)),
      m_text(new QLabel(this)), m_table(new QTableWidget(this))
{
    m_button->setObjectName(QStringLiteral("compareExamples"));
    m_text->setObjectName(QStringLiteral("examplesText"));
    m_text->setWordWrap(true);
    m_table->setObjectName(QStringLiteral("examples"));
    m_table->setAccessibleName(tr("Examples won and lost"));
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setTabKeyNavigation(false);
    m_table->verticalHeader()->hide();
    auto* column = new QVBoxLayout(this);
    column->addWidget(m_text);
    column->addWidget(m_button, 0, Qt::AlignLeft);
    column->addWidget(m_table, 1);
    connect(m_button, &QPushButton::clicked, this, &ExamplesView::compare);
    connect(m_worker, &EmbeddingWorker::embedded, this, &ExamplesView::take);
    connect(m_worker, &EmbeddingWorker::failed, this, [this](quint64, const QString& why) { m_text->setText(why); });
    connect(m_worker, &EmbeddingWorker::progressed, this, [this](quint64 number, qint64 done, qint64 total) {
        m_text->setText(tr("Embedding with %1: %2 of %3 texts…")
                            .arg(m_names[number == m_numbers[0] ? 0 : 1], QLocale().toString(done), QLocale().toString(total)));
    });
    setRuns({});
}

void ExamplesView::setBlocked(const QString& reason)
{
    m_blocked = reason;
    m_button->setToolTip(reason);
}

void ExamplesView::setRuns(const std::vector<ComparedRun>& runs)
{
    m_worker->cancel();
    m_result.reset();
    m_data.reset();
    m_table->setRowCount(0);
    for (QString& folder : m_folders)
        folder.clear();
    if (!runs.empty()) {
        const auto first = modelsOfRun(runs.front().data);
        if (runs.size() == 1 && first.size() > 1) {
            for (int side = 0; side < 2; ++side)
                std::tie(m_names[side], m_folders[side]) = side == 0 ? first.front() : first.back();
        } else if (runs.size() > 1) {
            const auto second = modelsOfRun(runs[1].data);
            if (first.size() > 1) m_folders[0] = first.back().second;
            if (second.size() > 1) m_folders[1] = second.back().second;
            m_names[0] = runs[0].name;
            m_names[1] = runs[1].name;
        }
        if (const auto loaded = parseExperiment(runs.front().data.experimentJson, "experiment.json")) {
            const auto all = absolutePaths(loaded->experiment, runs.front().data.summary.folder);
            if (!all.eval.empty()) m_data = all.eval.front();
        }
    }
    const bool possible = !m_folders[0].isEmpty() && !m_folders[1].isEmpty() && m_data;
    m_button->setEnabled(possible);
    m_text->setText(runs.empty() ? tr("Choose a run, or two.")
                    : !possible  ? tr("An evaluation set and two models are needed: the base and the final model of one run, or "
                                       "the final models of two.")
                                 : tr("Compares %1 with %2 on each row of “%3”.")
                                      .arg(m_names[0], m_names[1], QString::fromStdString(m_data->name)));
}

void ExamplesView::compare()
{
    if (!m_blocked.isEmpty()) {
        m_text->setText(m_blocked);
        return;
    }
    if (!m_data || m_folders[0].isEmpty()) return;
    const auto data = openDataset(*m_data);
    if (!data || data->inputs().size() < 2) {
        m_text->setText(data ? tr("The evaluation set has no two columns of texts.") : QString::fromStdString(data.error().text()));
        return;
    }
    const std::int64_t rows = std::min(data->rows(), kMostRows);
    m_texts.clear();
    m_grades.clear();
    for (const int input : {0, 1})
        for (std::int64_t row = 0; row < rows; ++row)
            m_texts.emplace_back(data->text(input, row));
    if (data->hasLabel() && data->labelKind() != ColumnKind::List)
        for (std::int64_t row = 0; row < rows; ++row)
            m_grades.push_back(data->label(row));
    for (int side = 0; side < 2; ++side) {
        m_scores[side].clear();
        m_numbers[side] = m_worker->embed(m_folders[side], m_texts);
    }
}

void ExamplesView::take(quint64 number, const std::shared_ptr<const Embeddings>& vectors)
{
    const int side = number == m_numbers[0] ? 0 : 1;
    if (number != m_numbers[side]) return;
    const auto dim = static_cast<std::size_t>(vectors->dim);
    const auto all = std::span<const float>(vectors->values);
    const auto first = all.subspan(0, all.size() / 2), second = all.subspan(all.size() / 2);
    m_similarities[side] = rowSimilarities(first, second, dim);
    m_scores[side] = m_grades.empty() ? reciprocalRanks(first, second, dim) : gradedScores(m_similarities[side], m_grades);
    if (!m_scores[0].empty() && !m_scores[1].empty()) show();
}

void ExamplesView::show()
{
    m_result = comparePaired(m_scores[0], m_scores[1]);
    const PairedComparison& found = *m_result;
    const QString what = m_grades.empty() ? tr("reciprocal rank of the right text") : tr("agreement with the grade, 0 to 1");
    const QString verdict = found.low > 0    ? tr("%1 is better; this is hardly luck.").arg(m_names[1])
                            : found.high < 0 ? tr("%1 is worse; this is hardly luck.").arg(m_names[1])
                                             : tr("The difference may be luck.");
    m_text->setText(tr("<b>%1 wins, %2 ties, %3 losses</b> of %4 against %5. Mean difference (%6): %7, 95 % interval %8 to %9 "
                       "(paired bootstrap, 2,000 resamples).")
                        .arg(found.wins)
                        .arg(found.ties)
                        .arg(found.losses)
                        .arg(m_names[1], m_names[0], what, number(found.meanDifference, 4), number(found.low, 4),
                             number(found.high, 4)) +
                    u' ' + verdict);
    const std::size_t rows = m_scores[0].size();
    std::vector<std::size_t> order(rows);
    std::iota(order.begin(), order.end(), std::size_t(0));
    const auto gain = [&](std::size_t row) { return m_scores[1][row] - m_scores[0][row]; };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return gain(a) < gain(b); });
    std::vector<std::size_t> listed; // the worst losses first, then the best wins
    for (std::size_t i = 0; i < std::min(kListed, rows) && gain(order[i]) < 0; ++i)
        listed.push_back(order[i]);
    for (std::size_t i = 0; i < std::min(kListed, rows) && gain(order[rows - 1 - i]) > 0; ++i)
        listed.push_back(order[rows - 1 - i]);
    m_table->clear();
    m_table->setColumnCount(6);
    m_table->setHorizontalHeaderLabels({tr("Change"), m_names[0], m_names[1], tr("Grade"), tr("First text"), tr("Second text")});
    m_table->setRowCount(static_cast<int>(listed.size()));
    for (int i = 0; i < m_table->rowCount(); ++i) {
        const std::size_t row = listed[static_cast<std::size_t>(i)];
        const QStringList cells{(gain(row) < 0 ? tr("lost %1") : tr("won %1")).arg(number(std::abs(gain(row)))),
                                number(m_similarities[0][row]), number(m_similarities[1][row]),
                                m_grades.empty() ? QString() : QLocale().toString(m_grades[row], 'g', 3),
                                QString::fromStdString(m_texts[row]), QString::fromStdString(m_texts[rows + row])};
        for (int column = 0; column < cells.size(); ++column) {
            auto* item = new QTableWidgetItem(cells[column]);
            item->setToolTip(cells[column]);
            m_table->setItem(i, column, item);
        }
    }
    for (int column = 0; column < 4; ++column)
        m_table->resizeColumnToContents(column);
    for (const int column : {4, 5})
        m_table->horizontalHeader()->setSectionResizeMode(column, QHeaderView::Stretch);
}

} // namespace studio
