#include "core/queue/queuefile.h"

#include "core/experiment/experiment.h"
#include "core/files/durablefile.h"
#include "core/files/folders.h"
#include "core/files/jsontext.h"
#include "core/files/runlock.h"
#include "core/queue/sweep.h"
#include "core/records/events.h"
#include "core/records/runfolder.h"
#include "core/records/runreader.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <unistd.h>

namespace studio {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFormat = "sentence-studio/queue";
constexpr std::uint64_t kLargest = 64u << 20;

constexpr QueueState kStates[] = {QueueState::Waiting,   QueueState::Held,    QueueState::Running,
                                  QueueState::Completed, QueueState::Stopped, QueueState::Failed,
                                  QueueState::Skipped,   QueueState::Interrupted};

Json toJson(const QueueEntry& entry)
{
    Json metrics = Json::object(), settings = Json::object();
    for (const auto& [key, value] : entry.metrics)
        metrics[key] = std::isfinite(value) ? Json(value) : Json(nullptr);
    for (const auto& [key, value] : entry.settings)
        settings[key] = value;
    return {{"id", entry.id},
            {"name", entry.name},
            {"group", entry.group},
            {"state", queueStateName(entry.state)},
            {"own_process", entry.ownProcess},
            {"output", entry.output.string()},
            {"pid", entry.pid},
            {"started", entry.started},
            {"ended", entry.ended},
            {"message", entry.message},
            {"metrics", metrics},
            {"settings", settings},
            {"median_metric", entry.medianMetric},
            {"greater_is_better", entry.greaterIsBetter}};
}

QueueEntry fromJson(const Json& json)
{
    QueueEntry entry;
    entry.id = json.at("id").get<std::string>();
    entry.name = json.value("name", "");
    entry.group = json.value("group", "");
    entry.state = QueueState::Waiting;
    const auto word = json.value("state", "");
    for (const QueueState state : kStates)
        if (word == queueStateName(state)) entry.state = state;
    entry.ownProcess = json.value("own_process", false);
    entry.output = json.value("output", "");
    entry.pid = json.value("pid", std::int64_t(0));
    entry.started = json.value("started", 0.0);
    entry.ended = json.value("ended", 0.0);
    entry.message = json.value("message", "");
    entry.medianMetric = json.value("median_metric", "");
    entry.greaterIsBetter = json.value("greater_is_better", true);
    if (const auto metrics = json.find("metrics"); metrics != json.end() && metrics->is_object())
        for (const auto& [key, value] : metrics->items())
            entry.metrics.emplace_back(key, value.is_number() ? value.get<double>() : std::nan(""));
    if (const auto settings = json.find("settings"); settings != json.end() && settings->is_object())
        for (const auto& [key, value] : settings->items())
            if (value.is_string()) entry.settings.emplace_back(key, value.get<std::string>());
    return entry;
}

Error noEntry(std::string_view id)
{
    return {ErrorCode::NotFound, "There is no entry " + std::string(id) + " in the queue.", std::string(id)};
}

Error wrongState(const QueueEntry& entry, const char* wanted)
{
    return {ErrorCode::InvalidValue,
            "Entry " + entry.id + " (" + entry.name + ") is " + queueStateName(entry.state) + ": " + wanted,
            entry.id};
}

/// Held while the queue file is read and written, by whichever program.
class EditLock
{
public:
    explicit EditLock(const fs::path& folder)
        : m_file(::open((folder / ".edit").c_str(), O_CLOEXEC | O_CREAT | O_RDWR | O_NOFOLLOW, 0666))
    {
        while (m_file >= 0 && ::flock(m_file, LOCK_EX) != 0 && errno == EINTR) {
        }
    }
    ~EditLock()
    {
        if (m_file >= 0) ::close(m_file);
    }
    EditLock(const EditLock&) = delete;
    EditLock& operator=(const EditLock&) = delete;

private:
    int m_file;
};


} // namespace

const char* queueStateName(QueueState state)
{
    switch (state) {
    case QueueState::Waiting: return "waiting";
    case QueueState::Held: return "held";
    case QueueState::Running: return "running";
    case QueueState::Completed: return "completed";
    case QueueState::Stopped: return "stopped";
    case QueueState::Failed: return "failed";
    case QueueState::Skipped: return "skipped";
    case QueueState::Interrupted: return "interrupted";
    }
    return "";
}

