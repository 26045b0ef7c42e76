#include "support/testfiles.h"

#include <QProcess>
#include <QTest>

#include <nlohmann/json.hpp>

#include <csignal>

using namespace studio;
using Json = nlohmann::ordered_json;

/// The terminal program from outside: exit codes, streams, messages for bad input.
class TestCli : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void usageIsExitTwo_data();
    void usageIsExitTwo();
    void argsPrintsTheGoldenText();
    void argsCallsMethods();
    void argsReportsErrors();
    void badExperimentsAreNamed_data();
    void badExperimentsAreNamed();
    void badDataIsNamed_data();
    void badDataIsNamed();
    void tokenizePrintsIds();
    void encodeRefusesBrokenModels_data();
    void encodeRefusesBrokenModels();
    void trainsEvaluatesAndEncodes();
    void unwritableOutputIsNamed();
    void stopsWithinAStepAndKeepsTheModel();

private:
    struct Outcome
    {
        int exitCode = -1;
        std::string out;
        std::string err;
    };
    Outcome run(const QStringList& arguments, int milliseconds = 300000);
    std::string experiment(const std::function<void(Json&)>& change = {});

    std::unique_ptr<test::TempFolder> m_folder;
};

void TestCli::init()
{
    m_folder = std::make_unique<test::TempFolder>();
}

TestCli::Outcome TestCli::run(const QStringList& arguments, int milliseconds)
{
    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN), arguments);
    if (!process.waitForFinished(milliseconds)) {
        process.kill();
        process.waitForFinished();
    }
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1, process.readAllStandardOutput().toStdString(),
            process.readAllStandardError().toStdString()};
}

/// The bundled sample with absolute paths and a few steps, written to the temporary folder; returns its path.
std::string TestCli::experiment(const std::function<void(Json&)>& change)
{
    auto json = Json::parse(test::readFile(test::sourceFolder() / "resources/experiments/sample.experiment.json"));
    if (!test::sampleModel().empty()) json["model"]["path"] = test::sampleModel().string();
    for (const char* part : {"train", "eval"})
        for (auto& set : json[part])
            set["path"] = (test::sourceFolder() / "resources/experiments" / set["path"].get<std::string>()).lexically_normal().string();
    json["arguments"]["max_steps"] = 3;
    json["arguments"]["eval_strategy"] = "no";
    json["arguments"]["logging_steps"] = 1;
    if (change) change(json);
    const auto file = *m_folder / "test.experiment.json";
    test::writeFile(file, json.dump(2));
    return file.string();
}

void TestCli::usageIsExitTwo_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("nothing") << QStringList();
    QTest::newRow("unknown command") << QStringList{"dance"};
    QTest::newRow("missing operand") << QStringList{"run"};
    QTest::newRow("unknown option") << QStringList{"args", "--colour", "red"};
    QTest::newRow("unknown dialect") << QStringList{"args", "--dialect", "klingon"};
}

void TestCli::usageIsExitTwo()
{
    QFETCH(QStringList, arguments);
    const auto outcome = run(arguments);
    QCOMPARE(outcome.exitCode, 2);
    QVERIFY(outcome.out.empty());
    QVERIFY(!outcome.err.empty());
    QCOMPARE(run({"--help"}).exitCode, 0);
}

void TestCli::argsPrintsTheGoldenText()
{
    const auto law = Json::parse(test::readFile(test::fixture("core/training_arguments.json")));
    const auto outcome = run({"args"});
    QCOMPARE(outcome.exitCode, 0);
    const auto printed = Json::parse(outcome.out);
    QCOMPARE(printed.size(), law["golden"]["to_dict"].size());
    for (const auto& [key, value] : law["golden"]["to_dict"].items()) {
        if (key == "logging_dir") continue;  // holds the host and the time of the start
        QVERIFY2(printed.at(key) == value, key.c_str());
    }
}

void TestCli::argsCallsMethods()
{
    auto outcome = run({"args", "--call", "set_training(learning_rate=1e-4, batch_size=32)", "--get", "train_batch_size"});
    QCOMPARE(outcome.exitCode, 0);
    QCOMPARE(outcome.out, std::string("32\n"));
    outcome = run({"args", "--call", "set_training(learning_rate=1e-4)", "--dialect", "preset"});
    QCOMPARE(outcome.out, std::string("{\n  \"do_train\": true,\n  \"learning_rate\": 0.0001\n}\n"));
}

void TestCli::argsReportsErrors()
{
    test::writeFile(*m_folder / "bad.json", R"({"eval_strategy": "sometimes"})");
    auto outcome = run({"args", "--json", QString::fromStdString((*m_folder / "bad.json").string())});
    QCOMPARE(outcome.exitCode, 2);
    QVERIFY(outcome.out.empty());
    QVERIFY(outcome.err.find("eval_strategy") != std::string::npos);
    outcome = run({"args", "--call", "set_training(colour=1)"});
    QCOMPARE(outcome.exitCode, 2);
    QVERIFY(outcome.err.find("colour") != std::string::npos);
}

