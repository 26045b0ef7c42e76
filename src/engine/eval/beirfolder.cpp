#include "engine/eval/beirfolder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace studio {
namespace {

std::string placeOf(const std::filesystem::path& file, std::int64_t line)
{
    return file.filename().string() + ":" + std::to_string(line);
}

struct Document
{
    std::string id;
    std::string text;
};

Result<Document> parseDocument(const std::string& line, const std::filesystem::path& file,
                               std::int64_t number)
{
    const auto json = nlohmann::json::parse(line, nullptr, false);
    auto textOf = [&](const char* key) -> const nlohmann::json* {
        auto it = json.find(key);
        return it == json.end() ? nullptr : &*it;
    };
    if (!json.is_object() || !textOf("_id") || !textOf("text") || !textOf("text")->is_string())
        return Error{ErrorCode::Malformed,
                     "Cannot read " + file.filename().string() + ": line " + std::to_string(number) +
                         " is not an object with \"_id\" and \"text\".",
                     placeOf(file, number)};
    const nlohmann::json& id = *textOf("_id");
    return Document{id.is_string() ? id.get<std::string>() : id.dump(), textOf("text")->get<std::string>()};
}

Error cannotOpen(const std::filesystem::path& file)
{
    return {ErrorCode::NotFound,
            "Cannot open " + file.string() +
                ". A retrieval set is a folder with corpus.jsonl, queries.jsonl and qrels/test.tsv.",
            file.string()};
}

Result<std::filesystem::path> judgementsOf(const std::filesystem::path& folder)
{
    const auto qrels = folder / "qrels";
    std::error_code error;
    if (std::filesystem::exists(qrels / "test.tsv", error)) return qrels / "test.tsv";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(qrels, error))
        if (entry.path().extension() == ".tsv") files.push_back(entry.path());
    if (files.empty()) return cannotOpen(qrels / "test.tsv");
    return *std::min_element(files.begin(), files.end());
}

/// A score above 0; text that is no number counts as one (some sets write words).
bool isPositive(const std::string& text)
{
    double score = 0;
    auto result = std::from_chars(text.data(), text.data() + text.size(), score);
    return result.ec != std::errc() || score > 0;
}

bool readLine(std::ifstream& in, std::string& line)
{
    if (!std::getline(in, line)) return false;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return true;
}

} // namespace

bool BeirFolder::looksLikeOne(const std::filesystem::path& folder)
{
    std::error_code error;
    return std::filesystem::exists(folder / "corpus.jsonl", error) &&
           std::filesystem::exists(folder / "queries.jsonl", error);
}

Result<BeirFolder> BeirFolder::open(const std::filesystem::path& folder)
{
    BeirFolder set;
    set.corpus = folder / "corpus.jsonl";
    if (!std::ifstream(set.corpus)) return cannotOpen(set.corpus);
    auto judgements = judgementsOf(folder);
    if (!judgements) return judgements.error();
    std::ifstream in(*judgements);
    if (!in) return cannotOpen(*judgements);
    std::string line;
    for (std::int64_t number = 1; readLine(in, line); ++number) {
        if (line.empty() || (number == 1 && line.rfind("query-id", 0) == 0)) continue;
        const std::size_t first = line.find('\t');
        if (first == std::string::npos)
            return Error{ErrorCode::Malformed,
                         "Cannot read " + judgements->filename().string() + ": line " +
                             std::to_string(number) + " has no tab between query and document.",
                         placeOf(*judgements, number)};
        const std::size_t second = std::min(line.find('\t', first + 1), line.size());
        if (second < line.size() && !isPositive(line.substr(second + 1))) continue;
        set.relevant[line.substr(0, first)].insert(line.substr(first + 1, second - first - 1));
    }
    const auto queries = folder / "queries.jsonl";
    std::ifstream questions(queries);
    if (!questions) return cannotOpen(queries);
    for (std::int64_t number = 1; readLine(questions, line); ++number) {
        if (line.empty()) continue;
        auto query = parseDocument(line, queries, number);
        if (!query) return query.error();
        if (set.relevant.count(query->id) && !query->text.empty())
            set.queries.emplace_back(query->id, query->text);
    }
    if (set.queries.empty())
        return Error{ErrorCode::Malformed,
                     "No query of " + folder.string() + " has a relevant document in " +
                         judgements->filename().string() + ". Check the ids.",
                     folder.string()};
    return set;
}

BeirCorpus::BeirCorpus(const std::filesystem::path& file) : m_file(file), m_in(file) {}

Result<BeirCorpus::Chunk> BeirCorpus::next(std::size_t count)
{
    if (!m_in.is_open()) return cannotOpen(m_file);
    Chunk chunk;
    std::string line;
    while (chunk.ids.size() < count && readLine(m_in, line)) {
        ++m_line;
        if (line.empty()) continue;
        auto document = parseDocument(line, m_file, m_line);
        if (!document) return document.error();
        if (document->text.empty()) continue;
        chunk.ids.push_back(std::move(document->id));
        chunk.texts.push_back(std::move(document->text));
    }
    return chunk;
}

} // namespace studio
