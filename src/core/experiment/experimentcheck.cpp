#include "core/arguments/rules.h"
#include "core/catalog/catalog.h"
#include "core/experiment/evaluationkeys.h"
#include "core/experiment/experiment.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>

namespace studio {

namespace {

constexpr std::array<std::string_view, 4> kLabelRoles{"label", "labels", "score", "scores"};
constexpr std::array<std::string_view, 6> kFormats{"csv", "tsv", "jsonl", "json", "txt", "parquet"};

class Checker
{
public:
    explicit Checker(const Experiment& experiment) : m_experiment(experiment) {}

    std::vector<Issue> all()
    {
        checkModel();
        checkSets(m_experiment.train, "train");
        checkSets(m_experiment.eval, "eval");
        checkSets(m_experiment.test, "test");
        checkTestSets();
        if (m_experiment.train.empty()) {
            error("experiment.no_training_data", {"train"},
                  "There is nothing to train on. Add a data set under Data.");
        }
        checkEvaluators();
        checkBestMetric();
        checkEarlyStopping();
        checkTheArguments();
        return std::move(m_issues);
    }

private:
    void report(Severity severity, const char* code, std::vector<std::string> keys, std::string message,
                std::optional<Fix> fix = std::nullopt)
    {
        m_issues.push_back({severity, code, std::move(keys), std::move(message), std::move(fix)});
    }
    void error(const char* code, std::vector<std::string> keys, std::string message)
    {
        report(Severity::Error, code, std::move(keys), std::move(message));
    }
    void warning(const char* code, std::vector<std::string> keys, std::string message)
    {
        report(Severity::Warning, code, std::move(keys), std::move(message));
    }

    void checkModel();
    void checkLora(const LoraSpec& lora);
    void checkSets(const std::vector<DataSpec>& sets, const std::string& list);
    void checkTestSets();
    void checkSet(const DataSpec& data, const std::string& path, const std::string& shown);
    void checkLossOf(const DataSpec& data, const std::string& path, const std::string& shown);
    void checkShape(const DataShape& shape, const std::string& owner, const DataSpec& data,
                    const std::string& path, const std::string& shown);
    void checkEvaluators();
    void checkEvaluatorData(const EvaluatorSpec& evaluator, const EvaluatorInfo& info,
                            const std::string& path);
    void checkBestMetric();
    void checkEarlyStopping();
    void checkTheArguments();

