#pragma once

#include "core/result.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "engine/model/packedbatch.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace studio {

class SentenceModel;

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

/// Token ids of a data set's input columns, made when a row is first needed and kept for later epochs.
class TokenStore
{
public:
    TokenStore(const Dataset& dataset, const SentenceModel& model, std::vector<std::string> prompts);

    /// Appends the rows of every input column to the pack.
    void append(const std::vector<std::int64_t>& rows, PackedBatch& pack);

    const std::vector<std::string>& prompts() const { return m_prompts; }

private:
    struct Span
    {
        std::uint64_t begin = 0;
        std::uint32_t length = 0; ///< 0: not tokenized yet (every text has at least its special tokens)
    };

    const Dataset& m_dataset;
    const SentenceModel& m_model;
    std::vector<std::string> m_prompts;     ///< one per input column
    std::vector<int> m_skipped;             ///< tokens of each prompt that pooling leaves out; empty: none
    std::vector<std::vector<Span>> m_spans; ///< [column][row]
    std::vector<std::int32_t> m_ids;
    std::vector<std::int32_t> m_scratch;
};

/// Prepares the batches of an epoch in a thread of its own, a few ahead; their order is the sampler's.
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
    BatchLoader(std::vector<Source> sources, const SentenceModel& model, BatchSampler& sampler);
    ~BatchLoader();
    BatchLoader(const BatchLoader&) = delete;
    BatchLoader& operator=(const BatchLoader&) = delete;

    /// Begins epoch `epoch`, leaving out its first `skip` batches and ending after `limit` batches.
    void startEpoch(std::int64_t epoch, std::int64_t skip, std::int64_t limit);

    /// The next micro-batch, or nothing at the end of the epoch.
    std::optional<LoadedBatch> next();

private:
    void work(std::int64_t skip, std::int64_t limit);
    LoadedBatch load(const Batch& batch);
    void stopWorker();

    std::vector<Source> m_sources;
    std::vector<TokenStore> m_stores;
    BatchSampler& m_sampler;

    std::thread m_worker;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<LoadedBatch> m_ready;
    bool m_done = true;
    bool m_stop = false;
};

/// FNV-1a over the data set's number and the row numbers: what the ledger of a run knows a batch by.
std::uint32_t batchHash(std::uint32_t start, int dataset, const std::vector<std::int64_t>& rows);
inline constexpr std::uint32_t kBatchHashStart = 2166136261u;

} // namespace studio
