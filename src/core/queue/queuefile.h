#pragma once

#include "core/records/record.h"
#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

struct Experiment;

/// Where a run of the queue stands. The word is the one in the file and on the screen.
enum class QueueState { Waiting, Held, Running, Completed, Stopped, Failed, Skipped, Interrupted };
const char* queueStateName(QueueState state);

/// A run that waits, goes on or has ended.
struct QueueEntry
{
    std::string id;   ///< "7"
    std::string name; ///< of the run
    std::string group; ///< runs that belong together (a repetition, a sweep); may be empty
    QueueState state = QueueState::Waiting;
    bool ownProcess = false; ///< else in the thread of the program that works the queue
    std::filesystem::path output;
    std::int64_t pid = 0; ///< of its process; 0: none
    double started = 0;   ///< seconds since the epoch of Unix, UTC
    double ended = 0;
    std::string message; ///< why it failed or stopped
    MetricList metrics;  ///< of its last evaluation
    std::vector<std::pair<std::string, std::string>> settings; ///< what differs in its group: key, value as JSON
    std::string medianMetric;   ///< "eval_loss": ended early by the median rule among its group; empty: not
    bool greaterIsBetter = true;
};

struct QueueContents
{
    bool going = false;         ///< somebody works through it
    bool stopAfterThis = false; ///< the present run is the last
    std::int64_t nextId = 1;
    std::vector<QueueEntry> entries; ///< in the order in which they run

    QueueEntry* find(std::string_view id);
    /// The first that waits; null at the end, or when stopAfterThis is set.
    const QueueEntry* next() const;

    // Errors name the entry and say why not.
    Status move(std::string_view id, std::size_t place); ///< to that place among all entries
    Status hold(std::string_view id, bool held);
    Status skip(std::string_view id);
    Status remove(std::string_view id); ///< not a running one
    Status again(std::string_view id);  ///< an ended one waits again; it goes on from its checkpoints
};

/// How experiments are put into the queue.
struct QueueAdd
{
    std::string name;             ///< empty: the experiment's
    std::filesystem::path output; ///< a folder per run is made in it; empty: the experiment's output_dir
    std::string group;
    bool ownProcess = false;
    std::vector<std::pair<std::string, std::string>> settings;
    std::string medianMetric;
};

/// The queue on the disk: <folder>/queue.json and a snapshot of every experiment, so that later edits do not leak in.
/// The window and the terminal share it: every change is read, made and written durably under a lock.
class QueueFile
{
public:
    explicit QueueFile(std::filesystem::path folder) : m_folder(std::move(folder)) {}

    /// $XDG_DATA_HOME/sentence-studio/queue, or below ~/.local/share.
    static std::filesystem::path userFolder();

    const std::filesystem::path& folder() const { return m_folder; }
    std::filesystem::path snapshot(const std::string& id) const { return m_folder / (id + ".experiment.json"); }
    /// What a process of its own says on its standard error.
    std::filesystem::path log(const std::string& id) const { return m_folder / (id + ".log"); }

    /// An empty queue when there is none yet.
    Result<QueueContents> read() const;
    /// Nothing is written when `edit` fails.
    Status change(const std::function<Status(QueueContents&)>& edit) const;

    /// Puts a snapshot at the end; paths in the experiment are absolute. Returns its id.
    Result<std::string> add(const Experiment& experiment, const QueueAdd& how) const;
    /// The same experiment once for every seed, as one group.
    Result<std::vector<std::string>> addSeeds(const Experiment& experiment, const std::vector<std::int64_t>& seeds,
                                              QueueAdd how) const;

private:
    std::filesystem::path m_folder;
};

/// What the records of an entry's output folder say about how it ended; Interrupted when they do not say.
void takeResult(QueueEntry& entry);

/// Whether the median rule ends this running entry now, by what it and the others of its group have recorded.
bool endsEarly(const QueueContents& queue, const QueueEntry& entry);

/// Whether an entry's process still runs on this machine: the lock of its output folder, or, before it has taken
/// that, its command line.
bool processLives(const QueueEntry& entry);

/// Entries that say Running, but that nobody runs, get the state that their records tell. `keep` is the entry that
/// this program runs itself. Returns whether something changed.
bool correctStates(QueueContents& queue, std::string_view keep = {});

} // namespace studio
