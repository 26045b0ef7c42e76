#pragma once

#include "core/result.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "engine/model/packedbatch.h"
#include "engine/train/tokenstore.h"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace studio {

class SentenceModel;
struct TrainingArguments;

/// One micro-batch as it comes from the loader: rows of one data set, tokenized and packed.
struct LoadedBatch
{
    int dataset = 0;
    std::vector<std::int64_t> rows; ///< row numbers in the data set
    PackedBatch pack;               ///< all input columns, column by column
    std::vector<double> labels;     ///< [rows] or [rows × labelWidth]; empty without a label column
    int labelWidth = 0;             ///< 0: one number a row; else the length of each list
    std::vector<std::vector<std::string>> texts; ///< [column][row] with prompts; only when asked for
};

/// How batches are prepared beside training. Which batches come, and in which order, does not depend on it.
struct Prefetch
{
    int workers = 1;         ///< threads
    std::int64_t ahead = 8;  ///< most batches that are made or being made before they are asked for
    bool persistent = false; ///< threads stay from one epoch to the next

    /// dataloader_num_workers, _prefetch_factor (a worker's share) and _persistent_workers. 0 workers mean one
    /// thread here: Python's "in the main process" would only make training wait.
    static Prefetch of(const TrainingArguments& arguments);
};

/// Prepares the batches of an epoch in threads of its own, some ahead; their order is the sampler's.
class BatchLoader
{
public:
    struct Source
    {
        const Dataset* dataset = nullptr;
        std::vector<std::string> prompts; ///< one per input column
        bool needsTexts = false;
    };

    /// The model must outlive the loader; only its tokenizer and its settings are read.
    BatchLoader(std::vector<Source> sources, const SentenceModel& model, BatchSampler& sampler,
                Prefetch prefetch = {});
    ~BatchLoader();
    BatchLoader(const BatchLoader&) = delete;
    BatchLoader& operator=(const BatchLoader&) = delete;

    /// Begins epoch `epoch`, leaving out its first `skip` batches and ending after `limit` batches.
    void startEpoch(std::int64_t epoch, std::int64_t skip, std::int64_t limit);

    /// The next micro-batch, or nothing at the end of the epoch. Throws what a worker has thrown.
    std::optional<LoadedBatch> next();

    const Prefetch& prefetch() const { return m_prefetch; }
    /// Threads that were started since the loader was made.
    std::int64_t threadsStarted() const;
    /// Batches that are ready and wait.
    std::int64_t ready() const;

private:
    void run();
    void workEpoch(std::unique_lock<std::mutex>& lock);
    LoadedBatch load(const Batch& batch);
    void stop();

    std::vector<Source> m_sources;
    std::vector<std::unique_ptr<TokenStore>> m_stores;
    BatchSampler& m_sampler; ///< used with the lock held
    const Prefetch m_prefetch;

    std::vector<std::thread> m_threads;
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::map<std::int64_t, LoadedBatch> m_ready; ///< by place in the epoch
    std::int64_t m_started = 0;
    std::int64_t m_round = 0;  ///< epochs begun; tells waiting threads that there is work
    std::int64_t m_drawn = 0;  ///< batches taken from the sampler, skipped ones too
    std::int64_t m_given = 0;  ///< place of the next batch to give
    std::int64_t m_skip = 0;
    std::int64_t m_limit = 0;
    int m_busy = 0;            ///< threads that may still add a batch
    bool m_drained = true;     ///< the sampler has no further batch in this epoch
    bool m_stop = false;
    std::exception_ptr m_failure;
};

/// FNV-1a over the data set's number and the row numbers: what the ledger of a run knows a batch by.
std::uint32_t batchHash(std::uint32_t start, int dataset, const std::vector<std::int64_t>& rows);
inline constexpr std::uint32_t kBatchHashStart = 2166136261u;

} // namespace studio
