// The real all-MiniLM-L6-v2: embeddings, numbers of the untouched model, names, packing, saving.

#include "engine/model/parameterstore.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"
#include "support/testfiles.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <QTest>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace studio;
namespace fs = std::filesystem;

namespace {

class StringSink : public ByteSink
{
public:
    Status write(std::string_view bytes) override
    {
        text.append(bytes);
        return {};
    }
    std::string text;
};

std::unique_ptr<SentenceModel> loaded(const fs::path& folder, const LoadOptions& options = {})
{
    auto model = SentenceModel::load(folder, options);
    if (!model) qFatal("%s", model.error().text().c_str());
    return std::move(*model);
}

LoadOptions encodeOnly()
{
    LoadOptions options;
    options.gradients = false;
    options.encoder = EncoderChoice::Torch;
    return options;
}

void writeTo(const fs::path& folder, const SentenceModel& model, const SaveOptions& options = {})
{
    const auto files = model.files(options);
    if (!files) qFatal("%s", files.error().text().c_str());
    for (const auto& file : *files) {
        StringSink sink;
        if (!file.write(sink) || sink.text.size() != file.size)
            qFatal("%s: wrong size", file.relativePath.c_str());
        test::writeFile(folder / file.relativePath, sink.text);
    }
}

struct StsRow
{
    std::string first, second;
    double score;
};

/// Rows of stsb-open, a CSV with quoted fields and no line breaks inside them.
std::vector<StsRow> readSts(const fs::path& path)
{
    std::vector<StsRow> rows;
    const auto lines = test::readLines(path);
    for (std::size_t n = 1; n < lines.size(); ++n) {
        std::vector<std::string> fields(1);
        bool quoted = false;
        for (std::size_t i = 0; i < lines[n].size(); ++i) {
            const char c = lines[n][i];
            if (c == '\r') continue;
            if (c == '"' && quoted && i + 1 < lines[n].size() && lines[n][i + 1] == '"')
                fields.back() += lines[n][++i];
            else if (c == '"')
                quoted = !quoted;
            else if (c == ',' && !quoted)
                fields.emplace_back();
            else
                fields.back() += c;
        }
        if (fields.size() >= 3) rows.push_back({fields[0], fields[1], std::stod(fields[2])});
    }
    return rows;
}

std::vector<double> averageRanks(const std::vector<double>& values)
{
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size());
    for (std::size_t i = 0; i < order.size();) {
        std::size_t j = i;
        while (j < order.size() && values[order[j]] == values[order[i]])
            ++j;
        for (std::size_t k = i; k < j; ++k)
            ranks[order[k]] = 0.5 * static_cast<double>(i + j - 1);
        i = j;
    }
    return ranks;
}

double pearson(const std::vector<double>& a, const std::vector<double>& b)
{
    const double n = static_cast<double>(a.size());
    const double ma = std::accumulate(a.begin(), a.end(), 0.0) / n,
                 mb = std::accumulate(b.begin(), b.end(), 0.0) / n;
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return ab / std::sqrt(aa * bb);
}

fs::path stsFile()
{
    const auto shipped = test::sourceFolder() / "resources/data/stsb-open/en-dev.csv";
    return fs::exists(shipped) ? shipped : test::sharedFile("data/stsb-open/en-dev.csv");
}

} // namespace

#define NEEDS_MODEL                                                                                          \
    const auto folder = test::sampleModel();                                                                 \
    if (folder.empty()) QSKIP("needs all-MiniLM-L6-v2 (./test unpacks it into the user's cache)")

class TestSentenceModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void describesItself();
    void parametersAreNamedAndOrderedAsInPython();
    void embeddingsEqualPython();
    void packedEqualsOneByOne();
    void encodeOptions();
    void spearmanOfTheUntouchedModel();
    void gradientsLandInTheFlatBuffer();
    void savedFolderIsTheSameModel();
    void halfPrecisionSurvivesARoundTrip();
};

void TestSentenceModel::describesItself()
{
    NEEDS_MODEL;
    const auto model = loaded(folder, encodeOnly());
    const auto info = model->info();
    QCOMPARE(info.architecture, std::string("BertModel"));
    QCOMPARE(info.parameters, std::int64_t{22'713'216});
    QCOMPARE(info.dimension, 384);
    QCOMPARE(info.maxSeqLength, 256);
    QCOMPARE(info.pooling, std::string("mean"));
    QCOMPARE(info.similarity, std::string("cosine"));
    QCOMPARE(info.modules, (std::vector<std::string>{"Transformer", "Pooling", "Normalize"}));
    QVERIFY(model->notices().empty());
}

