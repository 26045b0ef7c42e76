#pragma once

#include "data/dataset.h"
#include "engine/model/packedbatch.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace studio {

class SentenceModel;

/// Token ids of a data set's input columns, made when a row is first needed and kept for later epochs. Safe to
/// use from several threads.
class TokenStore
{
public:
    TokenStore(const Dataset& dataset, const SentenceModel& model, std::vector<std::string> prompts);

    /// Appends the rows of every input column to the pack.
    void append(const std::vector<std::int64_t>& rows, PackedBatch& pack);

    const std::vector<std::string>& prompts() const { return m_prompts; }

private:
    /// Ids of one text; they stay where they are as long as the store lives.
    struct Ids
    {
        const std::int32_t* first = nullptr; ///< null: not tokenized yet
        std::uint32_t count = 0;
    };

    void tokenize(std::size_t column, std::int64_t row, std::vector<std::int32_t>& ids) const;
    Ids keep(const std::vector<std::int32_t>& ids); ///< with the lock held

    const Dataset& m_dataset;
    const SentenceModel& m_model;
    std::vector<std::string> m_prompts; ///< one per input column
    std::vector<int> m_skipped;         ///< tokens of each prompt that pooling leaves out; empty: none

    std::mutex m_mutex;
    std::vector<std::vector<Ids>> m_known; ///< [column][row]
    std::vector<std::unique_ptr<std::int32_t[]>> m_blocks;
    std::size_t m_used = 0;     ///< of the last block
    std::size_t m_capacity = 0; ///< of the last block
};

} // namespace studio
