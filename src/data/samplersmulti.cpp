#include "data/rowsamplers.h"

#include <algorithm>

namespace studio {
namespace {

/// What the three samplers of batches share: the generator, and counting for the cursor.
class CountingSampler : public BatchSampler
{
public:
    CountingSampler(std::vector<std::unique_ptr<RowSampler>> samplers, const SamplerOptions& options)
        : m_samplers(std::move(samplers)), m_options(options)
    {
        m_options.lengths.clear();
    }

    void startEpoch(std::int64_t epoch) final
    {
        m_cursor = {epoch, 0};
        for (auto& sampler : m_samplers)
            sampler->start(m_options.seed + epoch);
        begin(epoch);
    }
    bool next(Batch& out) final
    {
        if (m_cursor.epoch < 0) startEpoch(0);
        if (!draw(out)) return false;
        ++m_cursor.taken;
        return true;
    }
    SamplerCursor cursor() const final { return {std::max<std::int64_t>(m_cursor.epoch, 0), m_cursor.taken}; }

protected:
    virtual void begin(std::int64_t epoch) = 0;
    virtual bool draw(Batch& out) = 0;

    OrderGenerator m_generator;
    std::vector<std::unique_ptr<RowSampler>> m_samplers;
    SamplerOptions m_options;

private:
    SamplerCursor m_cursor{-1, 0};
};

/// One data set.
class SingleSampler final : public CountingSampler
{
public:
    using CountingSampler::CountingSampler;
    std::int64_t announcedBatches() const override { return m_samplers[0]->announced(); }

protected:
    void begin(std::int64_t epoch) override
    {
        m_generator.seed(m_options.dataSeed.value_or(m_options.seed) + epoch);
    }
    bool draw(Batch& out) override
    {
        out.dataset = 0;
        return m_samplers[0]->next(m_generator, out.rows);
    }
};

/// Each data set as often as it announces batches, in a random order.
class ProportionalSampler final : public CountingSampler
{
public:
    using CountingSampler::CountingSampler;
    std::int64_t announcedBatches() const override
    {
        std::int64_t sum = 0;
        for (const auto& sampler : m_samplers)
            sum += sampler->announced();
        return sum;
    }

protected:
    void begin(std::int64_t epoch) override
    {
        std::vector<std::int32_t> dataset;
        for (std::size_t i = 0; i < m_samplers.size(); ++i)
            dataset.insert(dataset.end(), static_cast<std::size_t>(m_samplers[i]->announced()),
                           static_cast<std::int32_t>(i));
        m_generator.seed(m_options.seed + epoch);
        m_generator.permutation(static_cast<std::int64_t>(dataset.size()), m_turns);
        for (auto& turn : m_turns)
            turn = dataset[static_cast<std::size_t>(turn)];
        m_at = 0;
    }
    bool draw(Batch& out) override
    {
        while (m_at < m_turns.size()) {
            out.dataset = m_turns[m_at++];
            if (m_samplers[static_cast<std::size_t>(out.dataset)]->next(m_generator, out.rows)) return true;
        }
        return false;
    }

private:
    std::vector<std::int32_t> m_turns;
    std::size_t m_at = 0;
};

/// One batch of each in turn, until one has none; batches of an incomplete round are not used.
class RoundRobinSampler final : public CountingSampler
{
public:
    using CountingSampler::CountingSampler;
    std::int64_t announcedBatches() const override
    {
        auto least = m_samplers[0]->announced();
        for (const auto& sampler : m_samplers)
            least = std::min(least, sampler->announced());
        return least * static_cast<std::int64_t>(m_samplers.size());
    }

protected:
    void begin(std::int64_t epoch) override
    {
        m_generator.seed(m_options.seed + epoch);
        m_round.resize(m_samplers.size());
        m_at = m_round.size();
        m_ended = false;
    }
    bool draw(Batch& out) override
    {
        if (m_at == m_round.size()) {
            for (std::size_t i = 0; i < m_round.size() && !m_ended; ++i) {
                m_round[i].dataset = static_cast<int>(i);
                m_ended = !m_samplers[i]->next(m_generator, m_round[i].rows);
            }
            if (m_ended) return false;
            m_at = 0;
        }
        out.dataset = m_round[m_at].dataset;
        out.rows.swap(m_round[m_at].rows);
        ++m_at;
        return true;
    }

private:
    std::vector<Batch> m_round;
    std::size_t m_at = 0;
    bool m_ended = false;
};

Status check(const Dataset& dataset, const SamplerOptions& options, std::size_t index)
{
    if (dataset.rows() == 0)
        return Error{ErrorCode::InvalidValue,
                     "The data set " + dataset.name() + " is empty. Choose another file or range of rows.",
                     dataset.name()};
    if (dataset.rows() > kMaxPermutation)
        return Error{ErrorCode::Unsupported,
                     "The data set " + dataset.name() + " has more than 200 million rows. Split it.",
                     dataset.name()};
    if (options.lengths.size() > index && !options.lengths[index].empty() &&
        static_cast<std::int64_t>(options.lengths[index].size()) != dataset.rows())
        return Error{ErrorCode::Internal, "The lengths do not belong to the data set " + dataset.name() + ".",
                     dataset.name()};
    return {};
}

template <typename Sampler>
std::unique_ptr<BatchSampler> joined(std::vector<std::unique_ptr<RowSampler>> samplers,
                                     const SamplerOptions& options)
{
    return std::make_unique<Sampler>(std::move(samplers), options);
}

} // namespace

std::int64_t BatchSampler::skip(std::int64_t n)
{
    Batch batch;
    std::int64_t skipped = 0;
    while (skipped < n && next(batch))
        ++skipped;
    return skipped;
}

void BatchSampler::restore(const SamplerCursor& cursor)
{
    startEpoch(cursor.epoch);
    skip(cursor.taken);
}

Result<std::unique_ptr<BatchSampler>> makeBatchSampler(const std::vector<const Dataset*>& datasets,
                                                       const SamplerOptions& options)
{
    if (datasets.empty())
        return Error{ErrorCode::InvalidValue,
                     "There is no data set to take batches from. Add one under Data.", "train"};
    if (options.batchSize < 1)
        return Error{ErrorCode::InvalidValue,
                     "The batch size must be at least 1, not " + std::to_string(options.batchSize) + ".",
                     "per_device_train_batch_size"};
    std::vector<std::unique_ptr<RowSampler>> samplers;
    for (std::size_t i = 0; i < datasets.size(); ++i) {
        const auto& dataset = *datasets[i];
        if (auto status = check(dataset, options, i); !status) return status.error();
        switch (options.kind) {
        case BatchSamplerKind::BatchSampler:
            samplers.push_back(std::make_unique<PlainRowSampler>(
                dataset.rows(), options,
                i < options.lengths.size() ? options.lengths[i] : std::vector<std::int32_t>()));
            break;
        case BatchSamplerKind::NoDuplicates:
        case BatchSamplerKind::NoDuplicatesHashed:
            // The hashed kind differs only in the original's speed: here both compare numbers of texts.
            samplers.push_back(std::make_unique<NoDuplicatesRowSampler>(dataset, options));
            break;
        case BatchSamplerKind::GroupByLabel: {
            auto made = GroupByLabelRowSampler::make(dataset, options);
            if (!made) return made.error();
            samplers.push_back(std::move(*made));
            break;
        }
        }
    }
    if (datasets.size() == 1) return joined<SingleSampler>(std::move(samplers), options);
    if (options.multiKind == MultiDatasetBatchSamplerKind::RoundRobin)
        return joined<RoundRobinSampler>(std::move(samplers), options);
    return joined<ProportionalSampler>(std::move(samplers), options);
}

} // namespace studio
