// A real table of word vectors with a real byte-fallback tokenizer: what the PyPI package wordllama carries, as
// tests/interop/setup.sh lays it down with Python's ids and embeddings beside it.

#include "engine/model/safetensors.h"
#include "text/tokenizer.h"

#include "tinyfolders.h"

#include <QTest>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

using namespace studio;
using namespace studio::test;

namespace {

fs::path wordllama()
{
    const auto folder = sourceFolder() / ".venv-interop/wordllama";
    return fs::exists(folder / "expected.json") ? folder : fs::path();
}

} // namespace

#define NEEDS_WORDLLAMA                                                                                      \
    const auto folder = wordllama();                                                                         \
    if (folder.empty()) QSKIP("needs .venv-interop/wordllama: run tests/interop/setup.sh")

class TestWordLlama : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void idsAndEmbeddingsArePythons();
    void savedFolderIsTheSameModel();
};

void TestWordLlama::idsAndEmbeddingsArePythons()
{
    NEEDS_WORDLLAMA;
    const auto expected = nlohmann::json::parse(readFile(folder / "expected.json"));
    const auto model = loaded(folder);
    QCOMPARE(model->info().modules, std::vector<std::string>{"StaticEmbedding"});
    QCOMPARE(model->dimension(), 256);
    QCOMPARE(model->tokenizer().vocabSize(), 32'000);
    const auto texts = expected["texts"].get<std::vector<std::string>>();
    for (std::size_t i = 0; i < texts.size(); ++i)
        QCOMPARE(model->tokenizer().encode(texts[i], 0, false), expected["ids"][i].get<std::vector<std::int32_t>>());
    const auto embeddings = model->encode(texts);
    QVERIFY(embeddings);
    QCOMPARE(embeddings->rows, static_cast<std::int64_t>(texts.size()));
    double worst = 0, largest = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto row = expected["embeddings"][i].get<std::vector<double>>();
        QCOMPARE(row.size(), std::size_t{256});
        for (std::size_t d = 0; d < row.size(); ++d) {
            worst = std::max(worst, std::abs(row[d] - embeddings->values[i * row.size() + d]));
            largest = std::max(largest, std::abs(row[d]));
        }
    }
    QVERIFY2(worst <= 1e-5, std::to_string(worst).c_str());
    QVERIFY(largest > 0.1);
}

void TestWordLlama::savedFolderIsTheSameModel()
{
    NEEDS_WORDLLAMA;
    TempFolder target;
    const auto model = loaded(folder);
    writeSaved(target.path(), *model);
    const auto before = SafetensorsFile::open(folder / "model.safetensors");
    const auto after = SafetensorsFile::open(target / "model.safetensors");
    QVERIFY(before && after);
    QCOMPARE((*after)->tensors().size(), std::size_t{1});
    QVERIFY(std::ranges::equal((*before)->tensors().front().bytes, (*after)->tensors().front().bytes));
    QCOMPARE(readFile(target / "tokenizer.json"), readFile(folder / "tokenizer.json"));
    const std::vector<std::string> texts{"The weather is lovely today."};
    QCOMPARE(loaded(target.path())->encode(texts)->values, model->encode(texts)->values);
}

QTEST_APPLESS_MAIN(TestWordLlama)
#include "tst_wordllama.moc"
