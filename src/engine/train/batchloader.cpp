#include "engine/train/batchloader.h"

#include "core/arguments/trainingarguments.h"

#include <algorithm>

namespace studio {

std::uint32_t batchHash(std::uint32_t start, int dataset, const std::vector<std::int64_t>& rows)
{
    auto hash = start;
    const auto mix = [&hash](std::uint64_t value) {
        for (int i = 0; i < 8; ++i) {
            hash ^= static_cast<std::uint8_t>(value >> (8 * i));
            hash *= 16777619u;
        }
    };
    mix(static_cast<std::uint64_t>(dataset));
    for (const auto row : rows)
        mix(static_cast<std::uint64_t>(row));
    return hash;
}

Prefetch Prefetch::of(const TrainingArguments& arguments)
{
    constexpr std::int64_t kMostThreads = 256;
    Prefetch prefetch;
    if (arguments.dataloaderNumWorkers < 1) return prefetch;
    prefetch.workers = static_cast<int>(std::min(arguments.dataloaderNumWorkers, kMostThreads));
    // Two for each worker is what the original's loader takes when nothing is said.
    prefetch.ahead = prefetch.workers * std::max<std::int64_t>(1, arguments.dataloaderPrefetchFactor.value_or(2));
    prefetch.persistent = arguments.dataloaderPersistentWorkers;
    return prefetch;
}

BatchLoader::BatchLoader(std::vector<Source> sources, const SentenceModel& model, BatchSampler& sampler,
                         Prefetch prefetch)
    : m_sources(std::move(sources)), m_sampler(sampler), m_prefetch(prefetch)
{
    for (const auto& source : m_sources)
        m_stores.push_back(std::make_unique<TokenStore>(*source.dataset, model, source.prompts));
}

BatchLoader::~BatchLoader()
{
    stop();
}

/// Ends all threads; what they have made is thrown away.
void BatchLoader::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_changed.notify_all();
    for (auto& thread : m_threads)
        thread.join();
    m_threads.clear();
    m_stop = false;
}

void BatchLoader::startEpoch(std::int64_t epoch, std::int64_t skip, std::int64_t limit)
{
    bool idle = false;
    {
        const std::lock_guard lock(m_mutex);
        idle = m_drained && m_busy == 0 && !m_failure;
    }
    if (!m_prefetch.persistent || !idle) stop();
    {
        const std::lock_guard lock(m_mutex);
        m_ready.clear();
        m_failure = nullptr;
        m_drawn = 0;
        m_given = skip;
        m_skip = skip;
        m_limit = limit;
        m_sampler.startEpoch(epoch);
        m_drained = false;
        ++m_round;
    }
    m_changed.notify_all();
    while (static_cast<int>(m_threads.size()) < m_prefetch.workers) {
        ++m_started;
        m_threads.emplace_back([this] { run(); });
    }
}

std::int64_t BatchLoader::threadsStarted() const
{
    return m_started;
}

std::int64_t BatchLoader::ready() const
{
    const std::lock_guard lock(m_mutex);
    return static_cast<std::int64_t>(m_ready.size());
}

/// A thread's life: one epoch, or all of them.
void BatchLoader::run()
{
    std::int64_t done = 0; // round
    std::unique_lock lock(m_mutex);
    do {
        m_changed.wait(lock, [&] { return m_stop || m_round > done; });
        if (m_stop) return;
        done = m_round;
        ++m_busy;
        try {
            workEpoch(lock);
        } catch (...) {
            if (!lock.owns_lock()) lock.lock();
            m_failure = std::current_exception();
            m_drained = true;
        }
        --m_busy;
        m_changed.notify_all();
    } while (m_prefetch.persistent);
}

void BatchLoader::workEpoch(std::unique_lock<std::mutex>& lock)
{
    Batch batch;
    while (true) {
        m_changed.wait(lock, [this] { return m_stop || m_drained || m_drawn < m_given + m_prefetch.ahead; });
        if (m_stop || m_drained) return;
        if (m_drawn >= m_limit || !m_sampler.next(batch)) {
            m_drained = true;
            return;
        }
        const auto place = m_drawn++;
        if (place < m_skip) continue;
        lock.unlock();
        auto loaded = load(batch);
        lock.lock();
        m_ready.emplace(place, std::move(loaded));
        m_changed.notify_all();
    }
}

std::optional<LoadedBatch> BatchLoader::next()
{
    std::unique_lock lock(m_mutex);
    // After a failure too the batches before it are given.
    m_changed.wait(lock, [this] { return m_ready.contains(m_given) || (m_drained && m_busy == 0); });
    const auto found = m_ready.find(m_given);
    if (found == m_ready.end()) {
        if (m_failure) std::rethrow_exception(m_failure);
        return std::nullopt;
    }
    auto batch = std::move(found->second);
    m_ready.erase(found);
    ++m_given;
    m_changed.notify_all();
    return batch;
}

LoadedBatch BatchLoader::load(const Batch& batch)
{
    LoadedBatch loaded;
    loaded.dataset = batch.dataset;
    loaded.rows = batch.rows;
    const auto index = static_cast<std::size_t>(batch.dataset);
    const auto& dataset = *m_sources[index].dataset;
    m_stores[index]->append(batch.rows, loaded.pack);

    if (dataset.hasLabel()) {
        for (const auto row : batch.rows) {
            if (dataset.labelKind() == ColumnKind::List) {
                const auto list = dataset.labelList(row);
                loaded.labelWidth = static_cast<int>(list.size());
                loaded.labels.insert(loaded.labels.end(), list.begin(), list.end());
            } else {
                loaded.labels.push_back(dataset.label(row));
            }
        }
    }
    if (m_sources[index].needsTexts) {
        const auto& prompts = m_stores[index]->prompts();
        loaded.texts.resize(dataset.inputs().size());
        for (std::size_t column = 0; column < loaded.texts.size(); ++column)
            for (const auto row : batch.rows)
                loaded.texts[column].push_back(prompts[column] +
                                               std::string(dataset.text(static_cast<int>(column), row)));
    }
    return loaded;
}

} // namespace studio
