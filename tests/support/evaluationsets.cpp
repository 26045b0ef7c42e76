#include "support/evaluationsets.h"

#include "support/testfiles.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <vector>

namespace studio::test {

namespace fs = std::filesystem;

namespace {

std::string text(int seed)
{
    return "w" + std::to_string(seed * 7 % 91) + " w" + std::to_string(seed * 11 % 91) + " w" +
           std::to_string(seed % 5);
}

void writeLines(const fs::path& file, const std::vector<Json>& lines)
{
    std::string out;
    for (const auto& line : lines)
        out += line.dump() + "\n";
    fs::create_directories(file.parent_path());
    writeFile(file, out);
}

void writeBeir(const fs::path& folder)
{
    std::vector<Json> corpus, queries;
    for (int i = 0; i < 12; ++i)
        corpus.push_back({{"_id", "d" + std::to_string(i)}, {"text", text(i)}});
    std::string qrels = "query-id\tcorpus-id\tscore\n";
    for (int i = 0; i < 4; ++i) {
        queries.push_back({{"_id", "q" + std::to_string(i)}, {"text", text(i + 1)}});
        qrels += "q" + std::to_string(i) + "\td" + std::to_string(i + 1) + "\t1\n";
    }
    writeLines(folder / "corpus.jsonl", corpus);
    writeLines(folder / "queries.jsonl", queries);
    fs::create_directories(folder / "qrels");
    writeFile(folder / "qrels" / "test.tsv", qrels);
}

} // namespace

DataSpec evaluationSet(const fs::path& folder, EvalShape shape, const std::string& name)
{
    DataSpec spec;
    spec.name = name;
    const auto file = folder / (name + ".jsonl");
    spec.path = file.string();
    std::vector<Json> lines;
    const auto table = [&](std::vector<std::string> columns, const std::function<Json(int)>& label) {
        for (int row = 0; row < 8; ++row) {
            Json line;
            for (std::size_t c = 0; c < columns.size(); ++c)
                line[columns[c]] = text(row * 3 + static_cast<int>(c));
            if (label) line["label"] = label(row);
            lines.push_back(line);
        }
        for (const auto& column : columns)
            spec.columns.emplace_back(column, column);
        if (label) spec.columns.emplace_back("label", "label");
        writeLines(file, lines);
    };
    switch (shape) {
    case EvalShape::Pairs:
        table({"sentence1", "sentence2"}, [](int row) { return Json(0.1 * row); });
        break;
    case EvalShape::LabelPairs:
        table({"sentence1", "sentence2"}, [](int row) { return Json(row % 2); });
        break;
    case EvalShape::ClassPairs:
        table({"sentence1", "sentence2"}, [](int row) { return Json(row % 3); });
        break;
    case EvalShape::Triplets:
        table({"anchor", "positive", "negative"}, {});
        break;
    case EvalShape::Translation:
    case EvalShape::Teacher:
        table({"source", "target"}, {});
        break;
    case EvalShape::Teachers:
        table({"en", "de", "fr"}, {});
        break;
    case EvalShape::Retrieval:
        spec.path = (folder / name).string();
        writeBeir(spec.path);
        break;
    case EvalShape::RetrievalSet:
        spec.path = (folder / name).string();
        writeBeir(fs::path(spec.path) / "NanoNQ");
        writeBeir(fs::path(spec.path) / "own");
        break;
    case EvalShape::Reranking:
        for (int row = 0; row < 6; ++row)
            lines.push_back({{"query", text(row)},
                             {"positive", {text(row + 1), text(row + 2)}},
                             {"negative", {text(row + 20), text(row + 30), text(row + 40)}}});
        writeLines(file, lines);
        break;
    case EvalShape::Paraphrases: {
        spec.path = (folder / name).string();
        std::string sentences = "id\tsentence\n", duplicates = "id1\tid2\n";
        for (int i = 0; i < 10; ++i)
            sentences += std::to_string(i) + "\t" + text(i / 2) + "\n";
        for (int i = 0; i < 10; i += 2)
            duplicates += std::to_string(i) + "\t" + std::to_string(i + 1) + "\n";
        fs::create_directories(spec.path);
        writeFile(fs::path(spec.path) / "sentences.tsv", sentences);
        writeFile(fs::path(spec.path) / "duplicates.tsv", duplicates);
        break;
    }
    case EvalShape::None:
        break;
    }
    return spec;
}

EvaluatorSpec evaluatorFor(const EvaluatorInfo& info, const std::string& data)
{
    EvaluatorSpec spec;
    spec.type = info.type;
    spec.data = data;
    spec.options = Json::object();
    if (info.shape == EvalShape::Teacher || info.shape == EvalShape::Teachers)
        spec.options["teacher_model"] = fixture("model/tiny/bert").string();
    if (info.shape == EvalShape::Teachers) spec.options["combinations"] = "en-de, en-fr";
    return spec;
}

} // namespace studio::test
