// `encode` into files of every format and precision, from inputs longer than one piece, and the commands that
// make models.
#include "support/testfiles.h"

#include "core/embeddings/quantise.h"
#include "data/reader.h"

#include <QProcess>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cstring>

using namespace studio;
using Json = nlohmann::json;

class TestEncode : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void formatsHoldTheSameValues();
    void smallPrecisionsFollowTheOriginal_data();
    void smallPrecisionsFollowTheOriginal();
    void longInputsComePieceByPiece();
    void promptsAreNamed();
    void badCallsLeaveNothing_data();
    void badCallsLeaveNothing();
    void freshModelsTrainAndStaticOnesEncode();

private:
    struct Outcome
    {
        int exitCode = -1;
        std::string out, err;
    };
    struct Array
    {
        std::string type;
        std::size_t rows = 0, columns = 0;
        std::string bytes;
        std::vector<float> floats() const
        {
            std::vector<float> values(bytes.size() / 4);
            std::memcpy(values.data(), bytes.data(), bytes.size());
            return values;
        }
    };

    Outcome run(const QStringList& arguments, const std::string& input = {});
    std::string path(const std::string& name) const { return (m_folder / name).string(); }
    Array array(const std::string& name) const;
    Array encoded(const std::string& name, const QStringList& more = {});

    test::TempFolder m_folder;
    std::string m_model;
    std::vector<std::string> m_texts{"one", "two words", "three \"quoted\" words", "vier Wörter über Köln",
                                     "",    "five\tfive"};
};

void TestEncode::initTestCase()
{
    // A small model of our own making: no download, and fast.
    std::string texts;
    for (const auto& line : test::readLines(test::sourceFolder() / "resources/data/stsb-open/en-dev.csv"))
        texts += line + "\n";
    test::writeFile(m_folder / "corpus.txt", texts);
    m_model = path("model");
    const auto made = run({"new-model", "--texts", QString::fromStdString(path("corpus.txt")), "--output",
                           QString::fromStdString(m_model), "--vocab-size", "600", "--layers", "2",
                           "--hidden", "32", "--heads", "2", "--intermediate", "64", "--max-length", "48"});
    QVERIFY2(made.exitCode == 0, made.err.c_str());
    std::string lines;
    for (const auto& text : m_texts)
        lines += text + "\n";
    test::writeFile(m_folder / "texts.txt", lines);
}

TestEncode::Outcome TestEncode::run(const QStringList& arguments, const std::string& input)
{
    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN), arguments);
    process.write(input.data(), static_cast<qint64>(input.size()));
    process.closeWriteChannel();
    if (!process.waitForFinished(300000)) process.kill();
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput().toStdString(), process.readAllStandardError().toStdString()};
}

TestEncode::Array TestEncode::array(const std::string& name) const
{
    const auto file = test::readFile(m_folder / name);
    const auto header = file.substr(10, 118);
    Array array;
    array.type = header.substr(header.find("'descr': '") + 10, 3);
    std::sscanf(header.c_str() + header.find("'shape': (") + 10, "%zu, %zu", &array.rows, &array.columns);
    array.bytes = file.substr(128);
    return array;
}

TestEncode::Array TestEncode::encoded(const std::string& name, const QStringList& more)
{
    const auto outcome = run(QStringList{"encode", QString::fromStdString(m_model), "--input",
                                         QString::fromStdString(path("texts.txt")), "--output",
                                         QString::fromStdString(path(name))} +
                             more);
    if (outcome.exitCode != 0) qWarning("%s", outcome.err.c_str());
    return array(name);
}

