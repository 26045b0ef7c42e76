#pragma once

#include "core/arguments/enums.h"
#include "core/result.h"
#include "data/dataset.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace studio {

/// Rows of one data set that are trained on together.
struct Batch
{
    int dataset = 0;
    std::vector<std::int64_t> rows;
};

struct SamplerOptions
{
    BatchSamplerKind kind = BatchSamplerKind::BatchSampler;
    MultiDatasetBatchSamplerKind multiKind = MultiDatasetBatchSamplerKind::Proportional;
    std::int64_t batchSize = 8;
    bool dropLast = false;
    std::int64_t seed = 42;
    std::optional<std::int64_t> dataSeed; ///< acts only on the default sampler with one data set

    bool shuffle = true; ///< default sampler only; false: file order
    /// Default sampler only, one vector a data set: text length of each row. Batches then hold rows of
    /// similar length (the order differs from the original's default sampler). Empty: off.
    std::vector<std::vector<std::int32_t>> lengths;
};

/// Position of a sampler: enough to continue in another process with the same data and options.
struct SamplerCursor
{
    std::int64_t epoch = 0;
    std::int64_t taken = 0; ///< batches already given in this epoch
};

/// The order of the batches, equal to sentence-transformers 6.2 for the same seed. The rules were derived
/// from recorded runs and are written down in docs and in the comments of samplers.cpp.
class BatchSampler
{
public:
    virtual ~BatchSampler() = default;

    /// Begins epoch `epoch` (from 0). No state is carried over from other epochs.
    virtual void startEpoch(std::int64_t epoch) = 0;

    /// The next batch of the epoch; false at its end. `out` is reused without allocating.
    /// NO_DUPLICATES can give more or fewer batches than announced: a trainer takes at most
    /// announcedBatches().
    virtual bool next(Batch& out) = 0;

    /// Batches of an epoch as total steps and schedules count them.
    virtual std::int64_t announcedBatches() const = 0;

    /// Leaves out the next n batches. Returns how many there were.
    std::int64_t skip(std::int64_t n);

    virtual SamplerCursor cursor() const = 0;
    /// Goes to a position: startEpoch() and skip().
    void restore(const SamplerCursor& cursor);
};

/// The data sets must outlive the sampler only for this call: row values are hashed once, here.
/// Errors: batch size below 1; GROUP_BY_LABEL with an odd batch size, below 4, without labels, or with fewer
/// than two classes of two rows; an empty data set; more than 200 million rows.
Result<std::unique_ptr<BatchSampler>> makeBatchSampler(const std::vector<const Dataset*>& datasets,
                                                       const SamplerOptions& options);

} // namespace studio
