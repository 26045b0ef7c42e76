#include "core/records/pythonrun.h"

#include "core/files/filesystem.h"
#include "core/files/jsontext.h"
#include "core/records/tfevents.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

namespace fs = std::filesystem;

namespace studio {

namespace {

constexpr std::uint64_t kMaxState = std::uint64_t(256) << 20;
constexpr std::uint64_t kMaxCsv = std::uint64_t(64) << 20;

std::vector<std::string> namesIn(const fs::path& folder)
{
    std::vector<std::string> names;
    if (posixFileSystem().list(folder.string(), names) < 0) names.clear();
    std::sort(names.begin(), names.end());
    return names;
}

bool isThere(const fs::path& path)
{
    return fileExists(posixFileSystem(), path.string());
}

/// N of "checkpoint-N", -1 for other names.
std::int64_t checkpointStep(const std::string& name)
{
    constexpr std::string_view kPrefix = "checkpoint-";
    if (!name.starts_with(kPrefix)) return -1;
    std::int64_t step = -1;
    const char* end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + kPrefix.size(), end, step);
    return error == std::errc() && rest == end ? step : -1;
}

bool isEventFile(const std::string& name)
{
    return name.find(".tfevents.") != std::string::npos;
}

bool isEvaluatorFile(const std::string& name)
{
    return name.ends_with("_results.csv");
}

/// The newest trainer_state.json: the folder's own, else that of the last checkpoint. Checkpoints with a manifest are
/// ours.
fs::path trainerState(const fs::path& folder, const std::vector<std::string>& names)
{
    if (isThere(folder / "trainer_state.json")) return folder / "trainer_state.json";
    std::int64_t newest = -1;
    fs::path found;
    for (const std::string& name : names) {
        const std::int64_t step = checkpointStep(name);
        if (step <= newest || !isThere(folder / name / "trainer_state.json")) continue;
        if (isThere(folder / name / "manifest.json")) continue;
        newest = step;
        found = folder / name / "trainer_state.json";
    }
    return found;
}

std::vector<fs::path> eventFiles(const fs::path& folder, const std::vector<std::string>& names)
{
    std::vector<fs::path> files;
    const auto take = [&](const fs::path& from, const std::vector<std::string>& all) {
        for (const std::string& name : all) {
            if (isEventFile(name)) files.push_back(from / name);
        }
    };
    take(folder, names);
    for (const char* below : {"runs", "logs"}) {
        const fs::path logs = folder / below;
        const auto inside = namesIn(logs);
        take(logs, inside);
        for (const std::string& name : inside)
            take(logs / name, namesIn(logs / name));
    }
    return files;
}

std::vector<fs::path> evaluatorFiles(const fs::path& folder, const std::vector<std::string>& names)
{
    std::vector<fs::path> files;
    for (const std::string& name : names)
        if (isEvaluatorFile(name)) files.push_back(folder / name);
    for (const std::string& name : namesIn(folder / "eval"))
        if (isEvaluatorFile(name)) files.push_back(folder / "eval" / name);
    return files;
}

std::optional<double> number(const Json& value)
{
    if (value.is_number()) return value.get<double>();
    if (value.is_string() && value == "NaN") return std::numeric_limits<double>::quiet_NaN();
    return std::nullopt;
}

/// "similarity_evaluation_sts-dev_results.csv" → "sts-dev".
std::string evaluatorName(std::string file)
{
    file.erase(file.size() - std::string_view("_results.csv").size());
    for (const char* kind : {"_evaluation_", "_evaluation", "Evaluator_"}) {
        if (const auto at = file.find(kind); at != std::string::npos)
            return file.substr(at + std::string_view(kind).size());
    }
    return file;
}

std::vector<std::string> csvCells(std::string_view line)
{
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"') quoted = !quoted;
        else if (c == ',' && !quoted) cells.emplace_back();
        else if (c != '\r') cells.back() += c;
    }
    return cells;
}

std::optional<double> cellNumber(const std::string& text)
{
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && rest == end) return value;
    return std::nullopt;
}

/// What the files say, by step; each value has the first file's word.
class Story
{
public:
    explicit Story(RunData& run) : m_run(run) {}

    void add(std::int64_t step, const std::string& key, double value)
    {
        if (key == "epoch") {
            m_epochs.try_emplace(step, value);
        } else if (key == "total_flos" || key.starts_with("train_")) {
            if (m_finalKeys.try_emplace(key, true).second) m_final.emplace_back(key, value);
        } else {
            MetricList& values = key.starts_with("eval_") || key.starts_with("test_") ? m_evaluations[step] : m_logs[step];
            const bool known = std::any_of(values.begin(), values.end(), [&](const auto& entry) { return entry.first == key; });
            if (!known) values.emplace_back(key, value);
        }
    }
    void addTime(std::int64_t step, double time) { m_times.try_emplace(step, time); }
    std::int64_t lastStep() const
    {
        std::int64_t last = 0;
        if (!m_logs.empty()) last = m_logs.rbegin()->first;
        return m_evaluations.empty() ? last : std::max(last, m_evaluations.rbegin()->first);
    }
    void problem(std::string sentence) { m_run.summary.problems.push_back(std::move(sentence)); }

