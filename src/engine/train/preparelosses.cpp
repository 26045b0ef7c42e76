#include "engine/train/preparelosses.h"

#include "core/catalog/catalog.h"
#include "core/plan/lint.h"
#include "data/prompts.h"
#include "engine/loss/sentenceembedding.h"
#include "engine/model/parameterstore.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/evaldata.h"
#include "engine/train/evalembed.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

namespace studio {
namespace {

bool needsLabel(const LossInfo& info)
{
    return info.shape.label != LabelKind::None && info.shape.label != LabelKind::Optional;
}

bool fits(const LossInfo& info, const Dataset& set)
{
    const auto columns = static_cast<int>(set.inputs().size());
    return columns >= info.shape.minColumns &&
           (info.shape.maxColumns == 0 || columns <= info.shape.maxColumns) &&
           (!needsLabel(info) || set.hasLabel());
}

/// All rows as one batch without texts: what Loss::check() looks at.
LossBatch wholeSet(const Dataset& set)
{
    LoadedBatch loaded;
    for (std::int64_t row = 0; row < set.rows(); ++row) {
        loaded.rows.push_back(row);
        if (!set.hasLabel()) continue;
        if (set.labelKind() == ColumnKind::List) {
            const auto list = set.labelList(row);
            loaded.labelWidth = static_cast<int>(list.size());
            loaded.labels.insert(loaded.labels.end(), list.begin(), list.end());
        } else {
            loaded.labels.push_back(set.label(row));
        }
    }
    LossBatch batch;
    batch.columns = static_cast<int>(set.inputs().size());
    batch.rows = set.rows();
    batch.labels = labelTensor(loaded, set);
    return batch;
}

/// The loss at the bottom: that of a MatryoshkaLoss, or itself.
std::string innermost(const LossSpec& spec)
{
    Json options = spec.options;
    std::string type = spec.type;
    while (options.is_object() && options.contains("loss")) {
        const Json inner = options["loss"];
        type = inner.is_string() ? inner.get<std::string>() : inner.value("type", type);
        options = inner.is_object() ? inner.value("options", Json::object()) : Json();
    }
    return type;
}

LintDataSet factsOf(const DataSpec& spec, const Dataset& set)
{
    LintDataSet facts;
    facts.name = set.name().empty() ? "the training set" : set.name();
    facts.loss = innermost(lossSpecOf(spec));
    facts.rows = set.rows();
    if (!set.hasLabel() || set.labelKind() == ColumnKind::List) return facts;
    std::set<double> classes;
    double low = set.label(0), high = low;
    for (std::int64_t row = 0; row < set.rows(); ++row) {
        low = std::min(low, set.label(row));
        high = std::max(high, set.label(row));
        if (classes.size() < 2) classes.insert(set.label(row));
    }
    facts.minLabel = low;
    facts.maxLabel = high;
    const auto* info = findLoss(facts.loss);
    if (info && info->shape.label != LabelKind::None)
        facts.classes = static_cast<std::int64_t>(classes.size());
    return facts;
}

/// A loss makes its own weights on the CPU; they follow the model.
void moveParameters(Loss& loss, const at::Device& device)
{
    const at::NoGradGuard noGrad;
    if (device.is_cpu()) return;
    for (auto& parameter : loss.parameters())
        if (parameter.value.device() != device) parameter.value.set_data(parameter.value.detach().to(device));
}

/// The rules of lint that are about the data itself; those about arguments belong to the form and to
/// `validate`.
constexpr std::string_view kDataRules[] = {"L09", "L10", "L13"};

} // namespace

LossSpec lossSpecOf(const DataSpec& spec)
{
    return spec.loss && !spec.loss->type.empty() ? *spec.loss : LossSpec{"CoSENTLoss", Json::object()};
}

Status makeLosses(RunParts& parts)
{
    LossContext context;
    context.embeddingDimension = parts.model->trainingDimension();
    context.model = parts.embedding.get();
    context.labelSmoothing = parts.experiment.arguments.labelSmoothingFactor;
    context.seed = static_cast<std::uint64_t>(parts.experiment.arguments.seed);
    context.loadGuide = [](const std::string& path) -> Result<TextEmbedder> {
        auto embed = openFrozenModel(path);
        if (!embed) return embed.error();
        return TextEmbedder([embed = std::move(*embed)](const std::vector<std::string>& texts) {
            auto embeddings = embed(texts, {});
            TORCH_CHECK(embeddings.ok(), embeddings ? std::string() : embeddings.error().text());
            return *embeddings;
        });
    };
    const auto device = parts.model->store().device();
    context.loadModel = [device](const std::string& path) -> Result<std::unique_ptr<EmbeddingModel>> {
        LoadOptions options;
        options.device = device.str();
        auto model = SentenceModel::load(path, options);
        if (!model) return model.error();
        return sentenceEmbeddingModel(std::move(*model));
    };
    for (const auto& spec : parts.experiment.train) {
        auto loss = makeLoss(lossSpecOf(spec), context);
        if (!loss) return inDataSet(spec, loss.error());
        moveParameters(**loss, parts.model->store().device());
        parts.losses.push_back(std::move(*loss));
        parts.lossOf.push_back(parts.losses.back().get());
    }
    return {};
}

Status checkTrainingSets(RunParts& parts)
{
    LintFacts facts;
    for (std::size_t i = 0; i < parts.train.size(); ++i) {
        if (auto status = parts.lossOf[i]->check(wholeSet(parts.train[i])); !status)
            return inDataSet(parts.experiment.train[i], status.error());
        facts.train.push_back(factsOf(parts.experiment.train[i], parts.train[i]));
    }
    for (const auto& issue : lint(parts.experiment.arguments, facts))
        if (std::find(std::begin(kDataRules), std::end(kDataRules), issue.code) != std::end(kDataRules))
            parts.findings.push_back(issue.message);
    return {};
}

Result<std::vector<EvalLossSet>> chooseLosses(RunParts& parts, const std::vector<DataSpec>& specs,
                                              const std::vector<Dataset>& sets)
{
    std::vector<EvalLossSet> chosen;
    for (const auto& set : sets) {
        std::size_t index = 0;
        for (std::size_t t = 0; t < parts.train.size(); ++t)
            if (parts.train[t].name() == set.name()) index = t;
        const auto type = innermost(lossSpecOf(parts.experiment.train[index]));
        const auto* info = findLoss(type);
        if (info && !fits(*info, set)) {
            parts.findings.push_back("The loss of " + set.name() +
                                     " is not measured: its columns do not fit " + type + ".");
            continue;
        }
        if (auto status = parts.lossOf[index]->check(wholeSet(set)); !status) {
            parts.findings.push_back("The loss of " + set.name() + " is not measured. " +
                                     status.error().message);
            continue;
        }
        const auto spec = std::find_if(specs.begin(), specs.end(),
                                       [&](const DataSpec& each) { return each.name == set.name(); });
        auto prompts =
            promptsOf(parts.experiment.arguments, *spec, set, specs.size() > 1 || parts.train.size() > 1);
        if (!prompts) return prompts.error();
        chosen.push_back({&set, parts.lossOf[index], std::move(*prompts)});
    }
    return chosen;
}

Result<std::vector<std::string>> promptsOf(const TrainingArguments& arguments, const DataSpec& spec,
                                           const Dataset& dataset, bool several)
{
    if (!spec.prompts.is_null() && !spec.prompts.empty()) return promptsFor(spec.prompts, "", dataset);
    return promptsFor(arguments.prompts, several ? std::string_view(spec.name) : std::string_view(), dataset);
}

} // namespace studio
