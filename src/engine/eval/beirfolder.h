#pragma once

#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// A retrieval set on disk in the layout of BEIR: corpus.jsonl and queries.jsonl with "_id", "text" and
/// perhaps "title" in each line, qrels/test.tsv (or the only file there) with query-id, corpus-id and,
/// perhaps, a score; rows with a score above 0 are relevant.
struct BeirFolder
{
    std::filesystem::path corpus;
    std::vector<std::pair<std::string, std::string>>
        queries; ///< id, text: those with relevant documents, file order
    std::map<std::string, std::set<std::string>> relevant; ///< query id → document ids

    /// Errors name the file and the line.
    static Result<BeirFolder> open(const std::filesystem::path& folder);

    static bool looksLikeOne(const std::filesystem::path& folder);
};

/// Reads a corpus a few documents at a time.
class BeirCorpus
{
public:
    explicit BeirCorpus(const std::filesystem::path& file);

    struct Chunk
    {
        std::vector<std::string> ids;
        std::vector<std::string> texts;
    };

    /// The next documents, at most `count`; empty at the end. Documents without text are left out.
    Result<Chunk> next(std::size_t count);

private:
    std::filesystem::path m_file;
    std::ifstream m_in;
    std::int64_t m_line = 0;
};

} // namespace studio
