#include "ui/designer/runfacts.h"

#include "core/experiment/experiment.h"
#include "ui/designer/datafacts.h"
#include "ui/designer/modelfacts.h"
#include "ui/designer/rowcounts.h"

#include <QDir>
#include <QFileInfo>

#include <filesystem>

namespace fs = std::filesystem;

namespace studio {

namespace {

bool isLabel(const std::string& role)
{
    return role == "label" || role == "labels" || role == "score" || role == "scores";
}

/// Whether somebody is logged in to the hub: a token is in the environment or in the hub's own file. It is
/// not read.
bool hubLoggedIn()
{
    if (qEnvironmentVariableIsSet("HF_TOKEN")) return true;
    QString home = qEnvironmentVariable("HF_HOME");
    if (home.isEmpty()) home = QDir::homePath() + QStringLiteral("/.cache/huggingface");
    return QFileInfo::exists(home + QStringLiteral("/token"));
}

} // namespace

RunFacts::RunFacts(QObject* parent)
    : QObject(parent), m_counts(new RowCounts(this)), m_data(new DataFacts(this))
{
    connect(m_data, &DataFacts::found, this, &RunFacts::changed);
    connect(m_counts, &RowCounts::counted, this, &RunFacts::changed);
}

std::optional<std::int64_t> RunFacts::rows(const Experiment& experiment)
{
    if (experiment.train.empty()) return std::nullopt;
    std::int64_t all = 0;
    bool known = true;
    for (const DataSpec& set : experiment.train) {
        const auto found = m_counts->rows(set);
        known = known && found; // no early end: every set is to be counted
        all += found.value_or(0);
    }
    return known ? std::optional(all) : std::nullopt;
}

std::optional<Result<RunPlan>> RunFacts::plan(const Experiment& experiment)
{
    if (!rows(experiment)) return std::nullopt;
    const TrainingArguments& arguments = experiment.arguments;
    std::vector<std::int64_t> batches;
    for (const DataSpec& set : experiment.train) {
        batches.push_back(announcedBatches(m_counts->rows(set).value_or(0), arguments.perDeviceTrainBatchSize,
                                           arguments.dataloaderDropLast));
    }
    return planRun(arguments, announcedBatches(batches, arguments.multiDatasetBatchSampler));
}

std::int64_t RunFacts::checkpointBytes(const Experiment& experiment)
{
    const QString folder = QString::fromStdString(experiment.model.path);
    if (folder != m_modelFolder || m_weightBytes == 0) {
        m_modelFolder = folder;
        m_weightBytes = readModelFacts(folder).weightBytes;
    }
    // The weights and, unless only the model is saved, two moments of the same size.
    return m_weightBytes * (experiment.arguments.saveOnlyModel ? 1 : 3);
}

void RunFacts::describe(const Experiment& experiment, int index, LintDataSet& set)
{
    const DataQuestion question = m_data->question(experiment, QStringLiteral("train"), index);
    const auto truth = m_data->find(question);
    if (!truth) {
        if (DataFacts::isQuick(question)) m_data->request(question);
        return;
    }
    if (!truth->problem.empty()) return;
    const DataStatistics& found = truth->statistics;
    if (found.hasLabel && found.label.kind != ColumnKind::List) {
        set.minLabel = found.label.min;
        set.maxLabel = found.label.max;
        set.classes = found.label.distinct;
    }
    set.collisionChance = truth->collisionChance;
    const int limit = experiment.model.maxSeqLength.value_or(m_data->modelLimit(experiment));
    if (truth->tokens.counted > 0 && limit > 0) set.truncatedShare = truth->tokens.truncatedShare(limit);
    if (truth->shared.empty()) return;
    std::int64_t rows = 0, evalRows = 0;
    for (const SharedRows& shared : truth->shared) {
        rows += shared.overlap.rows;
        evalRows += shared.evalRows;
    }
    set.rowsInEval = rows;
    set.evalRows = evalRows;
}

LintFacts RunFacts::lintFacts(const Experiment& experiment)
{
    LintFacts facts;
    if (const auto found = plan(experiment); found && *found) facts.plan = **found;
    for (const DataSpec& set : experiment.train) {
        LintDataSet one;
        one.name = set.name;
        if (set.loss) one.loss = set.loss->type;
        for (const auto& [role, column] : set.columns) {
            if (!isLabel(role)) one.columns.push_back(role);
        }
        one.rows = m_counts->rows(set);
        describe(experiment, static_cast<int>(facts.train.size()), one);
        facts.train.push_back(std::move(one));
    }
    if (const auto bytes = checkpointBytes(experiment); bytes > 0) {
        facts.checkpointBytes = static_cast<std::uint64_t>(bytes);
    }
    if (experiment.arguments.pushToHub) facts.hubLogin = hubLoggedIn();
    if (experiment.arguments.outputDir) {
        fs::path folder = *experiment.arguments.outputDir;
        std::error_code failed;
        if (fs::is_directory(folder, failed)) facts.outputNotEmpty = !fs::is_empty(folder, failed);
        while (!folder.empty() && folder.has_relative_path() && !fs::exists(folder, failed))
            folder = folder.parent_path();
        const auto space = fs::space(folder, failed);
        if (!failed) facts.freeBytes = space.available;
    }
    return facts;
}

} // namespace studio
