#pragma once

#include "core/engine_api.h"
#include "core/experiment/experiment.h"
#include "core/files/filesystem.h"
#include "core/records/record.h"
#include "core/runcontrol.h"
#include "engine/train/trainer.h"
#include "support/testfiles.h"

#include <functional>
#include <string>
#include <vector>

namespace studio::test {

/// The real file system without waiting for the disk: tests of what is written, not of its durability.
class QuickFileSystem : public FileSystem
{
public:
    int open(const std::string& path, Open how) override { return m_disk.open(path, how); }
    std::int64_t read(int file, void* bytes, std::size_t count) override
    {
        return m_disk.read(file, bytes, count);
    }
    std::int64_t write(int file, const void* bytes, std::size_t count) override
    {
        return m_disk.write(file, bytes, count);
    }
    int sync(int) override { return 0; }
    int close(int file) override { return m_disk.close(file); }
    int reserve(int file, std::uint64_t size) override { return m_disk.reserve(file, size); }
    int truncate(const std::string& path, std::uint64_t size) override { return m_disk.truncate(path, size); }
    int rename(const std::string& from, const std::string& to) override { return m_disk.rename(from, to); }
    int renameNoReplace(const std::string& from, const std::string& to) override
    {
        return m_disk.renameNoReplace(from, to);
    }
    int exchange(const std::string& a, const std::string& b) override { return m_disk.exchange(a, b); }
    int makeFolder(const std::string& path) override { return m_disk.makeFolder(path); }
    int removeFile(const std::string& path) override { return m_disk.removeFile(path); }
    int removeFolder(const std::string& path) override { return m_disk.removeFolder(path); }
    int status(const std::string& path, FileStatus& status) override { return m_disk.status(path, status); }
    int list(const std::string& path, std::vector<std::string>& names) override
    {
        return m_disk.list(path, names);
    }
    int freeBytes(const std::string& path, std::uint64_t& bytes) override
    {
        return m_disk.freeBytes(path, bytes);
    }

private:
    FileSystem& m_disk = posixFileSystem();
};

/// What a run told.
struct Told : RunObserver
{
    void onEvent(const Event& event) override
    {
        events.push_back(event);
        if (eventHook) eventHook(event);
    }
    void onStep(const StepRecord& record) override
    {
        steps.push_back(record);
        if (stepHook) stepHook(record);
    }

    std::vector<Event> of(EventKind kind) const;
    std::vector<std::int64_t> stepsOf(EventKind kind) const;
    bool found(const std::string& words) const; ///< in a finding
    double value(const Event& event, const std::string& key) const;

    std::vector<Event> events;
    std::vector<StepRecord> steps;
    std::function<void(const StepRecord&)> stepHook;
    std::function<void(const Event&)> eventHook;
};

/// Runs of a model with two layers of 24 numbers on a few made-up rows: some milliseconds a step.
class TinyRun
{
public:
    /// `rows` pairs with a score between 0 and 1, a batch of 4, learning rate 1e-3, dropout as the model has
    /// it.
    explicit TinyRun(int rows = 24);

    Experiment experiment;
    Told told;
    RunControl control;
    TrainHooks hooks;
    TrainRequest request;
    QuickFileSystem disk;

    std::filesystem::path folder() const { return m_folder.path(); }
    std::filesystem::path out() const { return m_folder.path() / "out"; }

    /// A file with made-up rows: `columns` texts, then whatever `label` gives for a row ("" for none).
    DataSpec data(const std::string& name, int rows, int columns,
                  const std::function<std::string(int)>& label, const std::string& labelRole,
                  const std::string& loss);
    DataSpec scored(const std::string& name, int rows, const std::string& loss = "CosineSimilarityLoss");
    DataSpec pairs(const std::string& name, int rows);    ///< MultipleNegativesRankingLoss, many equal texts
    DataSpec labelled(const std::string& name, int rows); ///< BatchAllTripletLoss, four classes

    /// Adds an evaluation set, whose loss is then measured, and its evaluator.
    void addEvaluation(int rows = 8);

    /// Runs into out(); what was told before is forgotten.
    TrainOutcome run();

    /// Names of the checkpoint folders, by step.
    std::vector<std::int64_t> checkpoints() const;

private:
    TempFolder m_folder;
};

/// trainer_state.json without what depends on the clock or on the place.
std::string comparableState(const std::filesystem::path& checkpoint);

/// Empty when both checkpoints hold the same run bit for bit; else the first difference.
std::string checkpointDifference(const std::filesystem::path& a, const std::filesystem::path& b);

} // namespace studio::test