    const Experiment& m_experiment;
    std::vector<Issue> m_issues;
};

std::string index(const std::string& list, std::size_t i)
{
    return list + "[" + std::to_string(i) + "]";
}

bool isLabelRole(const std::string& role)
{
    return std::find(kLabelRoles.begin(), kLabelRoles.end(), role) != kLabelRoles.end();
}

std::string named(const DataSpec& data, const std::string& path)
{
    return data.name.empty() ? "The data set " + path : "The data set \"" + data.name + "\"";
}

std::string columns(std::int64_t count)
{
    return std::to_string(count) + (count == 1 ? " input column" : " input columns");
}

std::string wanted(const DataShape& shape)
{
    std::string text = shape.maxColumns == 0 ? columns(shape.minColumns) + " or more"
                       : shape.minColumns == shape.maxColumns
                           ? columns(shape.minColumns)
                           : std::to_string(shape.minColumns) + " to " + columns(shape.maxColumns);
    std::string roles;
    for (const std::string& role : shape.roles)
        roles += (roles.empty() ? "" : ", ") + role;
    return roles.empty() ? text : text + " (" + roles + (shape.maxColumns == 0 ? ", …)" : ")");
}

const char* labelWords(LabelKind kind)
{
    switch (kind) {
    case LabelKind::Float:
        return "a score (a number in each row)";
    case LabelKind::Binary:
        return "a label of 0 or 1";
    case LabelKind::Class:
        return "a label with the class";
    case LabelKind::Vector:
        return "a label with the teacher's vector";
    case LabelKind::Scores:
        return "a label with the teacher's scores";
    case LabelKind::None:
    case LabelKind::Optional:
        break;
    }
    return "no label";
}

void Checker::checkModel()
{
    const ModelSpec& model = m_experiment.model;
    if (model.path.empty()) {
        error("experiment.no_model", {"model.path"}, "No model is chosen. Name a model folder under Model.");
    }
    const auto positive = [&](const char* key, const std::optional<int>& value) {
        if (value && *value < 1) {
            error("experiment.model_value", {std::string("model.") + key},
                  std::string(key) + " must be 1 or more, not " + std::to_string(*value) + ".");
        }
    };
    positive("max_seq_length", model.maxSeqLength);
    positive("truncate_dim", model.truncateDim);
    if (model.dropout && !(*model.dropout >= 0 && *model.dropout < 1)) {
        error("experiment.model_value", {"model.dropout"}, "dropout must be from 0 to below 1.");
    }
    static const std::set<std::string> functions{"cosine", "dot", "euclidean", "manhattan"};
    if (model.similarity && !functions.contains(*model.similarity)) {
        error("experiment.model_value", {"model.similarity"},
              "similarity must be cosine, dot, euclidean or manhattan, not \"" + *model.similarity + "\".");
    }
    if (model.lora) checkLora(*model.lora);
}

void Checker::checkLora(const LoraSpec& lora)
{
    const auto wrong = [&](const char* key, const std::string& what) {
        error("experiment.lora_value", {std::string("model.lora.") + key}, key + what);
    };
    if (lora.r < 1 || lora.r > 4096)
        wrong("r", " must be from 1 to 4096, not " + std::to_string(lora.r) + ". Customary are 4 to 64.");
    if (!(lora.loraAlpha > 0)) wrong("lora_alpha", " must be above 0. Customary is r or twice r.");
    if (!(lora.loraDropout >= 0 && lora.loraDropout < 1))
        wrong("lora_dropout", " must be from 0 to below 1.");
    if (lora.bias != "none" && lora.bias != "all" && lora.bias != "lora_only")
        wrong("bias", " must be none, all or lora_only, not \"" + lora.bias + "\".");
    for (const auto& target : lora.targetModules)
        if (target.empty()) wrong("target_modules", " has an empty name. Remove it, or name a layer (\"query\").");
}

void Checker::checkSets(const std::vector<DataSpec>& sets, const std::string& list)
{
    std::map<std::string, std::size_t> names;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const DataSpec& data = sets[i];
        const std::string path = index(list, i);
        if (data.name.empty() && sets.size() > 1) {
            error("experiment.data_name", {path + ".name"},
                  path + " has no name. With several data sets each needs one.");
        }
        const auto [earlier, fresh] = names.emplace(data.name, i);
        if (!fresh && !data.name.empty()) {
            error("experiment.duplicate_name", {index(list, earlier->second) + ".name", path + ".name"},
                  "Two data sets are named \"" + data.name + "\". Give each its own name.");
        }
        checkSet(data, path, named(data, path));
        if (list == "train") checkLossOf(data, path, named(data, path));
    }
}

void Checker::checkTestSets()
{
    for (std::size_t i = 0; i < m_experiment.test.size(); ++i)
        for (const DataSpec& other : m_experiment.eval)
            if (!other.name.empty() && other.name == m_experiment.test[i].name)
                error("experiment.duplicate_name", {index("test", i) + ".name"},
                      "A test set and an evaluation set are both named \"" + other.name +
                          "\". Give each its own name.");
    if (!m_experiment.test.empty() && !m_experiment.arguments.doPredict)
        report(Severity::Warning, "experiment.test_unused", {"test", "do_predict"},
               "The test sets are not measured, since do_predict is off.",
               Fix{"Switch do_predict on", {{"do_predict", "true"}}});
}

void Checker::checkSet(const DataSpec& data, const std::string& path, const std::string& shown)
{
    if (data.path.empty())
        error("experiment.no_file", {path + ".path"}, shown + " names no file. Choose one under Data.");
    if (!data.format.empty() && std::find(kFormats.begin(), kFormats.end(), data.format) == kFormats.end()) {
        error("experiment.format", {path + ".format"},
              shown + ": the format \"" + data.format +
                  "\" is not one of csv, tsv, jsonl, json, txt, parquet.");
    }
    if (data.rows && (data.rows->first < 0 || data.rows->second <= data.rows->first)) {
        error("experiment.rows", {path + ".rows"},
              shown + ": the rows must be [first, behind the last], from 0 and not empty.");
    }
    if (data.scoreDivisor && (*data.scoreDivisor == 0 || *data.scoreDivisor != *data.scoreDivisor)) {
        error("experiment.score_divisor", {path + ".score_divisor"},
              shown + ": scores cannot be divided by 0.");
    }
    std::set<std::string> roles;
    int labels = 0;
    for (const auto& [role, column] : data.columns) {
        const std::string key = path + ".columns." + role;
        if (role.empty() || column.empty()) {
            error("experiment.empty_column", {key}, shown + ": the role \"" + role + "\" names no column.");
        }
        if (!roles.insert(role).second) {
            error("experiment.duplicate_role", {key}, shown + ": the role \"" + role + "\" is given twice.");
        }
        labels += isLabelRole(role);
        if (role == "return_loss" || role == "dataset_name") {
            error("experiment.reserved_role", {key},
                  shown + ": the role \"" + role + "\" is reserved. Use another name.");
        }
    }
    if (labels > 1) {
        error("experiment.two_labels", {path + ".columns"},
              shown + " has several label columns. Keep one of label, labels, score, scores.");
    }
    if (!data.prompts.is_object() || data.columns.empty()) return;
    for (const auto& [column, prompt] : data.prompts.items()) {
        const bool found =
            std::any_of(data.columns.begin(), data.columns.end(), [&, &name = column](const auto& pair) {
                return pair.first == name || pair.second == name;
            });
        if (!found) {
            warning("experiment.prompt_column", {path + ".prompts"},
                    shown + ": the prompt for \"" + column + "\" has no effect, there is no such column.");
        }
    }
}

void Checker::checkLossOf(const DataSpec& data, const std::string& path, const std::string& shown)
{
    if (!data.loss || data.loss->type.empty()) {
        Fix fix{"Use CoSENTLoss", {{path + ".loss", R"({"type": "CoSENTLoss"})"}}};
        report(Severity::Error, "experiment.no_loss", {path + ".loss.type"},
               shown + " has no loss. Choose one under Loss; the Python library would take CoSENTLoss.", fix);
        return;
    }
    auto issues = checkLoss(data.loss->type, data.loss->options, path + ".loss");
    m_issues.insert(m_issues.end(), issues.begin(), issues.end());

    // Losses around another one take what the inner one takes.
    std::string type = data.loss->type;
    Json options = data.loss->options;
    const LossInfo* info = findLoss(type);
    for (int depth = 0; info && depth < 8; ++depth) {
        const auto inner =
            std::find_if(info->options.begin(), info->options.end(),
                         [](const OptionInfo& option) { return option.kind == OptionKind::Loss; });
        if (inner == info->options.end()) break;
        if (!options.is_object() || !options.contains(inner->name)) return;
        const Json loss = options[inner->name];
        if (!loss.is_object() || !loss.contains("type") || !loss["type"].is_string()) return;
        type = loss["type"].get<std::string>();
        options = loss.contains("options") ? loss["options"] : Json::object();
        info = findLoss(type);
    }
    if (info) checkShape(info->shape, type, data, path, shown);
}

void Checker::checkShape(const DataShape& shape, const std::string& owner, const DataSpec& data,
                         const std::string& path, const std::string& shown)
{
    // Without roles the columns of the file decide, in their order.
    if (data.columns.empty()) return;
    int inputs = 0;
    bool label = false;
    for (const auto& [role, column] : data.columns) {
        if (isLabelRole(role)) {
            label = true;
        } else {
            ++inputs;
        }
    }
    if (inputs < shape.minColumns || (shape.maxColumns > 0 && inputs > shape.maxColumns)) {
        error("experiment.loss_columns", {path + ".columns"},
              shown + " has " + columns(inputs) + ", but " + owner + " takes " + wanted(shape) +
                  ". Change the columns, or choose another loss.");
    }
    const bool needs = shape.label != LabelKind::None && shape.label != LabelKind::Optional;
    if (needs && !label) {
        error("experiment.loss_label", {path + ".columns"},
              shown + ": " + owner + " needs " + labelWords(shape.label) +
                  ". Give a column the role \"score\" or \"label\".");
    }
    if (!label || shape.label != LabelKind::None) return;
    warning("experiment.label_unused", {path + ".columns"},
            shown + ": " + owner + " takes no label; its label column has no effect.");
}

void Checker::checkEvaluators()
{
    std::set<std::string> names;
    for (std::size_t i = 0; i < m_experiment.evaluators.size(); ++i) {
        const EvaluatorSpec& evaluator = m_experiment.evaluators[i];
        const std::string path = index("evaluators", i);
        const EvaluatorInfo* info = findEvaluator(evaluator.type);
        if (!info) {
            std::string known;
            for (const EvaluatorInfo& entry : evaluatorCatalog())
                known += (known.empty() ? "" : ", ") + entry.type;
            error("experiment.evaluator", {path + ".type"},
                  "There is no evaluator \"" + evaluator.type + "\". There are: " + known + ".");
            continue;
        }
        auto issues = checkOptions(info->options, evaluator.options, evaluator.type, path);
        m_issues.insert(m_issues.end(), issues.begin(), issues.end());
        checkEvaluatorData(evaluator, *info, path);
        const std::string& name = evaluator.name.empty() ? evaluator.data : evaluator.name;
        if (!names.insert(evaluator.type + "\n" + name).second) {
            warning("experiment.evaluator_name", {path + ".name"},
                    "Two evaluators of the kind " + evaluator.type + " report under the same name \"" + name +
                        "\". Give each its own name.");
        }
    }
}

void Checker::checkEvaluatorData(const EvaluatorSpec& evaluator, const EvaluatorInfo& info,
                                 const std::string& path)
{
    if (evaluator.data.empty()) {
        if (info.shape == EvalShape::None) return;
        error("experiment.evaluator_data", {path + ".data"},
              "The " + evaluator.type + " names no data set. Choose one of the evaluation sets.");
        return;
    }
    const auto named_ = [&](const DataSpec& set) { return set.name == evaluator.data; };
    const auto tested = std::find_if(m_experiment.test.begin(), m_experiment.test.end(), named_);
    const bool testing = tested != m_experiment.test.end();
    const auto& sets = testing ? m_experiment.test : m_experiment.eval;
    const auto data = std::find_if(sets.begin(), sets.end(), named_);
    if (data == sets.end()) {
        std::string known;
        for (const DataSpec& set : m_experiment.eval)
            known += (known.empty() ? "" : ", ") + set.name;
        error("experiment.evaluator_data", {path + ".data"},
              "The " + evaluator.type + " reads \"" + evaluator.data +
                  "\", but there is no such evaluation set. There " +
                  (known.empty() ? "is none yet." : "are: " + known + "."));
        return;
    }
    DataShape shape;
    switch (info.shape) {
    case EvalShape::Pairs:
        shape = {2, 2, LabelKind::Float, {"sentence1", "sentence2"}};
        break;
    case EvalShape::LabelPairs:
        shape = {2, 2, LabelKind::Binary, {"sentence1", "sentence2"}};
        break;
    case EvalShape::ClassPairs:
        shape = {2, 2, LabelKind::Class, {"sentence1", "sentence2"}};
        break;
    case EvalShape::Triplets:
        shape = {3, 3, LabelKind::Optional, {"anchor", "positive", "negative"}};
        break;
    case EvalShape::Translation:
    case EvalShape::Teacher:
        shape = {2, 2, LabelKind::Optional, {"source", "target"}};
        break;
    // Folders, lists and columns named by options: seen when the data is opened.
    default:
        return;
    }
    const std::string where =
        index(testing ? "test" : "eval", static_cast<std::size_t>(data - sets.begin()));
    checkShape(shape, evaluator.type, *data, where, named(*data, where));
}

void Checker::checkBestMetric()
{
    const TrainingArguments& arguments = m_experiment.arguments;
    if (!arguments.metricForBestModel || arguments.metricForBestModel->empty()) return;
    if (arguments.evalStrategy == IntervalStrategy::No) return;
    const EvaluationKeys known = evaluationKeys(m_experiment);
    std::string metric = *arguments.metricForBestModel;
    if (!metric.starts_with("eval_")) metric = "eval_" + metric;
    if (!known.complete || std::find(known.keys.begin(), known.keys.end(), metric) != known.keys.end())
        return;
    // The first key that tells something; and those worth naming, without durations and the like.
    std::string list;
    std::string first;
    int shown = 0;
    for (const std::string& key : known.keys) {
        if (key == "eval_runtime" || key.ends_with("_per_second")) continue;
        if (first.empty() || (first.ends_with("loss") && !key.ends_with("loss"))) first = key;
        if (shown++ < 8) list += (list.empty() ? "" : ", ") + key;
    }
    if (shown > 8) list += ", …";
    std::optional<Fix> fix;
    if (!first.empty()) {
        fix = Fix{"Set metric_for_best_model to " + first, {{"metric_for_best_model", Json(first).dump()}}};
    }
    report(Severity::Error, "experiment.best_metric", {"metric_for_best_model"},
           "No evaluation of this experiment will report \"" + metric + "\" (metric_for_best_model). " +
               (list.empty() ? "Add an evaluation set or an evaluator." : "There will be: " + list + "."),
           fix);
}

void Checker::checkEarlyStopping()
{
    if (!m_experiment.earlyStopping) return;
    const EarlyStopping& stopping = *m_experiment.earlyStopping;
    if (stopping.patience < 1)
        error("experiment.patience", {"early_stopping.patience"},
              "early_stopping.patience is " + std::to_string(stopping.patience) +
                  ", but early stopping waits for at least 1 evaluation.");
    if (!(stopping.threshold >= 0))
        error("experiment.patience", {"early_stopping.threshold"},
              "early_stopping.threshold must be 0 or more: by how much a better value has to be better.");
    if (m_experiment.arguments.evalStrategy == IntervalStrategy::No)
        report(Severity::Error, "experiment.early_stopping", {"early_stopping", "eval_strategy"},
               "Early stopping looks at evaluations, but eval_strategy is \"no\". Evaluate by steps or epochs.",
               Fix{"Evaluate after each epoch", {{"eval_strategy", "\"epoch\""}}});
}

/// Whether the system shows an NVIDIA GPU. Only the engine can tell whether it may be used and what it computes in:
/// it says so when a run begins.
bool seesGpu()
{
    std::error_code ignored;
    return std::filesystem::exists("/dev/nvidia0", ignored);
}

void Checker::checkTheArguments()
{
    RuleContext context;
    context.gpus = seesGpu() ? 1 : 0;
    context.gpuBf16 = context.gpuTf32 = context.gpus > 0;
    for (const DataSpec& data : m_experiment.train) {
        RuleDataSet set;
        set.name = data.name;
        for (const auto& [role, column] : data.columns)
            set.columns.push_back(role);
        context.train.push_back(std::move(set));
    }
    context.evalSets = static_cast<int>(m_experiment.eval.size());
    context.evaluators = static_cast<int>(m_experiment.evaluators.size());
    auto issues = checkArguments(m_experiment.arguments, context);
    m_issues.insert(m_issues.end(), issues.begin(), issues.end());
}

} // namespace

std::vector<Issue> validateExperiment(const Experiment& experiment)
{
    return Checker(experiment).all();
}

} // namespace studio