void TestEncode::formatsHoldTheSameValues()
{
    const auto npy = encoded("plain.npy");
    QCOMPARE(npy.type, std::string("<f4"));
    QCOMPARE(npy.rows, m_texts.size());
    QCOMPARE(npy.columns, std::size_t(32));
    const auto values = npy.floats();
    QCOMPARE(values.size(), m_texts.size() * 32);

    for (const std::string name : {"plain.jsonl", "plain.parquet"}) {
        const auto outcome =
            run({"encode", QString::fromStdString(m_model), "--input",
                 QString::fromStdString(path("texts.txt")), "--output", QString::fromStdString(path(name))});
        QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());
        QVERIFY(!std::filesystem::exists(path(name) + ".partial"));
    }
    const auto lines = test::readLines(m_folder / "plain.jsonl");
    QCOMPARE(lines.size(), m_texts.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto row = Json::parse(lines[i]);
        QCOMPARE(row["text"].get<std::string>(), m_texts[i]);
        QCOMPARE(row["embedding"].get<std::vector<float>>(),
                 std::vector<float>(values.begin() + i * 32, values.begin() + (i + 1) * 32));
    }
    ReadReport report;
    const auto table = readTable(m_folder / "plain.parquet", {}, &report);
    QVERIFY2(table.ok(), table ? "" : table.error().text().c_str());
    QCOMPARE(table->rows(), static_cast<std::int64_t>(m_texts.size()));
}

void TestEncode::smallPrecisionsFollowTheOriginal_data()
{
    QTest::addColumn<QString>("precision");
    QTest::addColumn<QString>("type");
    QTest::newRow("int8") << "int8"
                          << "|i1";
    QTest::newRow("uint8") << "uint8"
                           << "|u1";
    QTest::newRow("binary") << "binary"
                            << "|i1";
    QTest::newRow("ubinary") << "ubinary"
                             << "|u1";
}

/// util/quantization.py of sentence-transformers 6.2, written out once more.
void TestEncode::smallPrecisionsFollowTheOriginal()
{
    QFETCH(QString, precision);
    QFETCH(QString, type);
    const auto values = encoded("float.npy").floats();
    const auto small = encoded("small.npy", {"--precision", precision});
    QCOMPARE(small.type, type.toStdString());
    QCOMPARE(small.rows, m_texts.size());
    const bool binary = precision.endsWith("binary");
    QCOMPARE(small.columns, std::size_t(binary ? 4 : 32));
    for (std::size_t row = 0; row < m_texts.size(); ++row) {
        for (std::size_t d = 0; d < 32; ++d) {
            const float value = values[row * 32 + d];
            if (binary) {
                int byte = static_cast<unsigned char>(small.bytes[row * 4 + d / 8]);
                if (precision == "binary") byte = static_cast<signed char>(byte) + 128;
                QCOMPARE((byte >> (7 - d % 8)) & 1, value > 0 ? 1 : 0);
                continue;
            }
            float low = value, high = value;
            for (std::size_t other = 0; other < m_texts.size(); ++other) {
                low = std::min(low, values[other * 32 + d]);
                high = std::max(high, values[other * 32 + d]);
            }
            const float step = (high - low) / 255;
            const int level = static_cast<int>(std::clamp(std::floor((value - low) / step), 0.0F, 255.0F));
            const char stored = small.bytes[row * 32 + d];
            QCOMPARE(precision == "int8" ? static_cast<signed char>(stored) + 128
                                         : static_cast<unsigned char>(stored),
                     level);
        }
    }
}