    void readState(const fs::path& path);
    void readEvents(const fs::path& path);
    void readCsv(const fs::path& path);
    void tell();

private:
    double timeOf(std::int64_t step) const
    {
        const auto found = m_times.upper_bound(step);
        return found == m_times.begin() ? (m_times.empty() ? 0 : m_times.begin()->second) : std::prev(found)->second;
    }
    Event event(EventKind kind, std::int64_t step) const
    {
        Event event;
        event.kind = kind;
        event.step = step;
        const auto epoch = m_epochs.find(step);
        if (epoch != m_epochs.end()) event.epoch = epoch->second;
        event.time = timeOf(step);
        return event;
    }

    RunData& m_run;
    std::map<std::int64_t, MetricList> m_logs, m_evaluations;
    std::map<std::int64_t, double> m_epochs, m_times;
    std::map<std::string, bool> m_finalKeys;
    MetricList m_final;
    std::int64_t m_total = 0;
    std::int64_t m_reached = 0;
    double m_plannedEpochs = 0;
    Json m_arguments = Json::object();
};

void Story::readState(const fs::path& path)
{
    const auto text = readWholeFile(posixFileSystem(), path.string(), kMaxState);
    if (!text) return problem(text.error().text());
    // NaN and Infinity stand bare in Python's JSON.
    std::string plain;
    plain.reserve(text->size());
    for (std::size_t i = 0; i < text->size();) {
        const std::string_view rest = std::string_view(*text).substr(i);
        const auto bare = [&](std::string_view word) { return i > 0 && (*text)[i - 1] == ' ' && rest.starts_with(word); };
        if (bare("NaN") || bare("Infinity") || bare("-Infinity")) {
            plain += "\"NaN\"";
            i += rest.starts_with("NaN") ? 3 : rest.starts_with("-") ? 9 : 8;
        } else {
            plain += (*text)[i++];
        }
    }
    const auto state = parseJsonText(plain, path.string(), {kMaxState, 16});
    if (!state) return problem(state.error().text());
    if (!state->is_object() || !state->contains("log_history") || !state->at("log_history").is_array())
        return problem(path.string() + " has no list \"log_history\": it is no trainer state. It is left out.");
    const auto whole = [&](const char* key) {
        const auto found = state->find(key);
        return found != state->end() && found->is_number() ? found->get<double>() : 0.0;
    };
    m_total = static_cast<std::int64_t>(whole("max_steps"));
    m_reached = static_cast<std::int64_t>(whole("global_step"));
    m_plannedEpochs = whole("num_train_epochs");
    constexpr std::pair<const char*, const char*> kArguments[] = {{"train_batch_size", "per_device_train_batch_size"},
                                                                  {"num_train_epochs", "num_train_epochs"},
                                                                  {"logging_steps", "logging_steps"},
                                                                  {"eval_steps", "eval_steps"},
                                                                  {"save_steps", "save_steps"}};
    for (const auto& [from, to] : kArguments)
        if (const auto found = state->find(from); found != state->end() && found->is_number()) m_arguments[to] = *found;
    std::size_t odd = 0;
    for (const Json& entry : state->at("log_history")) {
        if (!entry.is_object() || !entry.contains("step") || !entry["step"].is_number()) {
            ++odd;
            continue;
        }
        const auto step = static_cast<std::int64_t>(entry["step"].get<double>());
        for (const auto& [key, value] : entry.items())
            if (const auto found = number(value); found && key != "step") add(step, key, *found);
    }
    if (odd > 0) problem(std::to_string(odd) + " entries of " + path.filename().string() + " name no step and are left out.");
}

void Story::readEvents(const fs::path& path)
{
    const auto read = readTfEvents(path.string());
    if (!read) return problem(read.error().text());
    for (const TfScalar& scalar : read->scalars) {
        addTime(scalar.step, scalar.time);
        std::string key = scalar.tag;
        if (key.starts_with("train/")) key = key.substr(6);
        else if (key.starts_with("eval/") || key.starts_with("test/")) key[4] = '_';
        add(scalar.step, key, scalar.value);
    }
    if (read->damagedRecords > 0)
        problem(std::to_string(read->damagedRecords) + " records of " + path.filename().string() + " are damaged and left out.");
    if (read->lostBytes > 0)
        problem("The last " + std::to_string(read->lostBytes) + " bytes of " + path.filename().string() + " cannot be read and are left out.");
}

