#include "core/arguments/argumentjson.h"
#include "core/experiment/experiment.h"
#include "core/experiment/migration.h"
#include "core/files/jsontext.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace studio {

namespace {

constexpr std::size_t kNowhere = std::string::npos;

// Number of single-letter edits between two short words.
std::size_t distance(const std::string& a, const std::string& b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

const char* typeName(const Json& value)
{
    if (value.is_null()) return "null";
    if (value.is_boolean()) return "true or false";
    if (value.is_number()) return "number";
    if (value.is_string()) return "text";
    return value.is_array() ? "list" : "object";
}

/// What all parts of the reading share.
struct Context
{
    std::string_view text; ///< of the file; empty: offsets are not known
    std::vector<Issue> issues;
    Json unknown = Json::object();

    std::string line(std::size_t offset) const
    {
        if (offset == kNowhere) return {};
        return " (line " + std::to_string(positionAt(text, offset).line) + ")";
    }
    void report(Severity severity, const char* code, const std::string& path, std::string message)
    {
        Issue issue;
        issue.severity = severity;
        issue.code = code;
        issue.keys = {path};
        issue.message = std::move(message);
        issues.push_back(std::move(issue));
    }
};

/// Reads the members of one object; those nobody asked for are kept as unknown.
class ObjectReader
{
public:
    ObjectReader(Context& context, const Json& object, std::string path, std::size_t offset)
        : m_context(context), m_object(object), m_path(std::move(path))
    {
        if (offset != kNowhere) m_members = membersAt(context.text, offset);
    }

    std::string pathOf(const std::string& key) const { return m_path.empty() ? key : m_path + "." + key; }

    /// The member, null when it is absent or null.
    const Json* take(const std::string& key)
    {
        m_known.insert(key);
        const auto found = m_object.find(key);
        return found == m_object.end() || found->is_null() ? nullptr : &*found;
    }
    std::size_t offsetOf(const std::string& key) const
    {
        const auto member = std::find_if(m_members.begin(), m_members.end(),
                                         [&](const JsonMember& entry) { return entry.key == key; });
        return member == m_members.end() ? kNowhere : member->value;
    }
    void wrong(const std::string& key, const std::string& expected, const Json& found)
    {
        wrongAt(pathOf(key), expected, found, offsetOf(key));
    }
    void wrongAt(const std::string& path, const std::string& expected, const Json& found, std::size_t offset)
    {
        m_context.report(Severity::Error, "experiment.type", path,
                         path + ": expected " + expected + ", found " + typeName(found) +
                             m_context.line(offset) + ". The value is left out.");
    }

    void text(const std::string& key, std::string& target)
    {
        if (const Json* value = take(key)) {
            if (value->is_string()) {
                target = value->get<std::string>();
            } else {
                wrong(key, "text", *value);
            }
        }
    }
    void text(const std::string& key, std::optional<std::string>& target)
    {
        std::string read;
        const std::size_t before = m_context.issues.size();
        text(key, read);
        const auto found = m_object.find(key);
        if (found != m_object.end() && !found->is_null() && m_context.issues.size() == before) target = read;
    }
    void whole(const std::string& key, std::optional<int>& target)
    {
        const Json* value = take(key);
        if (!value) return;
        const auto number = wholeNumber(*value);
        if (number && *number >= INT32_MIN && *number <= INT32_MAX) {
            target = static_cast<int>(*number);
        } else {
            wrong(key, "a whole number", *value);
        }
    }
    void number(const std::string& key, std::optional<double>& target)
    {
        const Json* value = take(key);
        if (!value) return;
        if (value->is_number()) {
            target = value->get<double>();
        } else {
            wrong(key, "a number", *value);
        }
    }
    void flag(const std::string& key, bool& target)
    {
        const Json* value = take(key);
        if (!value) return;
        if (value->is_boolean()) {
            target = value->get<bool>();
        } else {
            wrong(key, "true or false", *value);
        }
    }
    void object(const std::string& key, Json& target)
    {
        const Json* value = take(key);
        if (!value) return;
        if (value->is_object()) {
            target = *value;
        } else {
            wrong(key, "an object", *value);
        }
    }
    /// Calls read(element, path, offset) for each object of a list.
    template <typename Read>
    void objects(const std::string& key, Read read)
    {
        const Json* list = take(key);
        if (!list) return;
        if (!list->is_array()) {
            wrong(key, "a list", *list);
            return;
        }
        const std::size_t offset = offsetOf(key);
        const auto elements =
            offset == kNowhere ? std::vector<std::size_t>() : elementsAt(m_context.text, offset);
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string path = pathOf(key) + "[" + std::to_string(i) + "]";
            const std::size_t at = i < elements.size() ? elements[i] : kNowhere;
            if ((*list)[i].is_object()) {
                read((*list)[i], path, at);
            } else {
                wrongAt(path, "an object", (*list)[i], at);
            }
        }
    }

    /// Keeps what was not asked for. `quiet`: somebody else has named it already.
    void finish(const std::set<std::string>& only = {}, bool quiet = false)
    {
        std::string before;
        for (const auto& [key, value] : m_object.items()) {
            const std::string after = before;
            before = key;
            if (only.empty() ? m_known.contains(key) : !only.contains(key)) continue;
            keep(key, value, after);
            if (!quiet) name(key);
        }
    }

    static std::optional<std::int64_t> wholeNumber(const Json& value)
    {
        if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
        if (value.is_number_integer()) return value.get<std::int64_t>();
        if (!value.is_number_float()) return std::nullopt;
        const double number = value.get<double>();
        if (number != std::floor(number) || std::fabs(number) > 9e15) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }

private:
    void keep(const std::string& key, const Json& value, const std::string& after)
    {
        std::string text =
            quotedJson(key) + ": " + value.dump(-1, ' ', false, Json::error_handler_t::replace);
        for (const JsonMember& member : m_members) {
            if (member.key == key) text = m_context.text.substr(member.begin, member.end - member.begin);
        }
        Json kept;
        kept["in"] = m_path;
        kept["after"] = after;
        kept["text"] = text;
        m_context.unknown[pathOf(key)] = std::move(kept);
    }
    void name(const std::string& key)
    {
        std::string hint;
        for (const std::string& known : m_known) {
            if (distance(known, key) <= 2 && known.size() > 3) hint = " Did you mean \"" + known + "\"?";
        }
        m_context.report(Severity::Warning, "experiment.unknown_key", pathOf(key),
                         "\"" + pathOf(key) + "\" is not known" + m_context.line(offsetOf(key)) +
                             ": it has no effect, and is kept in the file." + hint);
    }

    Context& m_context;
    const Json& m_object;
    std::string m_path;
    std::vector<JsonMember> m_members;
    std::set<std::string> m_known;
};

std::optional<LoraSpec> readLora(Context& context, ObjectReader& owner)
{
    const Json* value = owner.take("lora");
    if (!value) return std::nullopt;
    if (!value->is_object()) {
        owner.wrong("lora", "an object", *value);
        return std::nullopt;
    }
    LoraSpec lora;
    ObjectReader reader(context, *value, owner.pathOf("lora"), owner.offsetOf("lora"));
    std::optional<int> r;
    std::optional<double> alpha, dropout;
    reader.whole("r", r);
    reader.number("lora_alpha", alpha);
    reader.number("lora_dropout", dropout);
    lora.r = r.value_or(lora.r);
    lora.loraAlpha = alpha.value_or(lora.loraAlpha);
    lora.loraDropout = dropout.value_or(lora.loraDropout);
    if (const Json* targets = reader.take("target_modules")) {
        const bool texts = targets->is_array() && std::all_of(targets->begin(), targets->end(),
                                                              [](const Json& t) { return t.is_string(); });
        if (targets->is_string()) {
            lora.targetModules = {targets->get<std::string>()};
            lora.targetsAreText = true;
        } else if (texts) {
            for (const Json& target : *targets)
                lora.targetModules.push_back(target.get<std::string>());
        } else {
            reader.wrong("target_modules", "text or a list of texts", *targets);
        }
    }
    reader.text("bias", lora.bias);
    reader.flag("use_rslora", lora.useRslora);
    reader.flag("merge", lora.merge);
    reader.finish();
    return lora;
}

ModelSpec readModel(Context& context, const Json& object, const std::string& path, std::size_t offset)
{
    ModelSpec model;
    ObjectReader reader(context, object, path, offset);
    reader.text("path", model.path);
    reader.whole("max_seq_length", model.maxSeqLength);
    reader.text("pooling", model.pooling);
    reader.text("similarity", model.similarity);
    reader.whole("truncate_dim", model.truncateDim);
    reader.number("dropout", model.dropout);
    model.lora = readLora(context, reader);
    reader.finish();
    return model;
}

std::optional<LossSpec> readLoss(Context& context, ObjectReader& owner)
{
    const Json* value = owner.take("loss");
    if (!value) return std::nullopt;
    LossSpec loss;
    loss.options = Json::object();
    if (value->is_string()) { // the short form
        loss.type = value->get<std::string>();
        return loss;
    }
    if (!value->is_object()) {
        owner.wrong("loss", "an object", *value);
        return std::nullopt;
    }
    ObjectReader reader(context, *value, owner.pathOf("loss"), owner.offsetOf("loss"));
    reader.text("type", loss.type);
    reader.object("options", loss.options);
    reader.finish();
    return loss;
}

void readColumns(Context& context, ObjectReader& owner, DataSpec& data)
{
    const Json* value = owner.take("columns");
    if (!value) return;
    if (!value->is_object()) {
        owner.wrong("columns", "an object (role: column)", *value);
        return;
    }
    ObjectReader reader(context, *value, owner.pathOf("columns"), owner.offsetOf("columns"));
    for (const auto& [role, column] : value->items()) {
        if (column.is_string()) {
            data.columns.emplace_back(role, column.get<std::string>());
        } else {
            reader.wrong(role, "text", column);
        }
    }
}

void readRows(ObjectReader& owner, DataSpec& data)
{
    const Json* value = owner.take("rows");
    if (!value) return;
    if (value->is_array() && value->size() == 2) {
        const auto begin = ObjectReader::wholeNumber((*value)[0]);
        const auto end = ObjectReader::wholeNumber((*value)[1]);
        if (begin && end) {
            data.rows.emplace(*begin, *end);
            return;
        }
    }
    owner.wrong("rows", "a list of two whole numbers [first, behind the last]", *value);
}

DataSpec readData(Context& context, const Json& object, const std::string& path, std::size_t offset)
{
    DataSpec data;
    ObjectReader reader(context, object, path, offset);
    reader.text("name", data.name);
    reader.text("path", data.path);
    reader.text("format", data.format);
    readColumns(context, reader, data);
    readRows(reader, data);
    reader.number("score_divisor", data.scoreDivisor);
    if (const Json* labels = reader.take("labels")) {
        const bool texts =
            labels->is_array() &&
            std::all_of(labels->begin(), labels->end(), [](const Json& label) { return label.is_string(); });
        if (texts) {
            for (const Json& label : *labels)
                data.labels.push_back(label.get<std::string>());
        } else {
            reader.wrong("labels", "a list of texts", *labels);
        }
    }
    data.loss = readLoss(context, reader);
    data.prompts = Json::object();
    if (const Json* prompts = reader.take("prompts")) {
        const bool object_ = prompts->is_object() && std::all_of(prompts->begin(), prompts->end(),
                                                                 [](const Json& p) { return p.is_string(); });
        if (object_ || prompts->is_string()) {
            data.prompts = *prompts;
        } else {
            reader.wrong("prompts", "text, or an object (column: prompt)", *prompts);
        }
    }
    reader.finish();
    return data;
}

EvaluatorSpec readEvaluator(Context& context, const Json& object, const std::string& path, std::size_t offset)
{
    EvaluatorSpec evaluator;
    evaluator.options = Json::object();
    ObjectReader reader(context, object, path, offset);
    reader.text("type", evaluator.type);
    reader.text("name", evaluator.name);
    reader.text("data", evaluator.data);
    reader.object("options", evaluator.options);
    reader.finish();
    return evaluator;
}

std::optional<EarlyStopping> readEarlyStopping(Context& context, ObjectReader& root)
{
    const Json* value = root.take("early_stopping");
    if (!value) return std::nullopt;
    if (!value->is_object()) {
        root.wrong("early_stopping", "an object", *value);
        return std::nullopt;
    }
    ObjectReader reader(context, *value, "early_stopping", root.offsetOf("early_stopping"));
    std::optional<int> patience;
    std::optional<double> threshold;
    reader.whole("patience", patience);
    reader.number("threshold", threshold);
    reader.finish();
    EarlyStopping stopping;
    if (patience) stopping.patience = *patience;
    if (threshold) stopping.threshold = *threshold;
    return stopping;
}

void readArgumentsPart(Context& context, ObjectReader& root, TrainingArguments& arguments)
{
    const Json* value = root.take("arguments");
    if (!value) return;
    if (!value->is_object()) {
        root.wrong("arguments", "an object", *value);
        return;
    }
    ArgumentsRead read = fromPreset(*value);
    arguments = std::move(read.arguments);
    // Which keys are no arguments, and what to say about them, is known there; how they look in the file is
    // known here.
    std::set<std::string> unknown;
    for (const auto& [key, kept] : read.unknown.items())
        unknown.insert(key);
    context.issues.insert(context.issues.end(), read.issues.begin(), read.issues.end());
    ObjectReader reader(context, *value, "arguments", root.offsetOf("arguments"));
    if (!unknown.empty()) reader.finish(unknown, true);
}

Error noExperiment(const std::string& name, const std::string& why)
{
    return {ErrorCode::Malformed, "Cannot read " + name + " as an experiment: " + why + ".", name};
}

} // namespace

