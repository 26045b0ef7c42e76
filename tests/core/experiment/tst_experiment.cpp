#include "core/arguments/argumentfields.h"
#include "core/experiment/experiment.h"
#include "core/experiment/migration.h"
#include "support/testfiles.h"

#include "randomexperiment.h"

#include <QTest>

using namespace studio;
using test::Generator;
using test::same;
namespace fs = std::filesystem;

namespace {

std::string messages(const std::vector<Issue>& issues)
{
    std::string all;
    for (const Issue& issue : issues)
        all += issue.keys.front() + " | " + issue.message + "\n";
    return all;
}

} // namespace

class TestExperiment : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void randomRoundTrips();
    void defaultFile();
    void shippedFiles_data();
    void shippedFiles();
    void unknownKeysSurvive();
    void wrongArgumentsAreKeptUntilSet();
    void unknownKeysAreNamed();
    void wrongTypes_data();
    void wrongTypes();
    void broken_data();
    void broken();
    void versions();
    void migrationSteps();
    void paths();
    void saveAndLoad();
    void neverASecret();
};

void TestExperiment::randomRoundTrips()
{
    Generator generate(3);
    for (int i = 0; i < 400; ++i) {
        const Experiment experiment = generate.experiment();
        const std::string text = experimentToJson(experiment);
        const auto back = parseExperiment(text, "x");
        QVERIFY2(back.ok(), back.ok() ? "" : back.error().message.c_str());
        QVERIFY2(back->issues.empty(), messages(back->issues).c_str());
        QVERIFY2(same(back->experiment, experiment), text.c_str());
        QCOMPARE(experimentToJson(back->experiment), text);
    }
}

void TestExperiment::defaultFile()
{
    const std::string expected = R"({
  "format": "sentence-studio/experiment",
  "version": 1,
  "name": "",
  "model": {
    "path": ""
  },
  "train": [],
  "eval": [],
  "evaluators": [],
  "arguments": {}
}
)";
    QCOMPARE(experimentToJson(Experiment()), expected);
}

void TestExperiment::shippedFiles_data()
{
    QTest::addColumn<QString>("path");
    for (const char* folder : {"resources/experiments", "resources/presets"}) {
        const fs::path all = test::sourceFolder() / folder;
        if (!fs::exists(all)) continue;
        for (const auto& entry : fs::directory_iterator(all)) {
            if (entry.path().extension() != ".json") continue;
            QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().string());
        }
    }
}

void TestExperiment::shippedFiles()
{
    QFETCH(QString, path);
    const auto loaded = loadExperiment(path.toStdString());
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message.c_str());
    QVERIFY2(loaded->issues.empty(), messages(loaded->issues).c_str());
    const auto again = parseExperiment(experimentToJson(loaded->experiment), "x");
    QVERIFY(same(again->experiment, loaded->experiment));
}