void TestCli::badExperimentsAreNamed_data()
{
    QTest::addColumn<QString>("text");     // whole file, or empty: the sample with a change
    QTest::addColumn<QString>("pointer");  // what is changed
    QTest::addColumn<QString>("value");
    QTest::addColumn<QStringList>("words");  // what the message must hold

    QTest::newRow("broken JSON") << "{\n  \"format\": \"sentence-studio/experiment\",\n  \"name\" 3\n}" << "" << ""
                                 << QStringList{"test.experiment.json", "3:"};
    QTest::newRow("no such data file") << "" << "/train/0/path" << "\"/nowhere/pairs.csv\"" << QStringList{"/nowhere/pairs.csv"};
    QTest::newRow("wrong column") << "" << "/train/0/columns" << "{\"sentence1\": \"premise\", \"sentence2\": \"sentence2\", \"score\": \"score\"}"
                                  << QStringList{"premise", "sentence1"};
    QTest::newRow("label missing") << "" << "/train/0/columns" << "{\"sentence1\": \"sentence1\", \"sentence2\": \"sentence2\"}"
                                   << QStringList{"CosineSimilarityLoss"};
    QTest::newRow("unknown loss") << "" << "/train/0/loss/type" << "\"MagicLoss\"" << QStringList{"MagicLoss"};
    QTest::newRow("no such model") << "" << "/model/path" << "\"/nowhere/model\"" << QStringList{"/nowhere/model"};
    QTest::newRow("nonsense rate") << "" << "/arguments/learning_rate" << "\"fast\"" << QStringList{"learning_rate"};
}

void TestCli::badExperimentsAreNamed()
{
    QFETCH(QString, text);
    QFETCH(QString, pointer);
    QFETCH(QString, value);
    QFETCH(QStringList, words);
    std::string file;
    if (text.isEmpty()) {
        file = experiment([&](Json& json) { json[Json::json_pointer(pointer.toStdString())] = Json::parse(value.toStdString()); });
    } else {
        file = (*m_folder / "test.experiment.json").string();
        test::writeFile(file, text.toStdString());
    }
    const auto output = (*m_folder / "out").string();
    const auto outcome = run({"run", QString::fromStdString(file), "--output", QString::fromStdString(output)});
    QVERIFY2(outcome.exitCode == 1 || outcome.exitCode == 2, outcome.err.c_str());
    for (const auto& word : words) QVERIFY2(outcome.err.find(word.toStdString()) != std::string::npos, outcome.err.c_str());
    QVERIFY(!std::filesystem::exists(std::filesystem::path(output) / "final"));
}

void TestCli::badDataIsNamed_data()
{
    QTest::addColumn<QByteArray>("contents");
    QTest::addColumn<QStringList>("words");
    const QByteArray header = "sentence1,sentence2,score\n", row = "a,b,1.0\n";
    QTest::newRow("too few columns") << header + row + "only one\n" + row << QStringList{"pairs.csv", "line 3"};
    QTest::newRow("too many columns") << header + row + row + "a,b,1,2\n" << QStringList{"pairs.csv", "line 4"};
    QTest::newRow("open quote") << header + row + "\"a,b,1.0\n" << QStringList{"pairs.csv", "line 3"};
    QTest::newRow("score in words") << header + row + "a,b,high\n" << QStringList{"pairs.csv", "line 3", "high"};
    QTest::newRow("no rows") << header << QStringList{"pairs.csv", "no rows"};
    QTest::newRow("nothing") << QByteArray() << QStringList{"pairs.csv", "empty"};
}

void TestCli::badDataIsNamed()
{
    QFETCH(QByteArray, contents);
    QFETCH(QStringList, words);
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
    const auto data = *m_folder / "pairs.csv";
    test::writeFile(data, contents.toStdString());
    const auto file = experiment([&](Json& json) { json["train"][0]["path"] = data.string(); });
    const auto output = *m_folder / "out";
    const auto outcome =
        run({"run", QString::fromStdString(file), "--output", QString::fromStdString(output.string())});
    QCOMPARE(outcome.exitCode, 1);
    for (const auto& word : words) QVERIFY2(outcome.err.find(word.toStdString()) != std::string::npos, outcome.err.c_str());
    QVERIFY(!std::filesystem::exists(output / "final"));
}

void TestCli::tokenizePrintsIds()
{
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
    test::writeFile(*m_folder / "texts.txt", "A man is playing a guitar.\n\nnaïve café\n");
    const auto outcome = run({"tokenize", QString::fromStdString(test::sampleModel().string()), "--input",
                              QString::fromStdString((*m_folder / "texts.txt").string())});
    QCOMPARE(outcome.exitCode, 0);
    QCOMPARE(outcome.out, std::string("[101, 1037, 2158, 2003, 2652, 1037, 2858, 1012, 102]\n[101, 102]\n[101, 15743, 7668, 102]\n"));
}

