// Metrics, primary metric and CSV files of every evaluator against what sentence-transformers wrote
// (tests/interop/oracle_evaluators.py writes fixtures/eval/oracle_evaluators.json).
#include "core/catalog/catalog.h"
#include "engine/eval/evaluator.h"
#include "engine/eval/evaluatorbase.h"
#include "support/testfiles.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <set>
#include <sstream>

using namespace studio;

namespace {

using PlainJson = nlohmann::json;

const PlainJson& fixture()
{
    static const PlainJson file =
        PlainJson::parse(test::readFile(test::fixture("eval/oracle_evaluators.json")));
    return file;
}

EvalEmbed embedWith(const char* table)
{
    std::vector<std::vector<float>> rows = fixture()[table].get<std::vector<std::vector<float>>>();
    return [rows](const std::vector<std::string>& texts, const EmbedRequest& request) -> Result<at::Tensor> {
        std::vector<at::Tensor> chosen;
        for (const std::string& text : texts)
            chosen.push_back(at::tensor(rows[std::stoul(text.substr(1))]));
        at::Tensor all = at::stack(chosen);
        if (request.truncateDim > 0) all = all.narrow(1, 0, request.truncateDim);
        if (request.normalize) all = all / at::linalg_vector_norm(all, 2, at::IntArrayRef{-1}, true);
        return all;
    };
}

void writeRetrieval(const PlainJson& set, const std::filesystem::path& folder)
{
    std::string corpus, queries, judgements = "query-id\tcorpus-id\tscore\n";
    for (const auto& [id, text] : set["corpus"].items())
        corpus += PlainJson{{"_id", id}, {"text", text}}.dump() + "\n";
    for (const auto& [id, text] : set["queries"].items())
        queries += PlainJson{{"_id", id}, {"text", text}}.dump() + "\n";
    for (const auto& [query, documents] : set["relevant"].items()) {
        for (const auto& document : documents)
            judgements += query + "\t" + document.get<std::string>() + "\t1\n";
        judgements += query + "\td12x\t0\n"; // judged, but not relevant
    }
    std::filesystem::create_directories(folder / "qrels");
    test::writeFile(folder / "corpus.jsonl", corpus);
    test::writeFile(folder / "queries.jsonl", queries);
    test::writeFile(folder / "qrels" / "test.tsv", judgements);
}

EvalData dataOf(const PlainJson& given, const std::filesystem::path& folder)
{
    EvalData data;
    if (given.contains("columns"))
        data.columns = given["columns"].get<std::vector<std::vector<std::string>>>();
    if (given.contains("names")) data.columnNames = given["names"].get<std::vector<std::string>>();
    if (given.contains("labels")) data.labels = given["labels"].get<std::vector<double>>();
    if (given.contains("retrieval")) {
        writeRetrieval(given["retrieval"], folder);
        data.folder = folder;
    }
    if (given.contains("samples")) {
        std::string lines;
        for (const auto& sample : given["samples"])
            lines += sample.dump() + "\n";
        data.folder = folder / "samples.jsonl";
        test::writeFile(data.folder, lines);
    }
    if (given.contains("sentences")) {
        std::string sentences = "id\tsentence\n", duplicates;
        for (const auto& [id, text] : given["sentences"].items())
            sentences += id + "\t" + text.get<std::string>() + "\n";
        for (const auto& pair : given["duplicates"])
            duplicates += pair[0].get<std::string>() + "\t" + pair[1].get<std::string>() + "\n";
        data.folder = folder;
        test::writeFile(folder / "sentences.tsv", sentences);
        test::writeFile(folder / "duplicates.tsv", duplicates);
    }
    return data;
}

/// Fields and line ends; numbers are compared by value and must be written as Python writes them.
QString csvDifference(const std::string& text, const std::string& expected)
{
    auto split = [](const std::string& s) {
        std::vector<std::string> fields;
        std::string field;
        for (char c : s) {
            if (c == ',' || c == '\n' || c == '\r') {
                fields.push_back(field);
                fields.push_back(std::string(1, c));
                field.clear();
            } else {
                field += c;
            }
        }
        fields.push_back(field);
        return fields;
    };
    const auto a = split(text), b = split(expected);
    if (a.size() != b.size()) return "another number of fields: " + QString::fromStdString(text);
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i]) continue;
        bool isNumber = false, isExpected = false;
        const double x = QString::fromStdString(a[i]).toDouble(&isNumber);
        const double y = QString::fromStdString(b[i]).toDouble(&isExpected);
        const bool sameForm = a[i].find('.') != std::string::npos && b[i].find('.') != std::string::npos;
        if (!isNumber || !isExpected || !sameForm || std::abs(x - y) > 1e-6)
            return QString("\"%1\" instead of \"%2\"")
                .arg(QString::fromStdString(a[i]), QString::fromStdString(b[i]));
        if (a[i] != pythonNumber(x) && a[i] != pythonNumber(static_cast<float>(x)))
            return "not written as Python does: " + QString::fromStdString(a[i]);
    }
    return {};
}

} // namespace