void TestExperiment::unknownKeysSurvive()
{
    const std::string text = R"({
  "first of all" : [1.50,
       {"deep":  1E5}],
  "format": "sentence-studio/experiment",
  "version": 1,
  "name": "x",
  "k\u00e9y":"\u00e9",
  "second":null,
  "model": {
    "path": "m",
    "colour":   "red"
  },
  "train": [
    {
      "name": "a",
      "path": "a.csv",
      "columns": {
        "text": "t"
      },
      "weight": 2.0,
      "loss": {
        "type": "CoSENTLoss",
        "note": "why"
      }
    },
    {
      "priority": 007e0,
      "name": "b",
      "path": "b.csv"
    }
  ],
  "eval": [],
  "evaluators": [
    {
      "type": "SomeEvaluator",
      "since": 1.0
    }
  ],
  "arguments": {
    "learning_rate": 2e-05,
    "warp_speed": 9.90,
    "num_train_epochs": 1.0
  },
  "last": {"a" :1}
}
)";
    std::string valid = text;
    valid.replace(valid.find("007e0"), 5, "7.0e0");
    const auto loaded = parseExperiment(valid, "x");
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message.c_str());
    QCOMPARE(experimentToJson(loaded->experiment), valid);
    QCOMPARE(loaded->experiment.unknown.size(), std::size_t(10));
    for (const Issue& issue : loaded->issues)
        QVERIFY(issue.severity == Severity::Warning);
    QCOMPARE(loaded->issues.size(), std::size_t(10));

    // Edits around them leave them where they were.
    Experiment edited = loaded->experiment;
    edited.arguments.learningRate = Number(5e-05); // the default: not written any more
    edited.notes = "new";
    const std::string after = experimentToJson(edited);
    QVERIFY(after.find("    \"warp_speed\": 9.90,\n    \"num_train_epochs\"") == std::string::npos);
    QVERIFY(after.find("\"warp_speed\": 9.90") != std::string::npos);
    QVERIFY(after.find(
                "\"name\": \"x\",\n  \"k\\u00e9y\":\"\\u00e9\",\n  \"second\":null,\n  \"notes\": \"new\"") !=
            std::string::npos);
}

void TestExperiment::wrongArgumentsAreKeptUntilSet()
{
    auto loaded = parseExperiment(R"({"format":"sentence-studio/experiment","version":1,
"arguments":{"learning_rate":"fast","num_train_epochs":1.0}})",
                                  "x");
    QVERIFY(loaded.ok());
    QVERIFY(hasErrors(loaded->issues));
    QVERIFY(experimentToJson(loaded->experiment).find("\"learning_rate\":\"fast\"") != std::string::npos);
    loaded->experiment.arguments.learningRate = Number(2e-05);
    const std::string text = experimentToJson(loaded->experiment);
    QVERIFY(text.find("fast") == std::string::npos);
    loaded = parseExperiment(text, "x");
    QVERIFY2(loaded.ok(), text.c_str());
    QVERIFY(loaded->issues.empty());
}

void TestExperiment::unknownKeysAreNamed()
{
    const auto loaded = parseExperiment(R"({"format":"sentence-studio/experiment","version":1,
"train":[{"name":"a","colums":{}}],"arguments":{"lerning_rate":1}})",
                                        "x.json");
    QVERIFY(loaded.ok());
    QCOMPARE(loaded->issues.size(), std::size_t(2));
    bool columns = false;
    bool rate = false;
    for (const Issue& issue : loaded->issues) {
        columns = columns || (issue.keys.front() == "train[0].colums" &&
                              issue.message.find("line 2") != std::string::npos &&
                              issue.message.find("Did you mean \"columns\"?") != std::string::npos);
        rate = rate || issue.keys.front() == "lerning_rate";
    }
    QVERIFY2(columns, messages(loaded->issues).c_str());
    QVERIFY2(rate, messages(loaded->issues).c_str());
}

