#include "core/experiment/evaluationkeys.h"

#include "core/catalog/catalog.h"

#include <algorithm>

namespace studio {

namespace {

/// The functions an evaluator compares with; all four when the model's folder decides.
std::vector<std::string> functionsOf(const EvaluatorSpec& evaluator, const ModelSpec& model)
{
    const auto option = [&](const char* name) {
        return evaluator.options.is_object() && evaluator.options.contains(name) ? evaluator.options[name]
                                                                                 : Json();
    };
    std::vector<std::string> functions;
    for (const char* name :
         {"similarity_fn_names", "main_similarity", "main_distance_function", "main_score_function"}) {
        const Json value = option(name);
        if (value.is_string()) functions.push_back(value.get<std::string>());
        if (!value.is_array()) continue;
        for (const Json& entry : value) {
            if (entry.is_string()) functions.push_back(entry.get<std::string>());
        }
    }
    if (!functions.empty()) return functions;
    if (model.similarity) return {*model.similarity};
    return {"cosine", "dot", "euclidean", "manhattan"};
}

std::vector<std::string> ranks(const EvaluatorSpec& evaluator, const char* option,
                               std::vector<std::string> otherwise)
{
    if (!evaluator.options.is_object() || !evaluator.options.contains(option)) return otherwise;
    std::vector<std::string> found;
    const Json& value = evaluator.options[option];
    if (value.is_number_integer()) found.push_back(std::to_string(value.get<std::int64_t>()));
    if (value.is_array()) {
        for (const Json& k : value) {
            if (k.is_number_integer()) found.push_back(std::to_string(k.get<std::int64_t>()));
        }
    }
    return found;
}

/// Keys without the evaluator's name; false when they cannot be known.
bool addMetrics(const EvaluatorSpec& evaluator, const ModelSpec& model, std::vector<std::string>& metrics)
{
    const EvaluatorInfo* info = findEvaluator(evaluator.type);
    if (!info) return false;
    const auto functions = functionsOf(evaluator, model);
    switch (info->shape) {
    case EvalShape::Pairs:
        for (const std::string& fn : functions) {
            metrics.push_back("pearson_" + fn);
            metrics.push_back("spearman_" + fn);
        }
        metrics.insert(metrics.end(), {"pearson_max", "spearman_max"});
        return true;
    case EvalShape::LabelPairs:
        for (const char* metric :
             {"accuracy", "accuracy_threshold", "f1", "f1_threshold", "precision", "recall", "ap", "mcc"}) {
            for (const std::string& fn : functions)
                metrics.push_back(fn + "_" + metric);
            metrics.push_back(std::string("max_") + metric);
        }
        return true;
    case EvalShape::Triplets:
        for (const std::string& fn : functions)
            metrics.push_back(fn + "_accuracy");
        metrics.push_back("max_accuracy");
        return true;
    case EvalShape::Retrieval:
        for (const std::string& fn : functions) {
            for (const auto& k : ranks(evaluator, "accuracy_at_k", {"1", "3", "5", "10"})) {
                metrics.push_back(fn + "_accuracy@" + k);
            }
            for (const auto& k : ranks(evaluator, "precision_recall_at_k", {"1", "3", "5", "10"})) {
                metrics.push_back(fn + "_precision@" + k);
                metrics.push_back(fn + "_recall@" + k);
            }
            for (const auto& k : ranks(evaluator, "ndcg_at_k", {"10"}))
                metrics.push_back(fn + "_ndcg@" + k);
            for (const auto& k : ranks(evaluator, "mrr_at_k", {"10"}))
                metrics.push_back(fn + "_mrr@" + k);
            for (const auto& k : ranks(evaluator, "map_at_k", {"100"}))
                metrics.push_back(fn + "_map@" + k);
        }
        return true;
    case EvalShape::Reranking:
        metrics.push_back("map");
        for (const auto& k : ranks(evaluator, "at_k", {"10"})) {
            metrics.push_back("mrr@" + k);
            metrics.push_back("ndcg@" + k);
        }
        return true;
    case EvalShape::Translation:
        metrics.insert(metrics.end(), {"src2trg_accuracy", "trg2src_accuracy", "mean_accuracy"});
        return true;
    case EvalShape::Teacher:
    case EvalShape::Teachers:
        metrics.push_back("negative_mse");
        return true;
    case EvalShape::Paraphrases:
        metrics.insert(metrics.end(), {"average_precision", "f1", "precision", "recall", "threshold"});
        return true;
    case EvalShape::ClassPairs:
        metrics.push_back("accuracy");
        return true;
    case EvalShape::RetrievalSet: // named after the folders it finds
    case EvalShape::None:
        return false;
    }
    return false;
}

} // namespace

EvaluationKeys evaluationKeys(const Experiment& experiment)
{
    EvaluationKeys all;
    if (experiment.eval.size() == 1) all.keys.push_back("eval_loss");
    for (const DataSpec& data : experiment.eval) {
        if (!data.name.empty()) all.keys.push_back("eval_" + data.name + "_loss");
    }
    std::size_t evaluators = 0;
    for (const EvaluatorSpec& evaluator : experiment.evaluators) {
        const bool testing = std::any_of(experiment.test.begin(), experiment.test.end(),
                                         [&](const DataSpec& set) { return set.name == evaluator.data; });
        if (testing) continue; // reports after training, under test_
        ++evaluators;
        std::vector<std::string> metrics;
        if (!addMetrics(evaluator, experiment.model, metrics)) all.complete = false;
        const std::string& name = evaluator.name.empty() ? evaluator.data : evaluator.name;
        for (const std::string& metric : metrics)
            all.keys.push_back("eval_" + (name.empty() ? metric : name + "_" + metric));
    }
    if (evaluators > 1) all.keys.push_back("eval_sequential_score");
    for (const char* key : {"eval_runtime", "eval_samples_per_second", "eval_steps_per_second"})
        all.keys.push_back(key);
    return all;
}

} // namespace studio
