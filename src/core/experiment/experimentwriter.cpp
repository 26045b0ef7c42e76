#include "core/arguments/argumentjson.h"
#include "core/experiment/experiment.h"
#include "core/experiment/migration.h"
#include "core/files/jsontext.h"

#include <algorithm>

namespace studio {

namespace {

std::string indented(int level)
{
    return std::string(static_cast<std::size_t>(level) * 2, ' ');
}

// A JSON value as it stands at some depth of the file.
std::string valueText(const Json& value, int level)
{
    std::string text = value.dump(2, ' ', false, Json::error_handler_t::replace);
    std::string placed;
    for (const char c : text) {
        placed += c;
        if (c == '\n') placed += indented(level);
    }
    return placed;
}

/// Writes the members of one object, with the unknown keys that belong to it at their places.
class ObjectWriter
{
public:
    /// `written`: keys that will be written, so that a kept value of the same name (one of a wrong type)
    /// gives way.
    ObjectWriter(const Json& unknown, std::string path, int level, const Json& written = Json())
        : m_path(std::move(path)), m_level(level)
    {
        if (!unknown.is_object()) return;
        for (const auto& [place, kept] : unknown.items()) {
            if (!kept.is_object() || kept.value("in", std::string()) != m_path) continue;
            const std::string text = kept.value("text", std::string());
            if (!text.empty() && !(written.is_object() && written.contains(keyOf(place)))) {
                m_kept.push_back({keyOf(place), kept.value("after", std::string()), text, false});
            }
        }
        follow("");
    }

    void raw(const std::string& key, const std::string& text)
    {
        m_lines.push_back(quotedJson(key) + ": " + text);
        follow(key);
    }
    void json(const std::string& key, const Json& value) { raw(key, valueText(value, m_level + 1)); }
    void text(const std::string& key, const std::string& value) { raw(key, quotedJson(value)); }
    void textIfSet(const std::string& key, const std::string& value)
    {
        if (!value.empty()) text(key, value);
    }
    template <typename T>
    void ifSet(const std::string& key, const std::optional<T>& value)
    {
        if (value) json(key, Json(*value));
    }

    std::string finish()
    {
        // Those whose neighbour is not in the file any more.
        for (Kept& kept : m_kept) {
            if (!kept.written) m_lines.push_back(kept.text);
        }
        if (m_lines.empty()) return "{}";
        std::string object = "{\n";
        for (std::size_t i = 0; i < m_lines.size(); ++i) {
            object += indented(m_level + 1) + m_lines[i] + (i + 1 < m_lines.size() ? ",\n" : "\n");
        }
        return object + indented(m_level) + "}";
    }

private:
    struct Kept
    {
        std::string key;
        std::string after;
        std::string text;
        bool written;
    };

    std::string keyOf(const std::string& place) const
    {
        return m_path.empty() ? place : place.substr(std::min(place.size(), m_path.size() + 1));
    }
    void follow(const std::string& key)
    {
        for (std::size_t i = 0; i < m_kept.size(); ++i) {
            if (m_kept[i].written || m_kept[i].after != key) continue;
            m_kept[i].written = true;
            m_lines.push_back(m_kept[i].text);
            follow(m_kept[i].key);
        }
    }