void TestExperiment::wrongTypes_data()
{
    QTest::addColumn<QString>("member");
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* member, const char* path, const char* says) {
        QTest::newRow(member) << QString(member) << QString(path) << QString(says);
    };
    row(R"("train":[{"columns":{"score":5}}])", "train[0].columns.score",
        "train[0].columns.score: expected text, found number");
    row(R"("name":[])", "name", "name: expected text, found list");
    row(R"("model":"path")", "model", "model: expected an object, found text");
    row(R"("model":{"max_seq_length":1.5})", "model.max_seq_length", "expected a whole number, found number");
    row(R"("model":{"max_seq_length":99999999999})", "model.max_seq_length", "expected a whole number");
    row(R"("model":{"dropout":"x"})", "model.dropout", "expected a number, found text");
    row(R"("model":{"lora":true})", "model.lora", "expected an object, found true or false");
    row(R"("model":{"lora":{"r":"x"}})", "model.lora.r", "expected a whole number, found text");
    row(R"("model":{"lora":{"target_modules":[1]}})", "model.lora.target_modules",
        "expected text or a list of texts, found list");
    row(R"("model":{"lora":{"use_rslora":1}})", "model.lora.use_rslora", "expected true or false, found number");
    row(R"("train":{})", "train", "expected a list, found object");
    row(R"("train":[[]])", "train[0]", "expected an object, found list");
    row(R"("train":[{"rows":[1]}])", "train[0].rows", "two whole numbers");
    row(R"("train":[{"rows":[0,1.5]}])", "train[0].rows", "two whole numbers");
    row(R"("train":[{"labels":[1]}])", "train[0].labels", "a list of texts");
    row(R"("train":[{"loss":5}])", "train[0].loss", "expected an object, found number");
    row(R"("train":[{"loss":{"type":true}}])", "train[0].loss.type", "expected text, found true or false");
    row(R"("train":[{"loss":{"options":[]}}])", "train[0].loss.options", "expected an object");
    row(R"("train":[{"prompts":{"a":1}}])", "train[0].prompts", "column: prompt");
    row(R"("evaluators":[{"options":"x"}])", "evaluators[0].options", "expected an object, found text");
    row(R"("arguments":[])", "arguments", "expected an object, found list");
    row(R"("arguments":{"learning_rate":"fast"})", "learning_rate", "learning_rate");
}

void TestExperiment::wrongTypes()
{
    QFETCH(QString, member);
    QFETCH(QString, path);
    QFETCH(QString, says);
    const auto loaded = parseExperiment(
        "{\"format\":\"sentence-studio/experiment\",\"version\":1,\n" + member.toStdString() + "}", "x");
    QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message.c_str());
    QVERIFY2(loaded->issues.size() == 1, messages(loaded->issues).c_str());
    QVERIFY(loaded->issues[0].severity == Severity::Error);
    QCOMPARE(QString::fromStdString(loaded->issues[0].keys.front()), path);
    QVERIFY2(loaded->issues[0].message.find(says.toStdString()) != std::string::npos,
             messages(loaded->issues).c_str());
}

void TestExperiment::broken_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("where");
    QTest::newRow("comma") << "{\n  \"name\": \"x\"\n  \"model\": {}\n}"
                           << "x.json:3:";
    QTest::newRow("cut") << "{\n  \"name\": \"x\",\n  \"model\": {"
                         << "x.json:3:";
    QTest::newRow("twice") << "{\n  \"name\": \"x\",\n  \"name\": \"y\"}"
                           << "x.json:3:";
    QTest::newRow("list") << "[]"
                          << "x.json";
    QTest::newRow("other format") << "{\"format\": \"sentence-studio/manifest\"}"
                                  << "x.json";
    QTest::newRow("something else") << "{\"architectures\": [\"BertModel\"]}"
                                    << "x.json";
    QTest::newRow("empty") << ""
                           << "x.json:1:1";
}

void TestExperiment::broken()
{
    QFETCH(QString, text);
    QFETCH(QString, where);
    const auto loaded = parseExperiment(text.toStdString(), "x.json");
    QVERIFY(!loaded.ok());
    QCOMPARE(loaded.error().code, ErrorCode::Malformed);
    QVERIFY2(QString::fromStdString(loaded.error().where).startsWith(where), loaded.error().text().c_str());
    QVERIFY(loaded.error().message.find("x.json") != std::string::npos);
}

void TestExperiment::versions()
{
    auto loaded =
        parseExperiment(R"({"format":"sentence-studio/experiment","version":7,"name":"n","future":1})", "x");
    QVERIFY(loaded.ok());
    QCOMPARE(loaded->experiment.name, std::string("n"));
    QCOMPARE(loaded->issues.size(), std::size_t(2));
    QCOMPARE(loaded->issues[0].code, std::string("experiment.newer"));
    QVERIFY(loaded->issues[0].severity == Severity::Warning);
    loaded = parseExperiment(R"({"name":"n","model":{}})", "x");
    QVERIFY(loaded.ok());
    QCOMPARE(loaded->issues.size(), std::size_t(1));
    QCOMPARE(loaded->issues[0].code, std::string("experiment.version"));
}

