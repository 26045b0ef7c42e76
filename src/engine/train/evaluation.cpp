#include "engine/train/evaluation.h"

#include "core/runcontrol.h"
#include "engine/eval/embeddingquality.h"
#include "engine/model/parameterstore.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/embeddingrecords.h"
#include "engine/train/evaldata.h"
#include "engine/train/evalembed.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace studio {
namespace {

using Clock = std::chrono::steady_clock;

double rounded(double value, double digits)
{
    return std::round(value * digits) / digits;
}

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Error stopped()
{
    return {ErrorCode::Busy, "The evaluation was stopped.", {}};
}

/// Mean of the batch losses weighted by rows: what eval_loss is for batches of equal size, and what it should
/// be for others (docs/differences.md).
Result<double> meanLoss(RunParts& parts, const EvalLossSet& set, const RunControl& control)
{
    const auto& arguments = parts.experiment.arguments;
    SamplerOptions options;
    options.kind = arguments.batchSampler;
    options.batchSize = arguments.perDeviceEvalBatchSize;
    options.dropLast = arguments.dataloaderDropLast;
    options.seed = arguments.seed;
    options.dataSeed = arguments.dataSeed;
    auto sampler = makeBatchSampler({set.dataset}, options);
    if (!sampler) return sampler.error();
    BatchLoader loader({{set.dataset, set.prompts, set.loss->needsTexts()}}, *parts.model, **sampler,
                       Prefetch::of(arguments));
    loader.startEpoch(0, 0, (*sampler)->announcedBatches());

    const at::NoGradGuard noGrad;
    double sum = 0, rows = 0;
    while (const auto loaded = loader.next()) {
        if (control.stopRequested()) return stopped();
        LossBatch batch;
        batch.pack = loaded->pack;
        batch.columns = static_cast<int>(set.dataset->inputs().size());
        batch.rows = static_cast<std::int64_t>(loaded->rows.size());
        batch.labels = labelTensor(*loaded, *set.dataset, parts.model->store().device());
        batch.texts = &loaded->texts;
        auto loss = set.loss->run(*parts.embedding, batch);
        if (!loss) return loss.error();
        sum += loss->item<double>() * static_cast<double>(batch.rows);
        rows += static_cast<double>(batch.rows);
    }
    return rows > 0 ? sum / rows : std::nan("");
}

/// What one evaluation measures.
struct Measured
{
    std::string prefix; ///< "eval_"
    const std::vector<EvalLossSet>& losses;
    Evaluator* evaluator;
    EmbeddingRecords* records; ///< null: nothing but metrics
};

Result<MetricList> measure(RunParts& parts, const Measured& what, const std::filesystem::path& outputDir,
                           std::int64_t step, double epoch, const RunControl& control)
{
    MetricList metrics;
    const auto start = Clock::now();
    double samples = 0, batches = 0;
    for (const auto& set : what.losses) {
        auto loss = meanLoss(parts, set, control);
        if (!loss) return loss.error();
        const auto prefix = what.losses.size() == 1 ? what.prefix : what.prefix + set.dataset->name() + "_";
        metrics.emplace_back(prefix + "loss", *loss);
        samples += static_cast<double>(set.dataset->rows());
        batches += std::ceil(static_cast<double>(set.dataset->rows()) /
                             static_cast<double>(parts.experiment.arguments.perDeviceEvalBatchSize));
    }

    EvalContext context;
    context.embed = makeEvalEmbed(
        *parts.model, [&control](std::int64_t, std::int64_t) { return !control.stopRequested(); });
    const auto embed = context.embed;
    if (what.records) context.embed = what.records->listening(embed);
    if (what.evaluator) {
        context.similarity = parts.model->similarityName();
        context.epoch = epoch;
        context.step = step;
        context.csvFolder = outputDir / "eval";
        context.stopRequested = [&control] { return control.stopRequested(); };
        context.loadModel = openFrozenModel;
        context.classify = classifierOf(parts.losses);
        auto values = what.evaluator->evaluate(context);
        if (control.stopRequested()) return stopped();
        if (!values) return values.error();
        for (const auto& [key, value] : *values)
            metrics.emplace_back(key.starts_with(what.prefix) ? key : what.prefix + key, value);
    }
    if (what.records) {
        auto records = what.records->collect(embed);
        if (control.stopRequested()) return stopped();
        if (!records) return records.error();
        parts.quality = std::move(*records);
    }

    const double seconds = secondsSince(start);
    metrics.emplace_back(what.prefix + "runtime", rounded(seconds, 1e4));
    metrics.emplace_back(what.prefix + "samples_per_second", rounded(samples / seconds, 1e3));
    metrics.emplace_back(what.prefix + "steps_per_second", rounded(batches / seconds, 1e3));
    return metrics;
}

} // namespace

std::optional<double> chanceLoss(const Loss& loss, std::int64_t rows, std::size_t columns)
{
    const std::string name = loss.name();
    if (name != "MultipleNegativesRankingLoss" && name != "CachedMultipleNegativesRankingLoss") return {};
    if (loss.configDict().value("directions", Json::array({"query_to_doc"})) != Json::array({"query_to_doc"}))
        return {};
    return chanceLossOfRanking(rows, static_cast<std::int64_t>(columns));
}

Result<MetricList> evaluateRun(RunParts& parts, const std::filesystem::path& outputDir, std::int64_t step,
                               double epoch, const RunControl& control)
{
    EmbeddingRecords records(parts.eval, parts.experiment.evaluators);
    auto metrics = measure(parts, {"eval_", parts.evalLosses, parts.evaluator.get(), &records}, outputDir,
                           step, epoch, control);
    if (!metrics) return metrics;
    for (auto& record : parts.quality)
        for (const auto& set : parts.evalLosses) {
            if (set.dataset->name() != record.set) continue;
            const auto rows = std::min<std::int64_t>(parts.experiment.arguments.perDeviceEvalBatchSize,
                                                     set.dataset->rows());
            if (const auto chance = chanceLoss(*set.loss, rows, set.dataset->inputs().size()))
                record.values.emplace_back("chance_loss", *chance);
        }
    return metrics;
}

Result<MetricList> testRun(RunParts& parts, const std::filesystem::path& outputDir, std::int64_t step,
                           double epoch, const RunControl& control)
{
    if (parts.testLosses.empty() && !parts.testEvaluator) return MetricList();
    return measure(parts, {"test_", parts.testLosses, parts.testEvaluator.get(), nullptr}, outputDir, step,
                   epoch, control);
}

} // namespace studio