void TestCli::encodeRefusesBrokenModels_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("contents");  // empty: the file is cut in half
    QTest::addColumn<QString>("word");
    QTest::newRow("cut weights") << "model.safetensors" << "" << "model.safetensors";
    QTest::newRow("unknown architecture") << "config.json" << R"({"model_type": "mamba", "hidden_size": 8})" << "mamba";
    // The model, not the normalizer: of a BertTokenizer that part is built from tokenizer_config.json, as in Python.
    QTest::newRow("unknown tokenizer part") << "tokenizer.json"
                                            << R"({"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
                                                   "post_processor": null, "decoder": null, "model": {"type": "Markov", "vocab": {}}})"
                                            << "Markov";
    QTest::newRow("broken modules") << "modules.json" << "[{\"idx\": 0," << "modules.json";
    QTest::newRow("unknown module") << "modules.json" << R"([{"idx": 0, "name": "0", "path": "", "type": "my.Own"}])" << "my.Own";
}

void TestCli::encodeRefusesBrokenModels()
{
    QFETCH(QString, file);
    QFETCH(QString, contents);
    QFETCH(QString, word);
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
    const auto model = *m_folder / "model";
    std::filesystem::copy(test::sampleModel(), model, std::filesystem::copy_options::recursive);
    const auto target = model / file.toStdString();
    if (contents.isEmpty()) std::filesystem::resize_file(target, std::filesystem::file_size(target) / 2);
    else test::writeFile(target, contents.toStdString());
    test::writeFile(*m_folder / "texts.txt", "one\n");
    const auto out = *m_folder / "out.npy";
    const auto outcome = run({"encode", QString::fromStdString(model.string()), "--input",
                              QString::fromStdString((*m_folder / "texts.txt").string()), "--output", QString::fromStdString(out.string())});
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.err.find(word.toStdString()) != std::string::npos, outcome.err.c_str());
    QVERIFY(!std::filesystem::exists(out));
}

void TestCli::trainsEvaluatesAndEncodes()
{
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
    const auto file = QString::fromStdString(experiment());
    const auto output = *m_folder / "out";
    auto outcome = run({"run", file, "--output", QString::fromStdString(output.string()), "--events", "-", "--set", "save_strategy=steps",
                        "--set", "save_steps=2"});
    QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());

    // Standard output holds nothing but events; the last one names the run folder, as does the last line of the other stream.
    std::vector<Json> events;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) events.push_back(Json::parse(line));
    QVERIFY(!events.empty());
    QCOMPARE(events.back()["event"].get<std::string>(), std::string("completed"));
    const auto runFolder = events.back()["text"].get<std::string>();
    QVERIFY(outcome.err.ends_with(runFolder + "\n"));
    QVERIFY(std::filesystem::exists(std::filesystem::path(runFolder) / "events.jsonl"));
    QVERIFY(std::filesystem::exists(output / "checkpoint-2" / "manifest.json"));
    QVERIFY(std::filesystem::exists(output / "checkpoint-3" / "trainer_state.json"));
    QVERIFY(std::filesystem::exists(output / "final" / "modules.json"));
    QCOMPARE(test::readFile(output / "final" / "tokenizer.json"), test::readFile(test::sampleModel() / "tokenizer.json"));

    outcome = run({"evaluate", QString::fromStdString((output / "final").string()), file});
    QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());
    const auto metrics = Json::parse(outcome.out);
    QVERIFY(metrics.at("sts-dev_spearman_cosine").get<double>() > 0.85);

    test::writeFile(*m_folder / "texts.txt", "one\ntwo words\n");
    const auto npy = *m_folder / "out.npy";
    outcome = run({"encode", QString::fromStdString((output / "final").string()), "--input",
                   QString::fromStdString((*m_folder / "texts.txt").string()), "--output", QString::fromStdString(npy.string())});
    QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());
    const auto bytes = test::readFile(npy);
    QVERIFY(bytes.find("'shape': (2, 384)") != std::string::npos);
    QCOMPARE(bytes.size() % 64, std::size_t(2 * 384 * 4 % 64));
}

void TestCli::unwritableOutputIsNamed()
{
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
    test::writeFile(*m_folder / "occupied", "a file, not a folder");
    const auto output = (*m_folder / "occupied" / "out").string();
    const auto outcome = run({"run", QString::fromStdString(experiment()), "--output", QString::fromStdString(output)});
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.err.find("occupied") != std::string::npos, outcome.err.c_str());
}

void TestCli::stopsWithinAStepAndKeepsTheModel()
{
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
    const auto output = *m_folder / "out";
    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN),
                  {"run", QString::fromStdString(experiment()), "--output", QString::fromStdString(output.string()), "--events", "-", "--set",
                   "max_steps=100000"});
    QByteArray seen;
    QTRY_VERIFY_WITH_TIMEOUT((seen += process.readAllStandardOutput(), seen.contains("\"event\":\"log\"")), 120000);
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QVERIFY(process.waitForFinished(60000));
    QCOMPARE(process.exitCode(), 130);
    seen += process.readAllStandardOutput();
    QVERIFY(seen.contains("\"event\":\"stopped\""));
    QVERIFY(std::filesystem::exists(output / "final" / "model.safetensors"));
}

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