void TestEncode::longInputsComePieceByPiece()
{
    // More than two pieces of 16,384 lines, from standard input, whose length nobody knows.
    std::string lines;
    for (int i = 0; i < 40'000; ++i)
        lines += "text " + std::to_string(i % 50) + "\n";
    const auto outcome = run({"encode", QString::fromStdString(m_model), "--input", "-", "--output",
                              QString::fromStdString(path("long.npy"))},
                             lines);
    QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());
    const auto all = array("long.npy");
    QCOMPARE(all.rows, std::size_t(40'000));
    QCOMPARE(all.bytes.size(), std::size_t(40'000) * 32 * 4);
    // Equal texts have equal embeddings up to rounding, whichever piece they came in.
    const auto values = all.floats();
    for (const std::size_t row : {7U, 16'407U, 39'957U})
        for (std::size_t d = 0; d < 32; ++d)
            QVERIFY(std::abs(values[row * 32 + d] - values[7 * 32 + d]) < 1e-5);
}

void TestEncode::promptsAreNamed()
{
    auto config = Json::parse(test::readFile(m_folder / "model" / "config_sentence_transformers.json"));
    config["prompts"] = {{"query", "query: "}, {"passage", "passage: "}};
    config["default_prompt_name"] = "query";
    const auto folder = path("prompted");
    std::filesystem::copy(m_model, folder, std::filesystem::copy_options::recursive);
    test::writeFile(m_folder / "prompted" / "config_sentence_transformers.json", config.dump(2));
    const auto call = [&](const std::string& name, const QStringList& more) {
        const auto outcome = run(QStringList{"encode", QString::fromStdString(folder), "--input",
                                             QString::fromStdString(path("texts.txt")), "--output",
                                             QString::fromStdString(path(name))} +
                                 more);
        if (outcome.exitCode != 0) qWarning("%s", outcome.err.c_str());
        return array(name).bytes;
    };
    const auto spelled = call("spelled.npy", {"--prompt", "query: "});
    QCOMPARE(call("named.npy", {"--prompt-name", "query"}), spelled);
    QCOMPARE(call("default.npy", {}), spelled);
    QVERIFY(call("other.npy", {"--prompt-name", "passage"}) != spelled);
    const auto unknown =
        run({"encode", QString::fromStdString(folder), "--input", QString::fromStdString(path("texts.txt")),
             "--output", QString::fromStdString(path("never.npy")), "--prompt-name", "title"});
    QCOMPARE(unknown.exitCode, 1);
    QVERIFY2(unknown.err.find("title") != std::string::npos &&
                 unknown.err.find("passage") != std::string::npos,
             unknown.err.c_str());
}

void TestEncode::badCallsLeaveNothing_data()
{
    QTest::addColumn<QStringList>("more");
    QTest::addColumn<QString>("output");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("word");
    QTest::newRow("unknown ending") << QStringList{} << "out.bin" << 1 << ".parquet";
    QTest::newRow("no such folder") << QStringList{} << "nowhere/out.npy" << 1 << "nowhere";
    QTest::newRow("unknown precision") << QStringList{"--precision", "int4"} << "out.npy" << 2 << "int4";
}

void TestEncode::badCallsLeaveNothing()
{
    QFETCH(QStringList, more);
    QFETCH(QString, output);
    QFETCH(int, exitCode);
    QFETCH(QString, word);
    const auto target = path(output.toStdString());
    const auto outcome = run(QStringList{"encode", QString::fromStdString(m_model), "--input",
                                         QString::fromStdString(path("texts.txt")), "--output",
                                         QString::fromStdString(target)} +
                             more);
    QCOMPARE(outcome.exitCode, exitCode);
    QVERIFY2(outcome.err.find(word.toStdString()) != std::string::npos, outcome.err.c_str());
    QVERIFY(!std::filesystem::exists(target));
    QVERIFY(!std::filesystem::exists(target + ".partial"));
}

void TestEncode::freshModelsTrainAndStaticOnesEncode()
{
    auto experiment =
        Json::parse(test::readFile(test::sourceFolder() / "resources/experiments/sample.experiment.json"));
    experiment["model"]["path"] = m_model;
    for (const char* part : {"train", "eval"})
        for (auto& set : experiment[part])
            set["path"] = (test::sourceFolder() / "resources/experiments" / set["path"].get<std::string>())
                              .lexically_normal()
                              .string();
    experiment["arguments"]["max_steps"] = 3;
    test::writeFile(m_folder / "fresh.experiment.json", experiment.dump(2));
    auto outcome = run({"run", QString::fromStdString(path("fresh.experiment.json")), "--output",
                        QString::fromStdString(path("out"))});
    QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());

    outcome = run({"distill-static", QString::fromStdString(path("out/final")), "--output",
                   QString::fromStdString(path("static")), "--dimensions", "16"});
    QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());
    m_model = path("static");
    const auto small = encoded("static.npy");
    m_model = path("model");
    QCOMPARE(small.columns, std::size_t(16));

    // Neither overwrites what is there.
    outcome = run({"distill-static", QString::fromStdString(m_model), "--output",
                   QString::fromStdString(path("static"))});
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY(outcome.err.find("exists already") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestEncode)
#include "tst_encode.moc"