void TestExperiment::migrationSteps()
{
    const std::vector<Migration> steps{
        {1, [](Json& document, std::vector<Issue>&) { document["b"] = document["a"], document.erase("a"); }},
        {2, [](Json& document, std::vector<Issue>&) { document["c"] = document["b"], document.erase("b"); }},
    };
    std::vector<Issue> issues;
    Json document{{"version", 1}, {"a", 5}};
    migrateExperiment(document, issues, steps, 3);
    const std::string five = R"({"version":3,"c":5})";
    QCOMPARE(document.dump(), five);
    document = Json{{"version", 2}, {"b", 6}};
    migrateExperiment(document, issues, steps, 3);
    const std::string six = R"({"version":3,"c":6})";
    QCOMPARE(document.dump(), six);
    document = Json{{"version", 3}, {"a", 7}};
    migrateExperiment(document, issues, steps, 3);
    const std::string seven = R"({"version":3,"a":7})";
    QCOMPARE(document.dump(), seven);
    QVERIFY(issues.empty());
}

void TestExperiment::paths()
{
    qputenv("XDG_CACHE_HOME", "/cache");
    qputenv("HOME", "/home/me");
    Experiment e;
    e.model.path = "${cache}/models/m";
    e.train.resize(3);
    e.train[0].path = "../data/a.csv";
    e.train[1].path = "/far/away/b.csv";
    e.train[2].path = "~/c.csv";
    e.train[0].loss = LossSpec{"GISTEmbedLoss", Json{{"guide", "guide-model"}}};
    e.arguments.outputDir = "out";
    const Experiment absolute = absolutePaths(e, "/proj/exp");
    QCOMPARE(absolute.model.path, std::string("/cache/sentence-studio/models/m"));
    QCOMPARE(absolute.train[0].path, std::string("/proj/data/a.csv"));
    QCOMPARE(absolute.train[1].path, std::string("/far/away/b.csv"));
    QCOMPARE(absolute.train[2].path, std::string("/home/me/c.csv"));
    QCOMPARE(absolute.arguments.outputDir.value(), std::string("/proj/exp/out"));
    QCOMPARE(absolute.train[0].loss->options["guide"].get<std::string>(),
             std::string("/proj/exp/guide-model"));
    QVERIFY(absolute.eval.empty());

    const Experiment relative = relativePaths(absolute, "/proj/exp");
    QCOMPARE(relative.model.path, std::string("${cache}/models/m"));
    QCOMPARE(relative.train[0].path, std::string("../data/a.csv"));
    QCOMPARE(relative.train[1].path, std::string("/far/away/b.csv"));
    QCOMPARE(relative.arguments.outputDir.value(), std::string("out"));
    QCOMPARE(absolutePaths(Experiment(), "/x").model.path, std::string());
}

void TestExperiment::saveAndLoad()
{
    test::TempFolder temp;
    Generator generate(9);
    const Experiment experiment = generate.experiment();
    QVERIFY(saveExperiment(experiment, temp / "e.json").ok());
    const auto loaded = loadExperiment(temp / "e.json");
    QVERIFY(loaded.ok());
    QVERIFY(same(loaded->experiment, experiment));
    QCOMPARE(loadExperiment(temp / "none.json").error().code, ErrorCode::NotFound);
    QVERIFY(!saveExperiment(experiment, temp / "none/e.json").ok());
}

void TestExperiment::neverASecret()
{
    Experiment experiment;
    for (const Field& field : argumentFields()) {
        if (field.type == FieldType::Secret) (void)field.set(experiment.arguments, Json("canary-4711"));
    }
    QVERIFY(experimentToJson(experiment).find("canary-4711") == std::string::npos);
}

QTEST_APPLESS_MAIN(TestExperiment)
#include "tst_experiment.moc"
