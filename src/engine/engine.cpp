#include "core/engine_api.h"

#include "core/experiment/experiment.h"
#include "engine/model/device.h"
#include "engine/model/crossencoder.h"
#include "engine/model/modelpublisher.h"
#include "engine/model/newmodels.h"
#include "engine/model/sentencemodel.h"
#include "engine/native/nativeencoder.h"
#include "engine/train/evaldata.h"
#include "engine/train/evalembed.h"
#include "engine/train/precision.h"
#include "engine/train/runparts.h"
#include "engine/train/storedhead.h"
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

/// For encoding, where there may be a GPU.
LoadOptions onComputeDevice()
{
    auto options = withoutGradients();
    options.device = computeDevice(false);
    return options;
}

/// The prompt that SentenceTransformer.encode would use: the text itself, a named one, or the model's default.
Result<std::string> chosenPrompt(const SentenceModel& model, const EncodeOptions& options)
{
    if (!options.prompt.empty()) return options.prompt;
    const auto name = options.promptName.empty() ? model.defaultPromptName() : options.promptName;
    if (name.empty()) return std::string();
    if (auto prompt = model.prompt(name)) return *prompt;
    std::string known;
    for (const auto& [own, text] : model.prompts())
        known += (known.empty() ? "" : ", ") + own;
    return Error{ErrorCode::NotFound,
                 "The model has no prompt named " + name + ". It has: " + (known.empty() ? "none" : known) + ".",
                 model.folder().string()};
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
            spec.lora.reset(); // adapters of the folder count as part of its weights
            auto model = openModel(spec, 42, computeDevice(evaluation.arguments.useCpu));
            if (!model) return model.error();
            applyEvaluationPrecision(**model, evaluation.arguments);
            auto evaluator = makeEvaluators(evaluation);
            if (!evaluator) return evaluator.error();
            if (!*evaluator)
                return Error{ErrorCode::InvalidValue, "No evaluators are named. Add an entry to \"evaluators\".", {}};
            EvalContext context;
            context.embed = makeEvalEmbed(**model, progress);
            context.similarity = (*model)->similarityName();
            context.loadModel = openFrozenModel;
            auto head = storedSoftmaxHead(folder, (*model)->trainingDimension());
            if (!head) return head.error();
            std::vector<std::unique_ptr<Loss>> losses;
            if (*head) losses.push_back(std::move(*head));
            context.classify = classifierOf(losses);
            return (*evaluator)->evaluate(context);
        });
    }

    Result<Embeddings> encode(const std::filesystem::path& folder, const std::vector<std::string>& texts,
                              const EncodeOptions& options, const Progress& progress) override
    {
        return guarded<Embeddings>([&]() -> Result<Embeddings> {
            const ThreadSetup threads(options.threads, false);
            auto model = SentenceModel::load(folder, onComputeDevice());
            if (!model) return model.error();
            return (*model)->encode(texts, options, progress);
        });
    }

    Status encodeStream(const std::filesystem::path& folder, const TextPieces& next, const EncodeOptions& options,
                        const EmbeddingSink& sink, const Progress& progress) override
    {
        const auto done = guarded<bool>([&]() -> Result<bool> {
            const ThreadSetup threads(options.threads, false);
            auto model = SentenceModel::load(folder, onComputeDevice());
            if (!model) return model.error();
            auto chosen = options;
            auto prompt = chosenPrompt(**model, options);
            if (!prompt) return prompt.error();
            chosen.prompt = *prompt;
            std::int64_t before = 0;
            while (true) {
                const auto texts = next();
                if (!texts) return texts.error();
                if (texts->empty()) return true;
                const auto embeddings = (*model)->encode(*texts, chosen, [&](std::int64_t now, std::int64_t) {
                    return !progress || progress(before + now, 0);
                });
                if (!embeddings) return embeddings.error();
                if (auto status = sink(*texts, *embeddings); !status) return status.error();
                before += embeddings->rows;
            }
        });
        return done ? Status() : Status(done.error());
    }

    Result<ModelInfo> distillStatic(const StaticDistillation& distillation, const Progress& progress) override
    {
        return guarded<ModelInfo>([&] {
            const ThreadSetup threads(distillation.threads, false);
            return distillStaticModel(distillation, progress);
        });
    }

    Result<ModelInfo> makeModel(const FreshModel& fresh) override
    {
        return guarded<ModelInfo>([&] { return makeFreshModel(fresh); });
    }

    Result<ModelInfo> mergeAdapters(const AdapterMerge& merge) override
    {
        return guarded<ModelInfo>([&]() -> Result<ModelInfo> {
            if (auto status = outputIsFree(merge.output); !status) return status.error();
            auto options = withoutGradients();
            options.adapterBase = merge.base.string();
            auto model = SentenceModel::load(merge.adapters, options);
            if (!model) return model.error();
            if (!(*model)->mergedAdapters())
                return Error{ErrorCode::InvalidValue,
                             merge.adapters.string() + " holds no LoRA adapters (adapter_config.json). Name a folder "
                                                       "that a training with model.lora, or PEFT, has written.",
                             merge.adapters.string()};
            SaveOptions saving;
            saving.precision = SavePrecision::Float32; // the sum in 16 bits would lose small changes
            auto files = (*model)->files(saving);
            if (!files) return files.error();
            return publishModel(*files, merge.output);
        });
    }

    Result<std::vector<float>> scorePairs(const std::filesystem::path& folder, const std::vector<TextPair>& pairs,
                                          const ScoreOptions& options, const Progress& progress) override
    {
        return guarded<std::vector<float>>([&]() -> Result<std::vector<float>> {
            const ThreadSetup threads(options.threads, false);
            auto encoder = CrossEncoder::load(folder);
            if (!encoder) return encoder.error();
            return (*encoder)->score(pairs, options.batchSize, progress);
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