void TestSentenceModel::parametersAreNamedAndOrderedAsInPython()
{
    NEEDS_MODEL;
    const auto model = loaded(folder);
    const auto names = test::readLines(test::fixture("model/minilm_parameter_names.txt"));
    const auto parameters = model->parameters();
    QCOMPARE(parameters.size(), names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        QCOMPARE(parameters[i].name, names[i]);
        QCOMPARE(parameters[i].trained, names[i].find("pooler") == std::string::npos);
        QVERIFY(parameters[i].value.is_leaf() && parameters[i].value.requires_grad());
        QCOMPARE(reinterpret_cast<std::uintptr_t>(parameters[i].value.data_ptr()) % 64, std::uintptr_t{0});
    }
}

void TestSentenceModel::embeddingsEqualPython()
{
    NEEDS_MODEL;
    const auto reference =
        nlohmann::json::parse(test::readFile(test::fixture("model/full_embeddings_peer.json")));
    const auto texts = reference["texts"].get<std::vector<std::string>>();
    const auto model = loaded(folder, encodeOnly());
    EncodeOptions options;
    options.beforeNormalize = true;
    const auto result = model->encode(texts, options);
    QVERIFY2(result, result ? "" : result.error().text().c_str());
    QCOMPARE(result->rows, static_cast<std::int64_t>(texts.size()));
    double worst = 0;
    for (std::size_t r = 0; r < texts.size(); ++r)
        for (int d = 0; d < 384; ++d)
            worst = std::max(
                worst, std::abs(result->values[r * 384 + d] - reference["embeddings"][r][d].get<double>()));
    qInfo("largest difference %.2e", worst);
    QVERIFY(worst <= 1e-5);
}

void TestSentenceModel::packedEqualsOneByOne()
{
    NEEDS_MODEL;
    const auto model = loaded(folder, encodeOnly());
    std::vector<std::string> texts{"", "A", "A man is playing a guitar.",
                                   "Two men are playing chess in the park."};
    std::string longText;
    for (int i = 0; i < 400; ++i)
        longText += "word ";
    texts.push_back(longText);
    texts.push_back("A man is playing a guitar.");
    at::NoGradGuard noGrad;
    const auto together = model->embed(model->pack(texts), {});
    QCOMPARE(together.size(0), static_cast<std::int64_t>(texts.size()));
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto alone = model->embed(model->pack(std::span(&texts[i], 1)), {});
        QVERIFY((together[static_cast<std::int64_t>(i)] - alone[0]).abs().max().item<double>() < 1e-6);
    }
    QCOMPARE(model->pack(std::span(&longText, 1)).tokens(), std::int64_t{256});
    const auto empty = model->encode({});
    QVERIFY(empty);
    QCOMPARE(empty->rows, std::int64_t{0});
}

void TestSentenceModel::encodeOptions()
{
    NEEDS_MODEL;
    const auto model = loaded(folder, encodeOnly());
    const std::vector<std::string> texts{"The weather is lovely today.", "How do I reset my card PIN?"};
    const auto plain = model->encode(texts);
    QVERIFY(plain);
    EncodeOptions options;
    options.truncateDim = 64;
    const auto cut = model->encode(texts, options);
    QVERIFY(cut);
    QCOMPARE(cut->dim, std::int64_t{64});
    QCOMPARE(cut->values[64], plain->values[384]);
    options.normalize = true;
    const auto unit = model->encode(texts, options);
    double norm = 0;
    for (int d = 0; d < 64; ++d)
        norm += unit->values[d] * unit->values[d];
    QVERIFY(std::abs(norm - 1) < 1e-6);

    EncodeOptions prompted;
    prompted.prompt = "query: ";
    const std::vector<std::string> spelled{"query: " + texts[0], "query: " + texts[1]};
    QCOMPARE(model->encode(texts, prompted)->values, model->encode(spelled)->values);

    int calls = 0;
    const auto stopped = model->encode(texts, {}, [&](std::int64_t, std::int64_t) { return ++calls > 1; });
    QVERIFY(!stopped);
}

