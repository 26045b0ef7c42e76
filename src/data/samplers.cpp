#include "data/rowsamplers.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace studio {

std::int64_t batchesOf(std::int64_t rows, std::int64_t batchSize, bool dropLast)
{
    return dropLast ? rows / batchSize : (rows + batchSize - 1) / batchSize;
}

// ---- default
// ------------------------------------------------------------------------------------------------

PlainRowSampler::PlainRowSampler(std::int64_t rows, const SamplerOptions& options,
                                 std::vector<std::int32_t> lengths)
    : m_rows(rows),
      m_batchSize(options.batchSize),
      m_dropLast(options.dropLast),
      m_shuffle(options.shuffle),
      m_lengths(std::move(lengths))
{}

std::int64_t PlainRowSampler::announced() const
{
    return batchesOf(m_rows, m_batchSize, m_dropLast);
}

void PlainRowSampler::start(std::int64_t)
{
    m_at = -1;
    m_ended = false;
}

/// Sorts stretches of some batches by length, longest first, and puts the longest row of all into the first
/// batch, so that too little memory shows at once.
void PlainRowSampler::groupByLength()
{
    const auto stretch = std::clamp<std::int64_t>(m_rows / (m_batchSize * 4), 1, 50) * m_batchSize;
    const auto longer = [this](std::int32_t a, std::int32_t b) {
        return m_lengths[static_cast<std::size_t>(a)] > m_lengths[static_cast<std::size_t>(b)];
    };
    std::int64_t longest = 0;
    for (std::int64_t begin = 0; begin < m_rows; begin += stretch) {
        const auto end = std::min(begin + stretch, m_rows);
        std::stable_sort(m_order.begin() + begin, m_order.begin() + end, longer);
        if (longer(m_order[static_cast<std::size_t>(begin)], m_order[static_cast<std::size_t>(longest)]))
            longest = begin;
    }
    std::swap(m_order[0], m_order[static_cast<std::size_t>(longest)]);
}

bool PlainRowSampler::next(OrderGenerator& generator, std::vector<std::int64_t>& rows)
{
    rows.clear();
    if (m_ended) return false;
    if (m_at < 0) {
        m_at = 0;
        if (m_shuffle) {
            generator.permutation(m_rows, m_order);
        } else if (m_order.empty()) {
            m_order.resize(static_cast<std::size_t>(m_rows));
            std::iota(m_order.begin(), m_order.end(), 0);
        }
        if (!m_lengths.empty()) groupByLength();
    }
    const auto take = std::min(m_batchSize, m_rows - m_at);
    if (take < m_batchSize) {
        // The original's sampler starts its next permutation when it runs past the last row. It is thrown
        // away, but moves the generator that other data sets draw from.
        m_ended = true;
        if (m_shuffle) generator.permutation(m_rows, m_discarded);
        if (take == 0 || m_dropLast) return false;
    }
    rows.assign(m_order.begin() + m_at, m_order.begin() + m_at + take);
    m_at += take;
    return true;
}

// ---- no duplicates
// ------------------------------------------------------------------------------------------

NoDuplicatesRowSampler::NoDuplicatesRowSampler(const Dataset& dataset, const SamplerOptions& options)
    : m_values(dataset), m_rows(dataset.rows()), m_batchSize(options.batchSize), m_dropLast(options.dropLast)
{}

std::int64_t NoDuplicatesRowSampler::announced() const
{
    return batchesOf(m_rows, m_batchSize, m_dropLast);
}

void NoDuplicatesRowSampler::start(std::int64_t seed)
{
    m_seed = seed;
    m_pass = -1;
    m_given = 0;
    m_ended = false;
    m_batch = 0;
    m_seenIn.assign(m_values.distinct(), 0);
}

void NoDuplicatesRowSampler::beginPass(OrderGenerator& generator)
{
    ++m_pass;
    generator.permutation(m_rows, m_order);
    m_next.resize(m_order.size());
    std::iota(m_next.begin(), m_next.end(), 1);
    m_head = 0;
}

/// One walk over the rows that are left: a row with a text that the batch already has keeps its place, any
/// other joins. False when nothing is left.
bool NoDuplicatesRowSampler::walk(std::vector<std::int64_t>& rows)
{
    const auto none = static_cast<std::int32_t>(m_rows);
    while (m_head != none) {
        rows.clear();
        ++m_batch;
        std::int32_t before = -1;
        for (auto at = m_head; at != none;) {
            const auto after = m_next[static_cast<std::size_t>(at)];
            const auto row = m_order[static_cast<std::size_t>(at)];
            const auto values = m_values.row(row);
            const bool taken = std::any_of(values.begin(), values.end(), [this](std::uint32_t value) {
                return m_seenIn[value] == m_batch;
            });
            if (taken) {
                before = at;
            } else {
                (before < 0 ? m_head : m_next[static_cast<std::size_t>(before)]) = after;
                for (const auto value : values)
                    m_seenIn[value] = m_batch;
                rows.push_back(row);
                if (static_cast<std::int64_t>(rows.size()) == m_batchSize) return true;
            }
            at = after;
        }
        if (!m_dropLast) return true;
    }
    return false;
}

