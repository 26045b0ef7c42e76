#include "engine/train/batchloader.h"

#include "engine/model/sentencemodel.h"
#include "text/tokenizer.h"

namespace studio {
namespace {

constexpr std::size_t kReadyBatches = 8;

} // namespace

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

TokenStore::TokenStore(const Dataset& dataset, const SentenceModel& model, std::vector<std::string> prompts)
    : m_dataset(dataset),
      m_model(model),
      m_prompts(std::move(prompts)),
      m_spans(dataset.inputs().size(), std::vector<Span>(static_cast<std::size_t>(dataset.rows())))
{
    m_prompts.resize(m_spans.size());
    if (model.skipsPrompts())
        for (const auto& prompt : m_prompts)
            m_skipped.push_back(model.skippedTokens(prompt));
}

void TokenStore::append(const std::vector<std::int64_t>& rows, PackedBatch& pack)
{
    std::string prompted;
    for (std::size_t column = 0; column < m_spans.size(); ++column) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            auto& span = m_spans[column][static_cast<std::size_t>(rows[i])];
            if (span.length == 0) {
                auto text = m_dataset.text(static_cast<int>(column), rows[i]);
                if (!m_prompts[column].empty()) {
                    prompted.assign(m_prompts[column]);
                    prompted.append(text);
                    text = prompted;
                }
                span.begin = m_ids.size();
                span.length = static_cast<std::uint32_t>(m_model.tokenizer().encodeTo(
                    text, m_model.maxSeqLength(), m_model.addsSpecialTokens(), m_ids));
            }
            m_scratch.assign(m_ids.begin() + static_cast<std::ptrdiff_t>(span.begin),
                             m_ids.begin() + static_cast<std::ptrdiff_t>(span.begin + span.length));
            pack.append(m_scratch, static_cast<int>(column), static_cast<int>(i));
            if (!m_skipped.empty()) pack.promptLength.push_back(m_skipped[column]);
        }
    }
}

BatchLoader::BatchLoader(std::vector<Source> sources, const SentenceModel& model, BatchSampler& sampler)
    : m_sources(std::move(sources)), m_sampler(sampler)
{
    for (const auto& source : m_sources)
        m_stores.emplace_back(*source.dataset, model, source.prompts);
}

BatchLoader::~BatchLoader()
{
    stopWorker();
}

void BatchLoader::stopWorker()
{
    {
        std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_changed.notify_all();
    if (m_worker.joinable()) m_worker.join();
    m_ready.clear();
    m_stop = false;
}

void BatchLoader::startEpoch(std::int64_t epoch, std::int64_t skip, std::int64_t limit)
{
    stopWorker();
    m_sampler.startEpoch(epoch);
    m_done = false;
    m_worker = std::thread([this, skip, limit] { work(skip, limit); });
}

void BatchLoader::work(std::int64_t skip, std::int64_t limit)
{
    Batch batch;
    for (std::int64_t taken = 0; taken < limit && m_sampler.next(batch); ++taken) {
        if (taken < skip) continue;
        auto loaded = load(batch);
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_stop || m_ready.size() < kReadyBatches; });
        if (m_stop) return;
        m_ready.push_back(std::move(loaded));
        m_changed.notify_all();
    }
    std::lock_guard lock(m_mutex);
    m_done = true;
    m_changed.notify_all();
}

std::optional<LoadedBatch> BatchLoader::next()
{
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_done || !m_ready.empty(); });
    if (m_ready.empty()) return std::nullopt;
    auto batch = std::move(m_ready.front());
    m_ready.pop_front();
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
    m_stores[index].append(batch.rows, loaded.pack);

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
        const auto& prompts = m_stores[index].prompts();
        loaded.texts.resize(dataset.inputs().size());
        for (std::size_t column = 0; column < loaded.texts.size(); ++column)
            for (const auto row : batch.rows)
                loaded.texts[column].push_back(prompts[column] +
                                               std::string(dataset.text(static_cast<int>(column), row)));
    }
    return loaded;
}

} // namespace studio
