// `sentence-train mine` against what the Python library finds with the same model, pairs and options
// (tests/interop/oracle_mining.py).

#include "support/testfiles.h"

#include <QProcess>
#include <QTest>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

using namespace studio;
using Json = nlohmann::ordered_json;

class TestMine : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void sameAsPython_data();
    void sameAsPython();
    void csvForFormsWithoutLists();
    void embeddingsAreKept();
    void mistakesAreNamed_data();
    void mistakesAreNamed();

private:
    struct Outcome
    {
        int exitCode = -1;
        QByteArray err;
    };
    Outcome mine(const QStringList& options, const QString& output);

    Json m_reference;
    test::TempFolder m_folder;
};

namespace {

QString path(const std::filesystem::path& file)
{
    return QString::fromStdString(file.string());
}

/// Equal, numbers up to rounding.
bool same(const Json& a, const Json& b)
{
    if (a.is_number() && b.is_number()) return std::abs(a.get<double>() - b.get<double>()) < 2e-6;
    if (a.is_array() && b.is_array()) {
        if (a.size() != b.size()) return false;
        for (std::size_t i = 0; i < a.size(); ++i)
            if (!same(a[i], b[i])) return false;
        return true;
    }
    return a == b;
}

} // namespace

void TestMine::initTestCase()
{
    m_reference = Json::parse(test::readFile(test::fixture("data/mining.json")));
    std::string pairs, corpus;
    for (const auto& pair : m_reference["pairs"])
        pairs += Json{{"anchor", pair[0]}, {"positive", pair[1]}}.dump() + "\n";
    for (const auto& text : m_reference["corpus"])
        corpus += text.get<std::string>() + "\n";
    test::writeFile(m_folder / "pairs.jsonl", pairs);
    test::writeFile(m_folder / "corpus.txt", corpus);
}

TestMine::Outcome TestMine::mine(const QStringList& options, const QString& output)
{
    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN),
                  QStringList{"mine", path(test::fixture("model/tiny/bert")), path(m_folder / "pairs.jsonl"),
                              "--output", output} +
                      options);
    if (!process.waitForFinished(60000)) return {};
    return {process.exitCode(), process.readAllStandardError()};
}

void TestMine::sameAsPython_data()
{
    QTest::addColumn<QString>("name");
    for (const auto& [name, value] : m_reference["cases"].items())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

void TestMine::sameAsPython()
{
    QFETCH(QString, name);
    const auto& expected = m_reference["cases"][name.toStdString()];
    QStringList options;
    for (const auto& [key, value] : expected["options"].items()) {
        auto option = "--" + QString::fromStdString(key).replace('_', '-');
        if (key == "corpus")
            options << option << path(m_folder / "corpus.txt");
        else if (key == "cross_encoder")
            options << option << path(test::fixture("model/" + value.get<std::string>()));
        else if (value.is_boolean())
            options << option;
        else
            options << option
                    << QString::fromStdString(value.is_string() ? value.get<std::string>() : value.dump());
    }
    const auto output = m_folder / "mined.jsonl";
    const auto outcome = mine(options, path(output));
    QVERIFY2(outcome.exitCode == 0, outcome.err.constData());

    const auto lines = test::readLines(output);
    const auto& rows = expected["rows"];
    QCOMPARE(lines.size(), rows.size());
    for (std::size_t row = 0; row < lines.size(); ++row) {
        const auto mined = Json::parse(lines[row]);
        std::size_t c = 0;
        for (const auto& [column, value] : mined.items()) {
            QCOMPARE(column, expected["columns"][c].get<std::string>());
            QVERIFY2(same(value, rows[row][c]), (lines[row] + "\nPython: " + rows[row].dump()).c_str());
            ++c;
        }
        QCOMPARE(c, expected["columns"].size());
    }
}

void TestMine::csvForFormsWithoutLists()
{
    const auto output = m_folder / "mined.csv";
    auto outcome = mine({"--output-format", "labeled-pair"}, path(output));
    QVERIFY2(outcome.exitCode == 0, outcome.err.constData());
    QCOMPARE(test::readLines(output).front(), std::string("anchor,positive,label"));
    outcome = mine({"--output-format", "labeled-list"}, path(output));
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.err.contains(".jsonl"), outcome.err.constData());
}

/// --cache-folder: the next run reads the embeddings, a damaged file or other texts make new ones.
void TestMine::embeddingsAreKept()
{
    namespace fs = std::filesystem;
    const auto cache = m_folder / "cache";
    const auto files = [&] {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(cache))
            found.push_back(entry.path());
        std::sort(found.begin(), found.end());
        return found;
    };
    const auto run = [&](const QStringList& options, const char* output) {
        const auto outcome = mine(QStringList{"--cache-folder", path(cache)} + options, path(m_folder / output));
        if (outcome.exitCode != 0) qWarning("%s", outcome.err.constData());
        return outcome.err;
    };
    QVERIFY(!run({}, "first.jsonl").contains("embeddings from"));
    QCOMPARE(files().size(), std::size_t(2));
    const auto again = run({}, "second.jsonl");
    QCOMPARE(again.count("embeddings from"), 2);
    QCOMPARE(test::readFile(m_folder / "second.jsonl"), test::readFile(m_folder / "first.jsonl"));

    QCOMPARE(run({"--query-prompt", "w1 "}, "prompted.jsonl").count("embeddings from"), 1);
    QCOMPARE(files().size(), std::size_t(3));
    QVERIFY(test::readFile(m_folder / "prompted.jsonl") != test::readFile(m_folder / "first.jsonl"));

    for (const auto& file : files())
        fs::resize_file(file, fs::file_size(file) - 8);
    QVERIFY(!run({}, "third.jsonl").contains("embeddings from"));
    QCOMPARE(test::readFile(m_folder / "third.jsonl"), test::readFile(m_folder / "first.jsonl"));
}

void TestMine::mistakesAreNamed_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("says");
    QTest::newRow("column") << QStringList{"--anchor-column", "query"} << "anchor, positive";
    QTest::newRow("too many negatives")
        << QStringList{"--num-negatives", "5", "--range-max", "4"} << "range_max";
    QTest::newRow("form") << QStringList{"--output-format", "pairs"} << "labeled-pair";
    QTest::newRow("prompt") << QStringList{"--query-prompt-name", "query"} << "no prompt named";
    QTest::newRow("cross-encoder without a margin")
        << QStringList{"--cross-encoder", path(test::fixture("model/crossencoder/bert"))} << "has no effect without";
    QTest::newRow("no cross-encoder")
        << QStringList{"--cross-encoder", path(test::fixture("model/tiny/bert")), "--max-score", "0.9"}
        << "as a cross-encoder";
    QTest::newRow("corpus") << QStringList{"--corpus", "nowhere.txt"} << "nowhere.txt";
}

void TestMine::mistakesAreNamed()
{
    QFETCH(QStringList, options);
    QFETCH(QString, says);
    const auto outcome = mine(options, path(m_folder / "not-written.jsonl"));
    QVERIFY(outcome.exitCode > 0);
    QVERIFY2(outcome.err.contains(says.toUtf8()), outcome.err.constData());
    QVERIFY(!std::filesystem::exists(m_folder / "not-written.jsonl"));
}

QTEST_GUILESS_MAIN(TestMine)
#include "tst_mine.moc"