bool NoDuplicatesRowSampler::next(OrderGenerator& generator, std::vector<std::int64_t>& rows)
{
    constexpr int kFurtherPasses = 2;
    if (!m_ended && m_pass < 0) {
        generator.seed(m_seed);
        beginPass(generator);
    }
    while (!m_ended) {
        if (walk(rows)) {
            ++m_given;
            m_ended = m_pass > 0 && m_given >= announced();
            return true;
        }
        if (m_pass == kFurtherPasses || m_given == 0 || m_given >= announced())
            m_ended = true;
        else
            beginPass(generator);
    }
    rows.clear();
    return false;
}

// ---- grouped by label
// ---------------------------------------------------------------------------------------

GroupByLabelRowSampler::GroupByLabelRowSampler(const SamplerOptions& options)
    : m_batchSize(options.batchSize), m_dropLast(options.dropLast)
{}

Result<std::unique_ptr<RowSampler>> GroupByLabelRowSampler::make(const Dataset& dataset,
                                                                 const SamplerOptions& options)
{
    const auto failed = [&](const std::string& what) {
        return Error{ErrorCode::InvalidValue, "The batch sampler group_by_label " + what + ".",
                     "batch_sampler"};
    };
    if (options.batchSize < 4 || options.batchSize % 2 != 0)
        return failed("needs an even batch size of at least 4, not " + std::to_string(options.batchSize));
    if (!dataset.hasLabel() || dataset.labelKind() == ColumnKind::List)
        return failed("needs a label column with one class a row in data set " + dataset.name());
    auto sampler = std::unique_ptr<GroupByLabelRowSampler>(new GroupByLabelRowSampler(options));
    std::map<double, std::size_t> groups;
    for (std::int64_t row = 0; row < dataset.rows(); ++row) {
        const auto [group, isNew] = groups.emplace(dataset.label(row), sampler->m_groups.size());
        if (isNew) sampler->m_groups.emplace_back();
        sampler->m_groups[group->second].push_back(static_cast<std::int32_t>(row));
    }
    std::erase_if(sampler->m_groups, [](const auto& rows) { return rows.size() < 2; });
    if (sampler->m_groups.size() < 2)
        return failed("needs at least two labels with two rows each; data set " + dataset.name() + " has " +
                      std::to_string(sampler->m_groups.size()));
    return std::unique_ptr<RowSampler>(std::move(sampler));
}

std::int64_t GroupByLabelRowSampler::announced() const
{
    std::vector<std::int64_t> pairs;
    for (const auto& rows : m_groups)
        pairs.push_back(static_cast<std::int64_t>(rows.size() / 2));
    auto sorted = pairs;
    std::sort(sorted.rbegin(), sorted.rend());
    std::int64_t stream = 0;
    for (const auto count : pairs)
        stream += 2 * std::min(count, sorted[1]);
    return stream / m_batchSize + (!m_dropLast && stream % m_batchSize >= 4 ? 1 : 0);
}

void GroupByLabelRowSampler::start(std::int64_t seed)
{
    m_seed = seed;
    m_begun = false;
    m_ended = false;
}

void GroupByLabelRowSampler::begin(OrderGenerator& generator)
{
    m_begun = true;
    generator.seed(m_seed);
    m_queues.resize(m_groups.size());
    for (std::size_t label = 0; label < m_groups.size(); ++label) {
        const auto& rows = m_groups[label];
        generator.permutation(static_cast<std::int64_t>(rows.size()), m_permutation);
        m_queues[label].clear();
        for (std::size_t i = 0; i < rows.size() / 2 * 2; ++i)
            m_queues[label].push_back(rows[static_cast<std::size_t>(m_permutation[i])]);
    }
    m_taken.assign(m_groups.size(), 0);
    m_left.resize(m_groups.size());
    std::iota(m_left.begin(), m_left.end(), 0);
    m_at = m_left.size();
    m_last = -1;
    m_pending.clear();
}

/// The next round over the labels that have rows left, in a new order; false when fewer than two have.
bool GroupByLabelRowSampler::beginRound(OrderGenerator& generator)
{
    std::erase_if(m_left, [this](std::int32_t label) {
        return m_taken[static_cast<std::size_t>(label)] == m_queues[static_cast<std::size_t>(label)].size();
    });
    if (m_left.size() < 2) return false;
    generator.permutation(static_cast<std::int64_t>(m_left.size()), m_permutation);
    const auto previous = m_left;
    for (std::size_t i = 0; i < m_left.size(); ++i)
        m_left[i] = previous[static_cast<std::size_t>(m_permutation[i])];
    // A batch that goes on should not get the same label twice in a row.
    if (!m_pending.empty() && m_left[0] == m_last) std::swap(m_left[0], m_left[1]);
    m_last = m_left.back();
    m_at = 0;
    return true;
}

bool GroupByLabelRowSampler::next(OrderGenerator& generator, std::vector<std::int64_t>& rows)
{
    rows.clear();
    if (m_ended) return false;
    if (!m_begun) begin(generator);
    while (static_cast<std::int64_t>(m_pending.size()) < m_batchSize) {
        if (m_at == m_left.size() && !beginRound(generator)) {
            m_ended = true;
            if (m_dropLast || m_pending.size() < 4) return false;
            break;
        }
        const auto label = static_cast<std::size_t>(m_left[m_at++]);
        for (int i = 0; i < 2; ++i)
            m_pending.push_back(m_queues[label][m_taken[label]++]);
    }
    rows.swap(m_pending);
    m_pending.clear();
    return true;
}

} // namespace studio