QueueEntry* QueueContents::find(std::string_view id)
{
    for (QueueEntry& entry : entries)
        if (entry.id == id) return &entry;
    return nullptr;
}

const QueueEntry* QueueContents::next() const
{
    if (stopAfterThis) return nullptr;
    for (const QueueEntry& entry : entries)
        if (entry.state == QueueState::Waiting) return &entry;
    return nullptr;
}

Status QueueContents::move(std::string_view id, std::size_t place)
{
    const QueueEntry* found = find(id);
    if (!found) return noEntry(id);
    const auto from = static_cast<std::size_t>(found - entries.data());
    QueueEntry moved = std::move(entries[from]);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(from));
    entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(std::min(place, entries.size())), std::move(moved));
    return {};
}

Status QueueContents::hold(std::string_view id, bool held)
{
    QueueEntry* entry = find(id);
    if (!entry) return noEntry(id);
    if (entry->state != QueueState::Waiting && entry->state != QueueState::Held)
        return wrongState(*entry, "only a waiting one can be held.");
    entry->state = held ? QueueState::Held : QueueState::Waiting;
    return {};
}

Status QueueContents::skip(std::string_view id)
{
    QueueEntry* entry = find(id);
    if (!entry) return noEntry(id);
    if (entry->state != QueueState::Waiting && entry->state != QueueState::Held)
        return wrongState(*entry, "only a waiting one can be skipped.");
    entry->state = QueueState::Skipped;
    return {};
}

Status QueueContents::remove(std::string_view id)
{
    QueueEntry* entry = find(id);
    if (!entry) return noEntry(id);
    if (entry->state == QueueState::Running) return wrongState(*entry, "stop it first.");
    entries.erase(entries.begin() + (entry - entries.data()));
    return {};
}

Status QueueContents::again(std::string_view id)
{
    QueueEntry* entry = find(id);
    if (!entry) return noEntry(id);
    if (entry->state == QueueState::Running || entry->state == QueueState::Waiting)
        return wrongState(*entry, "it need not be queued again.");
    entry->state = QueueState::Waiting;
    entry->pid = 0;
    entry->ended = 0;
    entry->message.clear();
    return {};
}

fs::path QueueFile::userFolder()
{
    if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data)
        return fs::path(data) / "sentence-studio" / "queue";
    const char* home = std::getenv("HOME");
    return fs::path(home ? home : ".") / ".local" / "share" / "sentence-studio" / "queue";
}

Result<QueueContents> QueueFile::read() const
{
    const std::string path = (m_folder / "queue.json").string();
    QueueContents queue;
    const auto text = readWholeFile(posixFileSystem(), path, kLargest);
    if (!text) return text.error().code == ErrorCode::NotFound ? Result<QueueContents>(queue) : text.error();
    try {
        const auto json = Json::parse(*text);
        if (json.value("format", "") != kFormat)
            return Error{ErrorCode::Malformed, path + " is not a queue of this program. Move it away.", path};
        queue.going = json.value("going", false);
        queue.stopAfterThis = json.value("stop_after_this", false);
        queue.nextId = json.value("next_id", std::int64_t(1));
        for (const auto& entry : json.at("entries"))
            queue.entries.push_back(fromJson(entry));
    } catch (const Json::exception& error) {
        return Error{ErrorCode::Malformed,
                     "The queue " + path + " cannot be read: " + error.what() + ". Mend it or move it away.", path};
    }
    return queue;
}

Status QueueFile::change(const std::function<Status(QueueContents&)>& edit) const
{
    if (auto made = makeFolders(posixFileSystem(), m_folder.string()); !made) return made;
    const EditLock lock(m_folder);
    auto queue = read();
    if (!queue) return queue.error();
    if (auto done = edit(*queue); !done) return done;
    Json json{{"format", kFormat},
              {"version", 1},
              {"going", queue->going},
              {"stop_after_this", queue->stopAfterThis},
              {"next_id", queue->nextId},
              {"entries", Json::array()}};
    for (const QueueEntry& entry : queue->entries)
        json["entries"].push_back(toJson(entry));
    return writeFileDurably((m_folder / "queue.json").string(), json.dump(1) + "\n");
}

