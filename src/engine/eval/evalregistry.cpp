#include "core/catalog/catalog.h"
#include "engine/eval/evaluatorbase.h"

namespace studio {
namespace {

using Maker = MadeEvaluator (*)(const std::string&, const OptionValues&, EvalData);

const std::pair<const char*, Maker> kMakers[] = {
    {"BinaryClassificationEvaluator", makeBinaryClassification},
    {"EmbeddingSimilarityEvaluator", makeEmbeddingSimilarity},
    {"InformationRetrievalEvaluator", makeInformationRetrieval},
    {"LabelAccuracyEvaluator", makeLabelAccuracy},
    {"MSEEvaluator", makeMse},
    {"MSEEvaluatorFromDataFrame", makeMseFromDataFrame},
    {"NanoBEIREvaluator", makeNanoBeir},
    {"ParaphraseMiningEvaluator", makeParaphraseMining},
    {"RerankingEvaluator", makeReranking},
    {"TranslationEvaluator", makeTranslation},
    {"TripletEvaluator", makeTriplet},
};

} // namespace

Result<std::unique_ptr<Evaluator>> makeEvaluator(const EvaluatorSpec& spec, EvalData data)
{
    const EvaluatorInfo* info = findEvaluator(spec.type);
    if (!info) {
        std::string listed;
        for (const EvaluatorInfo& known : evaluatorCatalog())
            listed += (listed.empty() ? "" : ", ") + known.type;
        return Error{ErrorCode::InvalidValue,
                     "There is no evaluator \"" + spec.type + "\". There are: " + listed + ".", "evaluators"};
    }
    const std::vector<Issue> issues = checkOptions(info->options, spec.options, spec.type, "evaluators");
    if (!issues.empty()) {
        std::string text;
        for (const Issue& issue : issues)
            text += (text.empty() ? "" : " ") + issue.message;
        return Error{ErrorCode::InvalidValue, text, issues.front().keys.front()};
    }
    const OptionValues options(info->options, spec.options);
    for (const auto& [type, maker] : kMakers)
        if (spec.type == type)
            return maker(spec.name.empty() ? spec.data : spec.name, options, std::move(data));
    return Error{ErrorCode::Unsupported, "The evaluator " + spec.type + " cannot be made from one data set.",
                 "evaluators"};
}

} // namespace studio