void Story::readCsv(const fs::path& path)
{
    const auto text = readWholeFile(posixFileSystem(), path.string(), kMaxCsv);
    if (!text) return problem(text.error().text());
    const std::string prefix = "eval_" + evaluatorName(path.filename().string()) + "_";
    std::vector<std::string> header;
    std::size_t odd = 0;
    std::size_t from = 0;
    while (from < text->size()) {
        const std::size_t end = std::min(text->find('\n', from), text->size());
        const auto cells = csvCells(std::string_view(*text).substr(from, end - from));
        from = end + 1;
        if (header.empty()) {
            header = cells;
            if (header.size() < 3 || header[0] != "epoch" || header[1] != "steps")
                return problem(path.filename().string() + " does not begin with the columns epoch and steps: it is no file of an evaluator. It is left out.");
            continue;
        }
        if (cells.size() == 1 && cells[0].empty()) continue;
        const auto epoch = cells.size() == header.size() ? cellNumber(cells[0]) : std::nullopt;
        const auto steps = epoch ? cellNumber(cells[1]) : std::nullopt;
        if (!steps) {
            ++odd;
            continue;
        }
        // Evaluated outside of a training (-1): before its first step, or after its last one.
        const bool outside = *steps < 0;
        const std::int64_t step = !outside ? static_cast<std::int64_t>(*steps) : m_evaluations.empty() ? 0 : lastStep();
        if (!outside) add(step, "epoch", *epoch);
        for (std::size_t i = 2; i < header.size(); ++i)
            if (const auto value = cellNumber(cells[i])) add(step, prefix + header[i], *value);
    }
    if (odd > 0) problem(std::to_string(odd) + " lines of " + path.filename().string() + " do not fit its header and are left out.");
}

void Story::tell()
{
    RunStatus& status = m_run.summary.status;
    status.step = std::max(m_reached, lastStep());
    status.totalSteps = std::max(m_total, status.step);
    status.started = m_times.empty() ? 0 : m_times.begin()->second;
    status.updated = m_times.empty() ? 0 : m_times.rbegin()->second;
    const bool complete = !m_final.empty() || (m_total > 0 && m_reached >= m_total);
    status.state = complete ? RunState::Completed : RunState::Interrupted;
    if (!m_evaluations.empty()) status.metrics = m_evaluations.rbegin()->second;
    if (!m_epochs.empty()) status.epoch = m_epochs.rbegin()->second;

    Event started = event(EventKind::Started, 0);
    started.text = status.id;
    started.values = {{"total_steps", static_cast<double>(status.totalSteps)}, {"epochs", m_plannedEpochs}};
    m_run.events.push_back(started);
    std::map<std::int64_t, int> steps;
    for (const auto* list : {&m_logs, &m_evaluations})
        for (const auto& entry : *list)
            steps[entry.first] = 0;
    double before = status.started;
    for (const auto& [step, unused] : steps) {
        if (const auto log = m_logs.find(step); log != m_logs.end()) {
            Event told = event(EventKind::Log, step);
            told.values = log->second;
            m_run.events.push_back(told);
            StepRecord record;
            record.step = step;
            record.loss = record.gradNorm = record.learningRate = std::numeric_limits<double>::quiet_NaN();
            for (const auto& [key, value] : log->second) {
                if (key == "loss") record.loss = value;
                if (key == "grad_norm") record.gradNorm = value;
                if (key == "learning_rate") record.learningRate = value;
            }
            record.seconds = std::max(0.0, timeOf(step) - before);
            before = timeOf(step);
            if (!std::isnan(record.loss) || !std::isnan(record.learningRate)) m_run.logged.push_back(record);
        }
        if (const auto evaluation = m_evaluations.find(step); evaluation != m_evaluations.end()) {
            Event told = event(EventKind::Evaluation, step);
            told.values = evaluation->second;
            m_run.events.push_back(told);
        }
    }
    if (complete) {
        Event end = event(EventKind::Completed, status.step);
        end.values = m_final;
        m_run.events.push_back(end);
    }
    m_run.experimentJson = Json{{"name", status.name}, {"arguments", m_arguments}}.dump(2);
}

} // namespace

bool isPythonRun(const fs::path& folder)
{
    const auto names = namesIn(folder);
    if (!trainerState(folder, names).empty()) return true;
    const auto any = [&](bool (*is)(const std::string&)) { return std::any_of(names.begin(), names.end(), is); };
    return any(isEventFile) || any(isEvaluatorFile);
}

RunData readPythonRun(const fs::path& folder)
{
    RunData run;
    run.summary.folder = folder;
    run.summary.foreign = true;
    run.summary.status.id = run.summary.status.name = folder.filename().string();
    run.summary.status.outputDir = folder.string();
    const auto names = namesIn(folder);
    Story story(run);
    if (const fs::path state = trainerState(folder, names); !state.empty()) story.readState(state);
    for (const fs::path& file : eventFiles(folder, names))
        story.readEvents(file);
    for (const fs::path& file : evaluatorFiles(folder, names))
        story.readCsv(file);
    story.tell();
    return run;
}

} // namespace studio
