#include "engine/train/evaluation.h"

#include "core/runcontrol.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/evalembed.h"

#include <ATen/ATen.h>

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
    BatchLoader loader({{set.dataset, set.prompts, set.loss->needsTexts()}}, parts.model->tokenizer(),
                       parts.model->maxSeqLength(), **sampler);
    loader.startEpoch(0, 0, (*sampler)->announcedBatches());

    const at::NoGradGuard noGrad;
    double sum = 0, rows = 0;
    while (const auto loaded = loader.next()) {
        if (control.stopRequested()) return stopped();
        LossBatch batch;
        batch.pack = loaded->pack;
        batch.columns = static_cast<int>(set.dataset->inputs().size());
        batch.rows = static_cast<std::int64_t>(loaded->rows.size());
        batch.labels = labelTensor(*loaded, *set.dataset);
        batch.texts = &loaded->texts;
        auto loss = set.loss->run(*parts.embedding, batch);
        if (!loss) return loss.error();
        sum += loss->item<double>() * static_cast<double>(batch.rows);
        rows += static_cast<double>(batch.rows);
    }
    return rows > 0 ? sum / rows : std::nan("");
}

} // namespace

Result<MetricList> evaluateRun(RunParts& parts, const std::filesystem::path& outputDir, std::int64_t step,
                               double epoch, const RunControl& control)
{
    MetricList metrics;
    const auto start = Clock::now();
    double samples = 0, batches = 0;
    for (const auto& set : parts.evalLosses) {
        auto loss = meanLoss(parts, set, control);
        if (!loss) return loss.error();
        const auto prefix =
            parts.evalLosses.size() == 1 ? std::string("eval_") : "eval_" + set.dataset->name() + "_";
        metrics.emplace_back(prefix + "loss", *loss);
        samples += static_cast<double>(set.dataset->rows());
        batches += std::ceil(static_cast<double>(set.dataset->rows()) /
                             static_cast<double>(parts.experiment.arguments.perDeviceEvalBatchSize));
    }

    if (parts.evaluator) {
        EvalContext context;
        context.embed = makeEvalEmbed(
            *parts.model, [&control](std::int64_t, std::int64_t) { return !control.stopRequested(); });
        context.similarity = parts.model->similarityName();
        context.epoch = epoch;
        context.step = step;
        context.csvFolder = outputDir / "eval";
        context.stopRequested = [&control] { return control.stopRequested(); };
        auto values = parts.evaluator->evaluate(context);
        if (control.stopRequested()) return stopped();
        if (!values) return values.error();
        for (const auto& [key, value] : *values)
            metrics.emplace_back(key.starts_with("eval_") ? key : "eval_" + key, value);
    }

    const double seconds = secondsSince(start);
    metrics.emplace_back("eval_runtime", rounded(seconds, 1e4));
    metrics.emplace_back("eval_samples_per_second", rounded(samples / seconds, 1e3));
    metrics.emplace_back("eval_steps_per_second", rounded(batches / seconds, 1e3));
    return metrics;
}

} // namespace studio
