#include "core/engine_api.h"

#include "core/experiment/experiment.h"
#include "engine/model/sentencemodel.h"
#include "engine/native/nativeencoder.h"
#include "engine/train/evalembed.h"
#include "engine/train/runparts.h"
#include "engine/train/threads.h"
#include "engine/train/trainer.h"

#include <exception>

namespace studio {
namespace {

/// Torch reports by exceptions; nothing above the engine knows them.
template <typename T, typename Work>
Result<T> guarded(Work&& work)
{
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::OutOfMemory, "There is not enough memory. Use smaller batches.", {}};
    } catch (const std::exception& error) {
        return Error{ErrorCode::Internal, std::string("The engine failed: ") + error.what(), {}};
    }
}

LoadOptions withoutGradients()
{
    LoadOptions options;
    options.gradients = false;
    return options;
}

class TorchEngine : public Engine
{
public:
    TrainOutcome train(const TrainRequest& request, RunObserver& observer, RunControl& control) override
    {
        return trainExperiment(request, observer, control);
    }

    Result<MetricList> evaluate(const std::filesystem::path& folder, const Experiment& evaluation, const Progress& progress) override
    {
        return guarded<MetricList>([&]() -> Result<MetricList> {
            const ThreadSetup threads(0, false);
            auto spec = evaluation.model;
            spec.path = folder.string();
            auto model = openModel(spec);
            if (!model) return model.error();
            auto evaluator = makeEvaluators(evaluation);
            if (!evaluator) return evaluator.error();
            if (!*evaluator)
                return Error{ErrorCode::InvalidValue, "No evaluators are named. Add an entry to \"evaluators\".", {}};
            EvalContext context;
            context.embed = makeEvalEmbed(**model, progress);
            context.similarity = (*model)->similarityName();
            return (*evaluator)->evaluate(context);
        });
    }

    Result<Embeddings> encode(const std::filesystem::path& folder, const std::vector<std::string>& texts,
                              const EncodeOptions& options, const Progress& progress) override
    {
        return guarded<Embeddings>([&]() -> Result<Embeddings> {
            const ThreadSetup threads(options.threads, false);
            auto model = SentenceModel::load(folder, withoutGradients());
            if (!model) return model.error();
            return (*model)->encode(texts, options, progress);
        });
    }

    Result<ModelInfo> inspect(const std::filesystem::path& folder) override
    {
        return guarded<ModelInfo>([&]() -> Result<ModelInfo> {
            auto model = SentenceModel::load(folder, withoutGradients());
            if (!model) return model.error();
            return (*model)->info();
        });
    }

    std::string description() const override { return torchDescription(); }
};

} // namespace
} // namespace studio

extern "C" __attribute__((visibility("default"))) studio::Engine* studio_make_engine()
{
    static studio::TorchEngine engine;
    studio::registerNativeEncoder();
    return &engine;
}
