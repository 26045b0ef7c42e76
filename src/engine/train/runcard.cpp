#include "engine/train/runcard.h"

#include "core/arguments/argumentjson.h"
#include "core/json.h"
#include "engine/model/modelcard.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/runparts.h"
#include "engine/train/trainerstate.h"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

namespace studio {
namespace {

constexpr std::size_t kExampleRows = 3;
constexpr std::size_t kExampleCharacters = 200;
constexpr std::size_t kLogRows = 100;

struct Task
{
    const char* evaluator;
    const char* type;
    const char* name;
};
constexpr std::array kTasks{
    Task{"EmbeddingSimilarityEvaluator", "semantic-similarity", "Semantic Similarity"},
    Task{"BinaryClassificationEvaluator", "binary-classification", "Binary Classification"},
    Task{"TripletEvaluator", "triplet", "Triplet"},
    Task{"InformationRetrievalEvaluator", "information-retrieval", "Information Retrieval"},
    Task{"NanoBEIREvaluator", "information-retrieval", "Information Retrieval"},
    Task{"RerankingEvaluator", "reranking", "Reranking"},
    Task{"TranslationEvaluator", "translation", "Translation"},
    Task{"MSEEvaluator", "knowledge-distillation", "Knowledge Distillation"},
    Task{"ParaphraseMiningEvaluator", "paraphrase-mining", "Paraphrase Mining"},
    Task{"LabelAccuracyEvaluator", "text-classification", "Text Classification"}};

const Task* taskOf(const std::string& evaluator)
{
    for (const auto& task : kTasks)
        if (evaluator == task.evaluator) return &task;
    return nullptr;
}

/// Text for YAML: JSON's quoted form is also YAML's.
std::string quoted(const std::string& text)
{
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string lastPart(const std::string& path)
{
    const auto name = std::filesystem::path(path).lexically_normal().filename().string();
    return name.empty() ? std::filesystem::path(path).parent_path().filename().string() : name;
}

std::string fixed(double value)
{
    char buffer[64];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 4).ptr};
}

std::string number(double value)
{
    char buffer[64];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// A cell of a Markdown table, on one line and not longer than people read.
std::string cell(std::string_view text)
{
    std::string out;
    for (const char c : text.substr(0, kExampleCharacters)) {
        if (c == '\n' || c == '\r' || c == '\t')
            out += ' ';
        else if (c == '|' || c == '<' || c == '`')
            (out += '\\') += c;
        else
            out += c;
    }
    // A character that was cut in the middle goes as a whole.
    if (text.size() > kExampleCharacters) {
        while (!out.empty() && (out.back() & 0xc0) == 0x80)
            out.pop_back();
        if (!out.empty() && (out.back() & 0x80) != 0) out.pop_back();
        out += "…";
    }
    return out;
}

/// The evaluation that belongs to the saved weights: the last one up to their step.
const Json* evaluationOf(const TrainerState& state, std::int64_t step)
{
    const Json* found = nullptr;
    for (const auto& entry : state.logHistory) {
        if (!entry.contains("step") || entry["step"].get<std::int64_t>() > step) continue;
        for (const auto& [key, value] : entry.items())
            if (key.starts_with("eval_")) found = &entry;
    }
    return found;
}

bool isTiming(const std::string& metric)
{
    return metric == "loss" || metric == "runtime" || metric.ends_with("_per_second");
}

struct Measured
{
    const Task* task;
    std::string name;
    MetricList metrics; ///< without "eval_" and the evaluator's name
};

std::vector<Measured> measured(const Experiment& experiment, const Json* evaluation)
{
    std::vector<Measured> all;
    if (!evaluation) return all;
    for (const auto& spec : experiment.evaluators) {
        const auto* task = taskOf(spec.type);
        if (!task) continue;
        Measured one{task, spec.name.empty() ? spec.data : spec.name, {}};
        const auto prefix = "eval_" + (one.name.empty() ? "" : one.name + "_");
        for (const auto& [key, value] : evaluation->items())
            if (key.starts_with(prefix) && value.is_number() && !isTiming(key.substr(prefix.size())))
                one.metrics.emplace_back(key.substr(prefix.size()), value.get<double>());
        if (!one.metrics.empty()) all.push_back(std::move(one));
    }
    return all;
}

std::string frontMatter(const RunParts& parts, const std::vector<Measured>& results, const std::string& title)
{
    const auto& experiment = parts.experiment;
    std::int64_t rows = 0;
    for (const auto& set : parts.train)
        rows += set.rows();
    std::string yaml =
        "---\ntags:\n- sentence-transformers\n- sentence-similarity\n- feature-extraction\n- dense\n"
        "- generated_from_trainer\n- dataset_size:" +
        std::to_string(rows) + "\n";
    std::set<std::string> losses;
    for (const auto& set : experiment.train)
        if (set.loss && losses.insert(set.loss->type).second) yaml += "- loss:" + set.loss->type + "\n";
    yaml += "base_model: " + quoted(lastPart(experiment.model.path)) +
            "\npipeline_tag: sentence-similarity\nlibrary_name: sentence-transformers\n";
    if (results.empty()) return yaml + "---\n\n";

    std::set<std::string> names;
    for (const auto& result : results)
        for (const auto& [key, value] : result.metrics)
            names.insert(key);
    yaml += "metrics:\n";
    for (const auto& name : names)
        yaml += "- " + name + "\n";
    yaml += "model-index:\n- name: " + quoted(title) + "\n  results:\n";
    for (const auto& result : results) {
        yaml += "  - task:\n      type: " + std::string(result.task->type) +
                "\n      name: " + result.task->name +
                "\n    dataset:\n      name: " + quoted(result.name.empty() ? "evaluation" : result.name) +
                "\n      type: unknown\n    metrics:\n";
        for (const auto& [key, value] : result.metrics)
            yaml += "    - type: " + key + "\n      value: " + number(value) + "\n      name: " + key + "\n";
    }
    return yaml + "---\n\n";
}

std::string evaluationSection(const std::vector<Measured>& results)
{
    if (results.empty()) return {};
    std::string text = "\n## Evaluation\n\n### Metrics\n";
    for (const auto& result : results) {
        text += "\n#### " + std::string(result.task->name) + "\n\n";
        if (!result.name.empty()) text += "* Dataset: `" + result.name + "`\n\n";
        text += "| Metric | Value |\n|:--|:--|\n";
        for (const auto& [key, value] : result.metrics)
            text += "| " + key + " | " + fixed(value) + " |\n";
    }
    return text;
}

std::string datasetSection(const Dataset& set, const DataSpec& spec)
{
    std::string text = "\n#### " + (set.name().empty() ? "Unnamed Dataset" : set.name()) + "\n\n* File: `" +
                       lastPart(spec.path) + "`\n* Size: " + std::to_string(set.rows()) +
                       " training samples\n* Columns:";
    std::string header = "|", line = "|";
    const auto column = [&](const std::string& name) {
        text += " `" + name + "`";
        header += " " + cell(name) + " |";
        line += ":--|";
    };
    for (const auto& name : set.inputs())
        column(name);
    if (set.hasLabel()) column(set.labelColumn());
    text += "\n* Samples:\n\n" + header + "\n" + line + "\n";
    for (std::int64_t row = 0; row < std::min<std::int64_t>(set.rows(), kExampleRows); ++row) {
        text += "|";
        for (std::size_t input = 0; input < set.inputs().size(); ++input)
            text += " " + cell(set.text(static_cast<int>(input), row)) + " |";
        if (set.hasLabel())
            text += set.labelKind() == ColumnKind::List ? " (list) |" : " " + number(set.label(row)) + " |";
        text += "\n";
    }
    if (spec.loss) {
        text += "\n* Loss: `" + spec.loss->type + "`";
        const bool options = spec.loss->options.is_object() && !spec.loss->options.empty();
        text +=
            options ? " with these parameters:\n\n```json\n" + spec.loss->options.dump(2) + "\n```\n" : "\n";
    }
    return text;
}

std::string argumentsSection(const TrainingArguments& arguments)
{
    std::string text = "\n### Training Hyperparameters\n\n#### Non-Default Hyperparameters\n\n";
    const auto changed = toPreset(arguments);
    for (const auto& [key, value] : changed.items())
        // Where something lay on one machine tells nothing about the model.
        if (key != "output_dir" && key != "logging_dir" && key != "resume_from_checkpoint" &&
            key != "run_name")
            text +=
                "- `" + key + "`: " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
    return text;
}

/// Epoch, step, training loss, evaluation loss and each evaluator's first metric.
std::string logSection(const TrainerState& state, const std::vector<Measured>& results)
{
    std::vector<std::string> keys{"loss", "eval_loss"};
    for (const auto& result : results)
        keys.push_back("eval_" + (result.name.empty() ? "" : result.name + "_") +
                       result.metrics.back().first);
    std::map<std::int64_t, std::map<std::string, double>> rows;
    std::map<std::int64_t, double> epochs;
    std::set<std::string> present;
    for (const auto& entry : state.logHistory) {
        if (!entry.contains("step")) continue;
        const auto step = entry["step"].get<std::int64_t>();
        if (entry.contains("epoch")) epochs[step] = entry["epoch"].get<double>();
        for (const auto& key : keys)
            if (entry.contains(key) && entry[key].is_number()) {
                rows[step][key] = entry[key].get<double>();
                present.insert(key);
            }
    }
    if (rows.empty()) return {};
    std::erase_if(keys, [&](const std::string& key) { return !present.contains(key); });
    std::string text = "\n### Training Logs\n\n| Epoch | Step |";
    for (const auto& key : keys)
        text += " " +
                (key == "loss"        ? "Training Loss"
                 : key == "eval_loss" ? "Validation Loss"
                                      : key.substr(5)) +
                " |";
    text += "\n|:--|:--|";
    for (std::size_t i = 0; i < keys.size(); ++i)
        text += ":--|";
    text += "\n";
    // Long runs are shown by the rows that evaluations gave, then by every so many-th.
    const auto every = (rows.size() + kLogRows - 1) / kLogRows;
    std::size_t index = 0;
    for (const auto& [step, values] : rows) {
        const bool shown = index++ % every == 0 || (values.size() > 1 && rows.size() <= 4 * kLogRows);
        if (!shown) continue;
        text += "| " + fixed(epochs[step]) + " | " + std::to_string(step) + " |";
        for (const auto& key : keys) {
            const auto found = values.find(key);
            text += " " + (found == values.end() ? "-" : fixed(found->second)) + " |";
        }
        text += "\n";
    }
    return text;
}

} // namespace

std::string runModelCard(const RunParts& parts, const TrainerState& state, std::int64_t weightsStep)
{
    const auto& experiment = parts.experiment;
    const auto base = lastPart(experiment.model.path);
    const auto title = experiment.name.empty() ? "SentenceTransformer based on " + base : experiment.name;
    const auto results = measured(experiment, evaluationOf(state, weightsStep));

    std::string card = frontMatter(parts, results, title);
    card += "# " + title +
            "\n\nThis is a [sentence-transformers](https://www.SBERT.net) model finetuned from `" + base +
            "`.\n\n";
    if (!experiment.notes.empty()) card += experiment.notes + "\n\n";
    card += modelCardBody(*parts.model);
    card += evaluationSection(results);
    card += "\n## Training Details\n\n### Training Datasets\n";
    for (std::size_t i = 0; i < parts.train.size(); ++i)
        card += datasetSection(parts.train[i], experiment.train[i]);
    card += argumentsSection(experiment.arguments);
    card += logSection(state, results);
    card += "\nTrained with Sentence Studio, " + std::to_string(weightsStep) + " updates.\n";
    return card;
}

} // namespace studio