Result<LoadedExperiment> parseExperiment(const std::string& text, const std::string& nameForMessages)
{
    const std::string name = nameForMessages.empty() ? "the experiment" : nameForMessages;
    Result<Json> document = parseJsonText(text, name);
    if (!document) return document.error();
    if (!document->is_object()) return noExperiment(name, "it holds no JSON object");
    const auto format = document->find("format");
    if (format != document->end() && *format != kExperimentFormat) {
        return noExperiment(name, "its \"format\" is " + format->dump() + ", expected \"" +
                                      std::string(kExperimentFormat) + "\". Choose another file");
    }
    const bool looksRight =
        std::any_of(document->items().begin(), document->items().end(), [](const auto& member) {
            return member.key() == "model" || member.key() == "train" || member.key() == "arguments";
        });
    if (format == document->end() && !document->empty() && !looksRight) {
        return noExperiment(name,
                            "its \"format\" is missing, and it has no \"model\", \"train\" or \"arguments\". "
                            "Choose another file");
    }

    LoadedExperiment loaded;
    Context context;
    context.text = text;
    migrateExperiment(*document, context.issues, experimentMigrations(), kExperimentVersion);

    Experiment& experiment = loaded.experiment;
    ObjectReader root(context, *document, "", rootOffset(text));
    root.take("format");
    root.take("version");
    root.text("name", experiment.name);
    root.text("notes", experiment.notes);
    if (const Json* model = root.take("model")) {
        if (model->is_object()) {
            experiment.model = readModel(context, *model, "model", root.offsetOf("model"));
        } else {
            root.wrong("model", "an object", *model);
        }
    }
    const auto readInto = [&](std::vector<DataSpec>& sets) {
        return [&](const Json& object, const std::string& path, std::size_t offset) {
            sets.push_back(readData(context, object, path, offset));
        };
    };
    root.objects("train", readInto(experiment.train));
    root.objects("eval", readInto(experiment.eval));
    root.objects("test", readInto(experiment.test));
    root.objects("evaluators", [&](const Json& object, const std::string& path, std::size_t offset) {
        experiment.evaluators.push_back(readEvaluator(context, object, path, offset));
    });
    experiment.earlyStopping = readEarlyStopping(context, root);
    readArgumentsPart(context, root, experiment.arguments);
    root.finish();
    experiment.unknown = std::move(context.unknown);
    loaded.issues = std::move(context.issues);
    return loaded;
}

} // namespace studio
