#pragma once

#include "data/permutation.h"
#include "data/rowvalues.h"
#include "data/sampler.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace studio {

/// Cuts the rows of one data set into batches. Nothing happens before the first batch is asked for: with
/// several data sets all share one generator, and its state depends on who drew before.
class RowSampler
{
public:
    virtual ~RowSampler() = default;
    virtual std::int64_t announced() const = 0;
    /// Begins an epoch. `seed` is what the samplers that seed the generator themselves seed it with.
    virtual void start(std::int64_t seed) = 0;
    virtual bool next(OrderGenerator& generator, std::vector<std::int64_t>& rows) = 0;
};

/// One permutation of all rows, cut into batches.
class PlainRowSampler final : public RowSampler
{
public:
    PlainRowSampler(std::int64_t rows, const SamplerOptions& options, std::vector<std::int32_t> lengths);
    std::int64_t announced() const override;
    void start(std::int64_t seed) override;
    bool next(OrderGenerator& generator, std::vector<std::int64_t>& rows) override;

private:
    void groupByLength();

    std::int64_t m_rows;
    std::int64_t m_batchSize;
    bool m_dropLast;
    bool m_shuffle;
    std::vector<std::int32_t> m_lengths;
    std::vector<std::int32_t> m_order;
    std::vector<std::int32_t> m_discarded;
    std::int64_t m_at = -1; ///< -1: not begun
    bool m_ended = false;
};

/// No text occurs twice in a batch.
class NoDuplicatesRowSampler final : public RowSampler
{
public:
    NoDuplicatesRowSampler(const Dataset& dataset, const SamplerOptions& options);
    std::int64_t announced() const override;
    void start(std::int64_t seed) override;
    bool next(OrderGenerator& generator, std::vector<std::int64_t>& rows) override;

private:
    void beginPass(OrderGenerator& generator);
    bool walk(std::vector<std::int64_t>& rows);

    RowValues m_values;
    std::int64_t m_rows;
    std::int64_t m_batchSize;
    bool m_dropLast;
    std::int64_t m_seed = 0;
    std::vector<std::int32_t> m_order; ///< the permutation of this pass
    std::vector<std::int32_t> m_next;  ///< place in m_order → next place that is left; [rows] ends the list
    std::int32_t m_head = 0;
    std::vector<std::uint32_t> m_seenIn; ///< value → number of the batch that last took it
    std::uint32_t m_batch = 0;
    std::int64_t m_given = 0;
    int m_pass = -1; ///< -1: not begun
    bool m_ended = false;
};

/// Every batch holds pairs of rows with the same label, from many labels.
class GroupByLabelRowSampler final : public RowSampler
{
public:
    static Result<std::unique_ptr<RowSampler>> make(const Dataset& dataset, const SamplerOptions& options);
    std::int64_t announced() const override;
    void start(std::int64_t seed) override;
    bool next(OrderGenerator& generator, std::vector<std::int64_t>& rows) override;

private:
    explicit GroupByLabelRowSampler(const SamplerOptions& options);
    void begin(OrderGenerator& generator);
    bool beginRound(OrderGenerator& generator);

    std::int64_t m_batchSize;
    bool m_dropLast;
    std::vector<std::vector<std::int32_t>> m_groups; ///< rows of each label with at least two, file order
    std::int64_t m_seed = 0;
    std::vector<std::vector<std::int32_t>> m_queues;
    std::vector<std::size_t> m_taken; ///< of each queue
    std::vector<std::int32_t> m_left; ///< labels of this round, in its order
    std::size_t m_at = 0;             ///< next label of the round
    std::int32_t m_last = -1;         ///< last label of the previous round
    std::vector<std::int64_t> m_pending;
    std::vector<std::int32_t> m_permutation;
    bool m_begun = false;
    bool m_ended = false;
};

std::int64_t batchesOf(std::int64_t rows, std::int64_t batchSize, bool dropLast);

} // namespace studio