void TestSentenceModel::spearmanOfTheUntouchedModel()
{
    NEEDS_MODEL;
    const auto file = stsFile();
    QVERIFY2(!file.empty(), "resources/data/stsb-open/en-dev.csv ships with the project");
    const auto rows = readSts(file);
    QCOMPARE(rows.size(), std::size_t{1000});
    std::vector<std::string> texts;
    for (const auto& row : rows)
        texts.push_back(row.first);
    for (const auto& row : rows)
        texts.push_back(row.second);
    const auto model = loaded(folder, encodeOnly());
    const auto result = model->encode(texts);
    QVERIFY(result);
    std::vector<double> cosine, scores;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        double dot = 0;
        for (int d = 0; d < 384; ++d)
            dot += static_cast<double>(result->values[i * 384 + d]) *
                   result->values[(i + rows.size()) * 384 + d];
        cosine.push_back(static_cast<float>(dot));
        scores.push_back(rows[i].score);
    }
    const double spearman = pearson(averageRanks(cosine), averageRanks(scores));
    qInfo("spearman %.6f, pearson %.6f", spearman, pearson(cosine, scores));
    // reference-runs/zero_shot_metrics.json, stsb-open-en-dev
    QVERIFY(std::abs(spearman - 0.8634168051737935) < 1e-4);
    QVERIFY(std::abs(pearson(cosine, scores) - 0.8577959652925268) < 1e-4);
}

void TestSentenceModel::gradientsLandInTheFlatBuffer()
{
    NEEDS_MODEL;
    LoadOptions options;
    options.encoder = EncoderChoice::Torch;
    const auto model = loaded(folder, options);
    const std::vector<std::string> texts{"A man is playing a guitar.",
                                         "The weather is lovely today, is it not?"};
    model->embed(model->pack(texts), {}).select(1, 0).sum().backward();
    QVERIFY(model->store().gradientsAreViews());
    // In double: torch's float norm over 22 million values is off in the fourth digit.
    const double norm = model->store().flatGradients().to(at::kDouble).norm().item<double>();
    QVERIFY(norm > 0);
    double sum = 0;
    for (const auto& parameter : model->parameters()) {
        const double part = parameter.value.grad().to(at::kDouble).norm().item<double>();
        sum += part * part;
        if (!parameter.trained) QCOMPARE(part, 0.0);
    }
    QVERIFY(std::abs(std::sqrt(sum) - norm) < 1e-10 * norm);
    model->zeroGrad();
    QCOMPARE(model->store().flatGradients().abs().max().item<double>(), 0.0);
}

void TestSentenceModel::savedFolderIsTheSameModel()
{
    NEEDS_MODEL;
    test::TempFolder target;
    const auto model = loaded(folder, encodeOnly());
    writeTo(target.path(), *model);

    const auto before = SafetensorsFile::open(folder / "model.safetensors");
    const auto after = SafetensorsFile::open(target / "model.safetensors");
    QVERIFY(before && after);
    for (const auto& tensor : (*after)->tensors()) {
        const auto* source = (*before)->find(tensor.name);
        QVERIFY2(source, tensor.name.c_str());
        QVERIFY2(std::ranges::equal(source->bytes, tensor.bytes), tensor.name.c_str());
    }
    // Only the buffer that newer releases do not know is left out.
    QCOMPARE((*after)->tensors().size() + 1, (*before)->tensors().size());
    for (const char* name : {"tokenizer.json", "vocab.txt", "special_tokens_map.json", "config.json"})
        QCOMPARE(test::readFile(target / name), test::readFile(folder / name));
    const auto tokenizerConfig = nlohmann::json::parse(test::readFile(target / "tokenizer_config.json"));
    QCOMPARE(tokenizerConfig["model_max_length"].get<int>(), 256);
    QCOMPARE(tokenizerConfig["tokenizer_class"].get<std::string>(), std::string("BertTokenizer"));
    const auto modules = nlohmann::json::parse(test::readFile(target / "modules.json"));
    QCOMPARE(modules[1]["type"].get<std::string>(), std::string("sentence_transformers.models.Pooling"));
    const auto pooling = nlohmann::json::parse(test::readFile(target / "1_Pooling/config.json"));
    QCOMPARE(pooling["pooling_mode_mean_tokens"].get<bool>(), true);

    const auto again = loaded(target.path(), encodeOnly());
    QCOMPARE(again->maxSeqLength(), 256);
    const std::vector<std::string> texts{"The weather is lovely today."};
    QCOMPARE(again->encode(texts)->values, model->encode(texts)->values);
}

void TestSentenceModel::halfPrecisionSurvivesARoundTrip()
{
    NEEDS_MODEL;
    test::TempFolder half, again;
    SaveOptions options;
    options.precision = SavePrecision::Float16;
    writeTo(half.path(), *loaded(folder, encodeOnly()), options);
    QVERIFY(fs::file_size(half / "model.safetensors") < 46'000'000);
    const auto model = loaded(half.path(), encodeOnly());
    writeTo(again.path(), *model);
    QVERIFY(test::readFile(half / "model.safetensors") == test::readFile(again / "model.safetensors"));
}

QTEST_APPLESS_MAIN(TestSentenceModel)
#include "tst_sentencemodel.moc"
