#include "cli/commands.h"

#include "cli/embeddingcache.h"
#include "cli/progressbar.h"
#include "core/engine_api.h"
#include "core/files/durablefile.h"
#include "core/files/jsontext.h"
#include "core/json.h"
#include "data/mining.h"
#include "data/nearest.h"
#include "data/reader.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <optional>

namespace studio::cli {
namespace {

namespace fs = std::filesystem;

struct MineArguments
{
    std::string model;
    std::string data;
    std::string format; ///< of the data file
    std::string output;
    std::string anchorColumn;
    std::string positiveColumn;
    std::string corpus;
    std::string corpusColumn;
    std::string queryPrompt, queryPromptName;
    std::string corpusPrompt, corpusPromptName;
    std::string crossEncoder;
    std::string cacheFolder;
    std::string outputFormat = "triplet";
    std::string sampling = "top";
    int batchSize = 32;
    int threads = 0;
    MiningOptions options;
};

const std::map<std::string, MiningFormat> kFormats{{"triplet", MiningFormat::Triplet},
                                                   {"n-tuple", MiningFormat::NTuple},
                                                   {"labeled-pair", MiningFormat::LabeledPair},
                                                   {"labeled-list", MiningFormat::LabeledList}};

/// A column by name, or the one at `place` when no name is given. It must hold texts.
Result<const Column*> textColumn(const Table& table, const std::string& name, int place,
                                 const std::string& file)
{
    int index = place;
    if (!name.empty()) {
        const auto found = table.find(name);
        if (!found) {
            std::string known;
            for (const auto& column : table.names())
                known += (known.empty() ? "" : ", ") + column;
            return Error{ErrorCode::NotFound,
                         file + " has no column \"" + name + "\". It has: " + known + ".", file};
        }
        index = *found;
    }
    if (index >= table.columns())
        return Error{ErrorCode::InvalidValue,
                     file + " has " + std::to_string(table.columns()) +
                         " columns; anchors and positives need two. Name them with --anchor-column and "
                         "--positive-column.",
                     file};
    const auto& column = table.column(index);
    if (column.kind() != ColumnKind::Text)
        return Error{
            ErrorCode::InvalidValue,
            "The column \"" + column.name() + "\" of " + file + " holds no texts. Choose another one.", file};
    return &column;
}

/// A raw prompt, else the named one of the model's configuration, else the one that the original's
/// encode_query and encode_document choose.
Result<std::string> promptOf(const fs::path& model, const std::string& raw, const std::string& name,
                             const std::vector<std::string>& customary)
{
    if (!raw.empty()) return raw;
    std::ifstream in(model / "config_sentence_transformers.json");
    Json config = in ? Json::parse(in, nullptr, false) : Json::object();
    const Json prompts =
        config.is_object() && config.contains("prompts") ? config["prompts"] : Json::object();
    const auto stored = [&](const std::string& key) {
        return prompts.is_object() && prompts.contains(key) && prompts[key].is_string()
                   ? prompts[key].get<std::string>()
                   : std::string();
    };
    if (!name.empty()) {
        if (!prompts.is_object() || !prompts.contains(name))
            return Error{ErrorCode::NotFound, "The model has no prompt named \"" + name + "\".",
                         model.string()};
        return stored(name);
    }
    for (const auto& key : customary)
        if (prompts.is_object() && prompts.contains(key)) return stored(key);
    if (config.is_object() && config.contains("default_prompt_name") &&
        config["default_prompt_name"].is_string())
        return stored(config["default_prompt_name"].get<std::string>());
    return std::string();
}

Result<Embeddings> embed(Engine& engine, const MineArguments& arguments,
                         const std::vector<std::string_view>& texts, const std::string& prompt,
                         const char* what, const EmbeddingCache* cache)
{
    const auto file = cache ? cache->fileOf(what, prompt, texts) : fs::path();
    if (cache) {
        if (auto kept = EmbeddingCache::read(file, static_cast<std::int64_t>(texts.size()))) {
            std::fprintf(stderr, "%s: embeddings from %s\n", what, file.string().c_str());
            return std::move(*kept);
        }
    }
    EncodeOptions options;
    options.batchSize = arguments.batchSize;
    options.normalize = true;
    options.prompt = prompt;
    options.threads = arguments.threads;
    ProgressBar bar(what);
    auto embeddings = engine.encode(arguments.model, std::vector<std::string>(texts.begin(), texts.end()),
                                    options, [&](std::int64_t done, std::int64_t total) {
                                        bar.update(done, total);
                                        return true;
                                    });
    bar.finish();
    if (embeddings && cache)
        if (auto status = EmbeddingCache::write(file, *embeddings); !status) return status.error();
    return embeddings;
}

/// What similarity found for one anchor.
struct Found
{
    std::vector<MiningCandidate> candidates;
    std::vector<double> positives; ///< scores
};

/// Replaces the similarities of candidates and positives by a cross-encoder's ratings.
Status rescore(Engine& engine, const MineArguments& arguments, const HardNegativeMiner& miner, std::vector<Found>& found)
{
    std::vector<TextPair> pairs;
    const auto document = [&](std::int64_t id) { return std::string(miner.corpus()[static_cast<std::size_t>(id)]); };
    for (std::size_t query = 0; query < found.size(); ++query) {
        const std::string anchor(miner.queries()[query]);
        for (const auto& candidate : found[query].candidates)
            pairs.emplace_back(anchor, document(candidate.document));
        for (const auto id : miner.positivesOf(static_cast<std::int64_t>(query)))
            pairs.emplace_back(anchor, document(id));
    }
    ScoreOptions options;
    options.batchSize = arguments.batchSize;
    options.threads = arguments.threads;
    ProgressBar bar("pairs");
    const auto scores = engine.scorePairs(arguments.crossEncoder, pairs, options, [&](std::int64_t done, std::int64_t total) {
        bar.update(done, total);
        return true;
    });
    bar.finish();
    if (!scores) return scores.error();
    auto next = scores->begin();
    for (auto& each : found) {
        for (auto& candidate : each.candidates)
            candidate.score = *next++;
        for (auto& score : each.positives)
            score = *next++;
    }
    return {};
}

Json cell(const Column& column, std::int64_t row)
{
    switch (column.kind()) {
    case ColumnKind::Text:
        return std::string(column.text(row));
    case ColumnKind::Integer:
        return column.integer(row);
    case ColumnKind::Real:
        return column.number(row);
    case ColumnKind::List: {
        Json list = Json::array();
        for (const double value : column.list(row)) {
            const bool label = column.name() == "labels";
            list.push_back(label ? Json(static_cast<int>(value)) : Json(value));
        }
        return list;
    }
    case ColumnKind::TextList: {
        Json list = Json::array();
        for (std::int64_t i = 0; i < column.listSize(row); ++i)
            list.push_back(std::string(column.listText(row, i)));
        return list;
    }
    }
    return {};
}

std::string jsonLines(const Table& table)
{
    std::string out;
    for (std::int64_t row = 0; row < table.rows(); ++row) {
        out += '{';
        for (int c = 0; c < table.columns(); ++c)
            out += (c ? ", " : "") + quotedJson(table.name(c)) + ": " +
                   cell(table.column(c), row).dump(-1, ' ', false, Json::error_handler_t::replace);
        out += "}\n";
    }
    return out;
}

std::string csvText(const Table& table)
{
    const auto quoted = [](const std::string& text) {
        if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
        std::string out = "\"";
        for (const char c : text)
            out += c == '"' ? std::string("\"\"") : std::string(1, c);
        return out + '"';
    };
    std::string out;
    for (int c = 0; c < table.columns(); ++c)
        out += (c ? "," : "") + quoted(table.name(c));
    out += "\n";
    for (std::int64_t row = 0; row < table.rows(); ++row) {
        for (int c = 0; c < table.columns(); ++c)
            out += (c ? "," : "") + quoted(table.column(c).display(row));
        out += "\n";
    }
    return out;
}

Status writeTable(const Table& table, const std::string& file)
{
    const auto ending = fs::path(file).extension();
    if (ending == ".jsonl") return writeFileDurably(fs::path(file), jsonLines(table));
    for (int c = 0; c < table.columns(); ++c)
        if (table.kind(c) == ColumnKind::List || table.kind(c) == ColumnKind::TextList)
            return Error{ErrorCode::InvalidValue,
                         "The column \"" + table.name(c) +
                             "\" holds lists, which a CSV file cannot. Name an --output that "
                             "ends in .jsonl.",
                         file};
    return writeFileDurably(fs::path(file), csvText(table));
}

void tell(const MiningReport& report, const Table& table, const std::string& file)
{
    std::fprintf(stderr,
                 "%lld pairs of %lld anchors; %lld candidates, %lld too close to the positive, %lld outside "
                 "the scores\n",
                 static_cast<long long>(report.pairs), static_cast<long long>(report.queries),
                 static_cast<long long>(report.candidates), static_cast<long long>(report.droppedMargin),
                 static_cast<long long>(report.droppedScore));
    if (report.missing > 0)
        std::fprintf(
            stderr, "%lld negatives are missing; a larger range_max or looser margins and scores give more\n",
            static_cast<long long>(report.missing));
    std::fprintf(stderr, "%lld rows in %s\n", static_cast<long long>(table.rows()), file.c_str());
}

int mine(const MineArguments& arguments)
{
    auto options = arguments.options;
    options.format = kFormats.at(arguments.outputFormat);
    options.random = arguments.sampling == "random";
    options.rescored = !arguments.crossEncoder.empty();
    // As in the original, ratings decide only where something is to be decided by them.
    const bool rated = options.rescored && (options.absoluteMargin || options.relativeMargin || options.maxScore ||
                                            options.minScore);
    if (options.rescored && !rated)
        return report(Error{ErrorCode::InvalidValue,
                            "--cross-encoder has no effect without --absolute-margin, --relative-margin, --max-score or "
                            "--min-score. Name one of them.",
                            "cross_encoder"}),
               kUsage;

    ReadOptions reading;
    reading.format = arguments.format;
    const auto table = readTable(arguments.data, reading);
    if (!table) return report(table.error());
    const auto anchors = textColumn(*table, arguments.anchorColumn, 0, arguments.data);
    if (!anchors) return report(anchors.error());
    const auto positives = textColumn(*table, arguments.positiveColumn, 1, arguments.data);
    if (!positives) return report(positives.error());
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (std::int64_t row = 0; row < table->rows(); ++row)
        pairs.emplace_back((*anchors)->text(row), (*positives)->text(row));

    Table corpus;
    std::vector<std::string_view> extra;
    if (!arguments.corpus.empty()) {
        auto read = readTable(arguments.corpus, {});
        if (!read) return report(read.error());
        corpus = std::move(*read);
        const auto texts = textColumn(corpus, arguments.corpusColumn, 0, arguments.corpus);
        if (!texts) return report(texts.error());
        for (std::int64_t row = 0; row < corpus.rows(); ++row)
            extra.push_back((*texts)->text(row));
    }
    auto miner = HardNegativeMiner::make(pairs, extra, options);
    if (!miner) return report(miner.error()), kUsage;

    const auto queryPrompt =
        promptOf(arguments.model, arguments.queryPrompt, arguments.queryPromptName, {"query"});
    if (!queryPrompt) return report(queryPrompt.error());
    const auto corpusPrompt = promptOf(arguments.model, arguments.corpusPrompt, arguments.corpusPromptName,
                                       {"document", "passage", "corpus"});
    if (!corpusPrompt) return report(corpusPrompt.error());

    const auto engine = loadEngine();
    if (!engine) return report(engine.error());
    std::optional<EmbeddingCache> cache;
    if (!arguments.cacheFolder.empty()) {
        auto opened = EmbeddingCache::open(arguments.cacheFolder, arguments.model);
        if (!opened) return report(opened.error());
        cache.emplace(std::move(*opened));
    }
    const auto* kept = cache ? &*cache : nullptr;
    const auto documents = embed(**engine, arguments, miner->corpus(), *corpusPrompt, "documents", kept);
    if (!documents) return report(documents.error());
    const auto queries = embed(**engine, arguments, miner->queries(), *queryPrompt, "anchors", kept);
    if (!queries) return report(queries.error());

    std::vector<Found> found(rated ? miner->queries().size() : 0);
    Found each;
    nearestDocuments(queries->values, documents->values, queries->dim, miner->candidatesPerQuery(),
                     arguments.threads, [&](std::int64_t query, std::span<const MiningCandidate> best) {
                         each.positives.clear();
                         for (const auto document : miner->positivesOf(query))
                             each.positives.push_back(dotProduct(queries->values, query, documents->values, document,
                                                                 queries->dim));
                         if (!rated) return miner->add(query, best, each.positives);
                         each.candidates.assign(best.begin(), best.end());
                         found[static_cast<std::size_t>(query)] = each;
                     });
    if (rated) {
        if (const auto status = rescore(**engine, arguments, *miner, found); !status) return report(status.error());
        for (std::size_t query = 0; query < found.size(); ++query)
            miner->add(static_cast<std::int64_t>(query), found[query].candidates, found[query].positives);
    }
    const auto mined = miner->table((*anchors)->name(), (*positives)->name());
    if (const auto written = writeTable(mined, arguments.output); !written) return report(written.error());
    tell(miner->report(), mined, arguments.output);
    return kDone;
}

} // namespace

void addMineCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<MineArguments>();
    auto& a = *arguments;
    auto* command = app.add_subcommand("mine", "Finds hard negatives for anchors and their positives");
    command->add_option("model", a.model, "Model folder; similarity is the cosine")->required();
    command->add_option("data", a.data, "File with anchors and positives (csv, tsv, jsonl, parquet)")
        ->required();
    command->add_option("--output", a.output, "File to write: .jsonl, or .csv for forms without lists")
        ->required();
    command->add_option("--format", a.format, "Format of the data file when its name does not tell");
    command->add_option("--anchor-column", a.anchorColumn, "Column of the anchors (the first)");
    command->add_option("--positive-column", a.positiveColumn, "Column of the positives (the second)");
    command->add_option("--corpus", a.corpus, "File with further texts to choose negatives from");
    command->add_option("--corpus-column", a.corpusColumn, "Column of these texts (the first)");
    command->add_option("--range-min", a.options.rangeMin, "Candidates passed over, the most similar first")
        ->capture_default_str();
    command->add_option("--range-max", a.options.rangeMax,
                        "Candidates looked at (by the number of negatives and positives)");
    command->add_option("--max-score", a.options.maxScore, "Highest similarity of a negative");
    command->add_option("--min-score", a.options.minScore, "Lowest similarity of a negative");
    command->add_option("--absolute-margin", a.options.absoluteMargin,
                        "How far below its positive a negative must score");
    command->add_option("--relative-margin", a.options.relativeMargin,
                        "The same as a share of the positive's score");
    command->add_option("--num-negatives", a.options.numNegatives, "Negatives for each anchor")
        ->capture_default_str();
    command
        ->add_option("--sampling-strategy", a.sampling,
                     "The most similar candidates, or random ones of the range")
        ->check(CLI::IsMember({"top", "random"}))
        ->capture_default_str();
    command->add_option("--seed", a.options.seed, "Of random sampling")->capture_default_str();
    command->add_option("--query-prompt-name", a.queryPromptName,
                        "Prompt of the model for anchors (query, where it has one)");
    command->add_option("--query-prompt", a.queryPrompt, "Text put in front of anchors");
    command->add_option("--corpus-prompt-name", a.corpusPromptName,
                        "Prompt of the model for documents (document, passage, corpus)");
    command->add_option("--corpus-prompt", a.corpusPrompt, "Text put in front of documents");
    command->add_flag("--include-positives", a.options.includePositives,
                      "Keep positives among the candidates (n-tuple)");
    command->add_option("--output-format", a.outputFormat, "Form of the rows")
        ->check(CLI::IsMember({"triplet", "n-tuple", "labeled-pair", "labeled-list"}))
        ->capture_default_str();
    command->add_flag("--output-scores", a.options.outputScores,
                      "Add similarities; in labelled forms instead of labels");
    command->add_option("--cross-encoder", a.crossEncoder,
                        "Folder of a cross-encoder with one label, whose ratings margins and scores then mean");
    command->add_option("--cache-folder", a.cacheFolder, "Folder that keeps embeddings for the next time");
    command->add_option("--batch-size", a.batchSize, "Texts embedded at a time")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--threads", a.threads, "Threads (0: one for each core)")
        ->check(CLI::NonNegativeNumber);
    command->callback([arguments, &action] { action = [arguments] { return mine(*arguments); }; });
}

} // namespace studio::cli