class TestEvalOracle : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void cases_data();
    void cases();
    void everyEvaluatorIsCovered();
};

void TestEvalOracle::cases_data()
{
    QTest::addColumn<int>("index");
    int index = 0;
    for (const auto& c : fixture()["cases"]) {
        const QString name =
            QString("%1 %2 %3")
                .arg(index)
                .arg(QString::fromStdString(c["type"]), QString::fromStdString(c["options"].dump()));
        QTest::newRow(qPrintable(name)) << index++;
    }
}

void TestEvalOracle::cases()
{
    QFETCH(int, index);
    const PlainJson& c = fixture()["cases"][static_cast<std::size_t>(index)];
    test::TempFolder folder;
    auto made = makeEvaluator({c["type"], c["name"], "", Json::parse(c["options"].dump())},
                              dataOf(c["data"], folder.path()));
    QVERIFY2(made, made ? "" : made.error().message.c_str());
    EvalContext context;
    context.embed = embedWith("table");
    context.loadModel = [](const std::string&) { return Result<EvalEmbed>(embedWith("teacher")); };
    context.csvFolder = folder.path() / "eval";
    context.epoch = 0.5;
    context.step = 20;
    auto metrics = (*made)->evaluate(context);
    QVERIFY2(metrics, metrics ? "" : metrics.error().message.c_str());
    context.epoch = -1;
    context.step = -1;
    QVERIFY((*made)->evaluate(context));

    QCOMPARE(metrics->size(), c["metrics"].size());
    for (std::size_t i = 0; i < metrics->size(); ++i) {
        QCOMPARE((*metrics)[i].first, c["metrics"][i][0].get<std::string>());
        const double value = (*metrics)[i].second;
        const double expected = c["metrics"][i][1];
        QVERIFY2(std::abs(value - expected) <= 1e-6,
                 qPrintable(QString("%1: %2, expected %3")
                                .arg(QString::fromStdString((*metrics)[i].first))
                                .arg(value, 0, 'g', 12)
                                .arg(expected, 0, 'g', 12)));
    }
    QCOMPARE((*made)->primaryMetric(), c["primary"].get<std::string>());
    for (const auto& [name, text] : c["csv"].items()) {
        const auto file = folder.path() / "eval" / name;
        QVERIFY2(std::filesystem::exists(file), name.c_str());
        const QString wrong = csvDifference(test::readFile(file), text);
        QVERIFY2(wrong.isEmpty(), qPrintable(QString::fromStdString(name) + ": " + wrong));
    }
}

void TestEvalOracle::everyEvaluatorIsCovered()
{
    // Measured elsewhere: NanoBEIR is several retrieval evaluators, LabelAccuracy needs a classifier,
    // Sequential others.
    std::set<std::string> covered{"NanoBEIREvaluator", "LabelAccuracyEvaluator", "SequentialEvaluator"};
    for (const auto& c : fixture()["cases"])
        covered.insert(c["type"].get<std::string>());
    for (const EvaluatorInfo& info : evaluatorCatalog())
        QVERIFY2(covered.count(info.type), info.type.c_str());
}

QTEST_APPLESS_MAIN(TestEvalOracle)
#include "tst_evaloracle.moc"
