#include "engine/train/tokenstore.h"

#include "engine/model/sentencemodel.h"
#include "text/tokenizer.h"

#include <algorithm>

namespace studio {
namespace {

constexpr std::size_t kBlock = 1u << 16; // ids

} // namespace

TokenStore::TokenStore(const Dataset& dataset, const SentenceModel& model, std::vector<std::string> prompts)
    : m_dataset(dataset),
      m_model(model),
      m_prompts(std::move(prompts)),
      m_known(dataset.inputs().size(), std::vector<Ids>(static_cast<std::size_t>(dataset.rows())))
{
    m_prompts.resize(m_known.size());
    if (model.skipsPrompts())
        for (const auto& prompt : m_prompts)
            m_skipped.push_back(model.skippedTokens(prompt));
}

void TokenStore::tokenize(std::size_t column, std::int64_t row, std::vector<std::int32_t>& ids) const
{
    auto text = m_dataset.text(static_cast<int>(column), row);
    std::string prompted;
    if (!m_prompts[column].empty()) {
        prompted = m_prompts[column];
        prompted.append(text);
        text = prompted;
    }
    ids.clear();
    m_model.tokenizer().encodeTo(text, m_model.maxSeqLength(), m_model.addsSpecialTokens(), ids);
}

TokenStore::Ids TokenStore::keep(const std::vector<std::int32_t>& ids)
{
    if (m_blocks.empty() || m_capacity - m_used < ids.size()) {
        m_capacity = std::max(kBlock, ids.size());
        m_used = 0;
        m_blocks.push_back(std::make_unique_for_overwrite<std::int32_t[]>(m_capacity));
    }
    auto* first = m_blocks.back().get() + m_used;
    std::copy(ids.begin(), ids.end(), first);
    m_used += ids.size();
    return {first, static_cast<std::uint32_t>(ids.size())};
}

void TokenStore::append(const std::vector<std::int64_t>& rows, PackedBatch& pack)
{
    std::vector<std::int32_t> ids;
    std::vector<Ids> found(rows.size());
    for (std::size_t column = 0; column < m_known.size(); ++column) {
        auto& known = m_known[column];
        {
            const std::lock_guard lock(m_mutex);
            for (std::size_t i = 0; i < rows.size(); ++i)
                found[i] = known[static_cast<std::size_t>(rows[i])];
        }
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!found[i].first) {
                tokenize(column, rows[i], ids);
                const std::lock_guard lock(m_mutex);
                auto& entry = known[static_cast<std::size_t>(rows[i])];
                // Another thread may have been faster; both have the same ids.
                if (!entry.first) entry = keep(ids);
                found[i] = entry;
            }
            ids.assign(found[i].first, found[i].first + found[i].count);
            pack.append(ids, static_cast<int>(column), static_cast<int>(i));
            if (!m_skipped.empty()) pack.promptLength.push_back(m_skipped[column]);
        }
    }
}

} // namespace studio
