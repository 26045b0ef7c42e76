// `sentence-train merge`, and adapters as a model folder for the other subcommands.

#include "support/testfiles.h"

#include <QProcess>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace studio;
namespace fs = std::filesystem;

class TestMerge : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void mergedEncodesAsTheAdapters();
    void baseCanBeNamed();
    void mistakesAreNamed();
};

namespace {

struct Outcome
{
    int exitCode = -1;
    QByteArray out, err;
};

QString path(const fs::path& file)
{
    return QString::fromStdString(file.string());
}

Outcome called(const QStringList& arguments)
{
    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN), arguments);
    if (!process.waitForFinished(60000)) return {};
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

const fs::path kAdapters = test::fixture("lora/bert-query-value");

/// Embeddings of three texts.
std::vector<float> embeddings(const fs::path& model, const test::TempFolder& folder)
{
    test::writeFile(folder / "texts.txt", "w1 w2 w3\nw4\nw5 w6 w7 w8 w9\n");
    const auto file = folder / "embeddings.jsonl";
    const auto outcome = called({"encode", path(model), "--input", path(folder / "texts.txt"), "--output", path(file)});
    if (outcome.exitCode != 0) qWarning("%s", outcome.err.constData());
    std::vector<float> values;
    for (const auto& line : test::readLines(file)) {
        const auto json = nlohmann::json::parse(line);
        for (const float value : json["embedding"])
            values.push_back(value);
    }
    return values;
}

double worst(const std::vector<float>& a, const std::vector<float>& b)
{
    double difference = a.size() == b.size() && !a.empty() ? 0 : 1e9;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
        difference = std::max<double>(difference, std::abs(a[i] - b[i]));
    return difference;
}

} // namespace

void TestMerge::mergedEncodesAsTheAdapters()
{
    test::TempFolder folder;
    const auto outcome = called({"merge", path(kAdapters), "--output", path(folder / "merged")});
    QVERIFY2(outcome.exitCode == 0, outcome.err.constData());
    QVERIFY2(outcome.out.contains("24 dimensions"), outcome.out.constData());
    QVERIFY(fs::exists(folder / "merged/model.safetensors"));
    QVERIFY(!fs::exists(folder / "merged/adapter_config.json"));
    const auto apart = embeddings(kAdapters, folder);
    QVERIFY(worst(embeddings(folder / "merged", folder), apart) < 1e-6);
    QVERIFY(worst(embeddings(test::fixture("model/tiny/bert"), folder), apart) > 1e-3);
}

void TestMerge::baseCanBeNamed()
{
    test::TempFolder folder;
    fs::copy(kAdapters, folder / "moved");
    const auto lost = called({"merge", path(folder / "moved"), "--output", path(folder / "merged")});
    QCOMPARE(lost.exitCode, 1);
    QVERIFY2(lost.err.contains("belong to the model"), lost.err.constData());
    const auto found = called({"merge", path(folder / "moved"), "--base", path(test::fixture("model/tiny/bert")),
                               "--output", path(folder / "merged")});
    QVERIFY2(found.exitCode == 0, found.err.constData());
    QVERIFY(worst(embeddings(folder / "merged", folder), embeddings(kAdapters, folder)) < 1e-6);
}

void TestMerge::mistakesAreNamed()
{
    test::TempFolder folder;
    const auto none = called({"merge", path(test::fixture("model/tiny/bert")), "--output", path(folder / "merged")});
    QCOMPARE(none.exitCode, 1);
    QVERIFY2(none.err.contains("holds no LoRA adapters"), none.err.constData());
    fs::create_directory(folder / "there");
    const auto taken = called({"merge", path(kAdapters), "--output", path(folder / "there")});
    QCOMPARE(taken.exitCode, 1);
    QVERIFY2(taken.err.contains("exists already"), taken.err.constData());
}

QTEST_GUILESS_MAIN(TestMerge)
#include "tst_merge.moc"