Result<std::string> QueueFile::add(const Experiment& experiment, const QueueAdd& how) const
{
    std::string id;
    const auto status = change([&](QueueContents& queue) -> Status {
        id = std::to_string(queue.nextId++);
        QueueEntry entry;
        entry.id = id;
        entry.name = how.name.empty() ? experiment.name : how.name;
        entry.group = how.group;
        entry.ownProcess = how.ownProcess;
        entry.settings = how.settings;
        entry.medianMetric = how.medianMetric;
        const bool isLoss = how.medianMetric.size() >= 4 && how.medianMetric.ends_with("loss");
        entry.greaterIsBetter = experiment.arguments.greaterIsBetter.value_or(!isLoss);
        // A folder of its own: no run of the queue writes over checkpoints of another one.
        const fs::path base = how.output.empty() ? fs::path(experiment.arguments.outputDir.value_or("runs")) : how.output;
        entry.output = base / (runSlug(entry.name) + "-" + id);
        Experiment own = experiment;
        own.name = entry.name;
        own.arguments.outputDir = entry.output.string();
        if (auto written = writeFileDurably(snapshot(id).string(), experimentToJson(own)); !written) return written;
        queue.entries.push_back(std::move(entry));
        return {};
    });
    if (!status) return status.error();
    return id;
}

Result<std::vector<std::string>> QueueFile::addSeeds(const Experiment& experiment,
                                                     const std::vector<std::int64_t>& seeds, QueueAdd how) const
{
    std::vector<std::string> ids;
    const std::string name = how.name.empty() ? experiment.name : how.name;
    if (how.group.empty()) how.group = name + ", seeds";
    for (const std::int64_t seed : seeds) {
        Experiment one = experiment;
        one.arguments.seed = seed;
        QueueAdd own = how;
        own.name = name + " seed " + std::to_string(seed);
        own.settings.emplace_back("seed", std::to_string(seed));
        auto id = add(one, own);
        if (!id) return id.error();
        ids.push_back(*id);
    }
    return ids;
}

void takeResult(QueueEntry& entry)
{
    entry.pid = 0;
    const auto runs = listRuns(entry.output / "runs");
    entry.state = QueueState::Interrupted;
    if (runs.empty()) return;
    const RunStatus& status = runs.front().status;
    entry.message = status.message;
    entry.metrics = status.metrics;
    entry.ended = status.updated;
    switch (status.state) {
    case RunState::Completed: entry.state = QueueState::Completed; break;
    case RunState::Stopped: entry.state = QueueState::Stopped; break;
    case RunState::Failed: entry.state = QueueState::Failed; break;
    default:
        entry.message = "cut off at step " + std::to_string(status.step) + "; run it again to go on from its checkpoint";
        break;
    }
}

namespace {

std::vector<Measured> measured(const QueueEntry& entry, const std::string& metric)
{
    std::vector<Measured> values;
    const auto runs = listRuns(entry.output / "runs");
    if (runs.empty()) return values;
    const auto read = readEvents(runs.front().folder / "events.jsonl");
    if (!read) return values;
    for (const Event& event : liveEvents(read->events)) {
        if (event.kind != EventKind::Evaluation) continue;
        for (const auto& [key, value] : event.values)
            if (key == metric) values.push_back({event.step, value});
    }
    return values;
}

} // namespace

bool endsEarly(const QueueContents& queue, const QueueEntry& entry)
{
    if (entry.medianMetric.empty() || entry.group.empty()) return false;
    const auto own = measured(entry, entry.medianMetric);
    if (own.empty()) return false;
    std::vector<std::vector<Measured>> others;
    for (const QueueEntry& other : queue.entries)
        if (other.id != entry.id && other.group == entry.group && other.started > 0)
            others.push_back(measured(other, entry.medianMetric));
    return endsByMedianRule(own, others, entry.greaterIsBetter);
}

bool processLives(const QueueEntry& entry)
{
    if (entry.pid <= 0) return false;
    if (RunLock::owner(entry.output).alive) return true;
    if (::kill(static_cast<pid_t>(entry.pid), 0) != 0 && errno == ESRCH) return false;
    // It may still be loading its model; another process may have got its number.
    std::ifstream file("/proc/" + std::to_string(entry.pid) + "/cmdline", std::ios::binary);
    const std::string command((std::istreambuf_iterator<char>(file)), {});
    return command.find(entry.output.string()) != std::string::npos;
}

bool correctStates(QueueContents& queue, std::string_view keep)
{
    bool changed = false;
    for (QueueEntry& entry : queue.entries) {
        if (entry.state != QueueState::Running || entry.id == keep || processLives(entry)) continue;
        takeResult(entry);
        changed = true;
    }
    return changed;
}

} // namespace studio