    std::string m_path;
    int m_level;
    std::vector<Kept> m_kept;
    std::vector<std::string> m_lines;
};

std::string listText(const std::vector<std::string>& items, int level)
{
    if (items.empty()) return "[]";
    std::string list = "[\n";
    for (std::size_t i = 0; i < items.size(); ++i) {
        list += indented(level + 1) + items[i] + (i + 1 < items.size() ? ",\n" : "\n");
    }
    return list + indented(level) + "]";
}

bool hasContents(const Json& value)
{
    return value.is_string() || (value.is_object() && !value.empty());
}

std::string loraText(const LoraSpec& lora, const Json& unknown)
{
    ObjectWriter out(unknown, "model.lora", 2);
    out.json("r", lora.r);
    out.json("lora_alpha", lora.loraAlpha);
    out.json("lora_dropout", lora.loraDropout);
    if (lora.targetsAreText && !lora.targetModules.empty())
        out.text("target_modules", lora.targetModules.front());
    else if (!lora.targetModules.empty())
        out.json("target_modules", Json(lora.targetModules));
    out.text("bias", lora.bias);
    out.json("use_rslora", lora.useRslora);
    if (lora.merge) out.json("merge", true);
    return out.finish();
}

std::string modelText(const ModelSpec& model, const Json& unknown)
{
    ObjectWriter out(unknown, "model", 1);
    out.text("path", model.path);
    out.ifSet("max_seq_length", model.maxSeqLength);
    out.ifSet("pooling", model.pooling);
    out.ifSet("similarity", model.similarity);
    out.ifSet("truncate_dim", model.truncateDim);
    out.ifSet("dropout", model.dropout);
    if (model.lora) out.raw("lora", loraText(*model.lora, unknown));
    return out.finish();
}

std::string dataText(const DataSpec& data, const Json& unknown, const std::string& path)
{
    ObjectWriter out(unknown, path, 2);
    out.text("name", data.name);
    out.text("path", data.path);
    out.textIfSet("format", data.format);
    if (!data.columns.empty()) {
        ObjectWriter columns(unknown, path + ".columns", 3);
        for (const auto& [role, column] : data.columns)
            columns.text(role, column);
        out.raw("columns", columns.finish());
    }
    if (data.rows) out.json("rows", Json::array({data.rows->first, data.rows->second}));
    out.ifSet("score_divisor", data.scoreDivisor);
    if (!data.labels.empty()) out.json("labels", Json(data.labels));
    if (data.loss) {
        ObjectWriter loss(unknown, path + ".loss", 3);
        loss.text("type", data.loss->type);
        if (hasContents(data.loss->options)) loss.json("options", data.loss->options);
        out.raw("loss", loss.finish());
    }
    if (hasContents(data.prompts)) out.json("prompts", data.prompts);
    return out.finish();
}

std::string evaluatorText(const EvaluatorSpec& evaluator, const Json& unknown, const std::string& path)
{
    ObjectWriter out(unknown, path, 2);
    out.text("type", evaluator.type);
    out.textIfSet("name", evaluator.name);
    out.textIfSet("data", evaluator.data);
    if (hasContents(evaluator.options)) out.json("options", evaluator.options);
    return out.finish();
}

template <typename Items, typename Print>
std::string itemsText(const Items& items, const std::string& key, Print print)
{
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < items.size(); ++i) {
        texts.push_back(print(items[i], key + "[" + std::to_string(i) + "]"));
    }
    return listText(texts, 1);
}

} // namespace

std::string experimentToJson(const Experiment& experiment)
{
    const Json& unknown = experiment.unknown;
    const auto data = [&](const DataSpec& set, const std::string& path) {
        return dataText(set, unknown, path);
    };
    ObjectWriter out(unknown, "", 0);
    out.text("format", kExperimentFormat);
    out.json("version", kExperimentVersion);
    out.text("name", experiment.name);
    out.textIfSet("notes", experiment.notes);
    out.raw("model", modelText(experiment.model, unknown));
    out.raw("train", itemsText(experiment.train, "train", data));
    out.raw("eval", itemsText(experiment.eval, "eval", data));
    if (!experiment.test.empty()) out.raw("test", itemsText(experiment.test, "test", data));
    out.raw("evaluators", itemsText(experiment.evaluators, "evaluators",
                                    [&](const EvaluatorSpec& evaluator, const std::string& path) {
                                        return evaluatorText(evaluator, unknown, path);
                                    }));
    if (experiment.earlyStopping) {
        ObjectWriter stopping(unknown, "early_stopping", 1);
        stopping.json("patience", experiment.earlyStopping->patience);
        stopping.json("threshold", experiment.earlyStopping->threshold);
        out.raw("early_stopping", stopping.finish());
    }
    const Json preset = toPreset(experiment.arguments);
    ObjectWriter arguments(unknown, "arguments", 1, preset);
    for (const auto& [key, value] : preset.items())
        arguments.json(key, value);
    out.raw("arguments", arguments.finish());
    return out.finish() + "\n";
}

} // namespace studio
