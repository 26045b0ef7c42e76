#include "core/arguments/argumentfields.h"
#include "core/experiment/experiment.h"
#include "support/testfiles.h"
#include "ui/designer/documentpath.h"
#include "ui/designer/experimentdiff.h"
#include "ui/designer/experimentdocument.h"

#include <QFileInfo>
#include <QSignalSpy>
#include <QtTest>

#include <random>

using namespace studio;

class TestExperimentDocument : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void paths();
    void typingMergesIntoOneStep();
    void markersAgainstSavedAndDefault();
    void wrongTypesAreRefused();
    void partsOfTheExperiment();
    void fixIsOneNamedStep();
    void replaceIsUndoable();
    void fieldProblemsStopTheStart();
    void missingFilesAreNamed();
    void saveAndOpenAgain();
    void saveAsElsewhereMovesPaths();
    void draftComesBack();
    void randomEditsUndoRedoSaveLoad();
    void anySequence_data();
    void anySequence();
    void brokenFileIsTold();
    void outputFolder();
    void differencesNameLeaves();
};

void TestExperimentDocument::paths()
{
    Json tree = Json::object();
    QVERIFY(setValueAt(tree, "train[0].loss.type", "CosineSimilarityLoss"));
    QCOMPARE(tree, Json::parse(R"({"train":[{"loss":{"type":"CosineSimilarityLoss"}}]})"));
    QCOMPARE(valueAt(tree, "train[0].loss.type"), Json("CosineSimilarityLoss"));
    QVERIFY(valueAt(tree, "train[1].loss").is_null());
    QVERIFY(valueAt(tree, "model.path").is_null());
    QVERIFY(setValueAt(tree, "train[0].loss", Json()));
    QCOMPARE(tree, Json::parse(R"({"train":[{}]})"));
    QVERIFY(!setValueAt(tree, "train[x]", 1));
    QVERIFY(!setValueAt(tree, "train[7].name", "gap"));
    QVERIFY(!setValueAt(tree, "", 1));
}

void TestExperimentDocument::typingMergesIntoOneStep()
{
    ExperimentDocument document;
    QSignalSpy changed(&document, &ExperimentDocument::changed);
    for (const double value : {2.0, 2e-1, 2e-05})
        QVERIFY(document.setValue("learning_rate", value));
    QCOMPARE(changed.count(), 3);
    QCOMPARE(changed.first().at(0).toString(), QString("learning_rate"));
    QCOMPARE(document.undoStack()->count(), 1);
    QCOMPARE(document.undoStack()->undoText(), QString("Learning rate"));
    document.endTyping();
    document.setValue("learning_rate", 3e-05);
    QCOMPARE(document.undoStack()->count(), 2);
    document.undoStack()->undo();
    QCOMPARE(document.value("learning_rate").get<double>(), 2e-05);
    document.undoStack()->undo();
    QCOMPARE(document.value("learning_rate").get<double>(), 5e-05);
    QVERIFY(!document.isModified());

    document.endTyping();
    document.setValue("seed", 1);
    document.setValue("seed", 42); // typed back to where it was: nothing to undo
    QVERIFY(!document.isModified());
}

void TestExperimentDocument::markersAgainstSavedAndDefault()
{
    test::TempFolder folder;
    ExperimentDocument document;
    document.setValue("learning_rate", 2e-05);
    QVERIFY(document.differsFromDefault("learning_rate"));
    QVERIFY(document.differsFromSaved("learning_rate"));
    QVERIFY(document.save(QString::fromStdString(folder / "a.experiment.json")).ok());
    QVERIFY(document.differsFromDefault("learning_rate"));
    QVERIFY(!document.differsFromSaved("learning_rate"));
    document.setValue("learning_rate", 5e-05);
    QVERIFY(!document.differsFromDefault("learning_rate"));
    QVERIFY(document.differsFromSaved("learning_rate"));
    QCOMPARE(document.unsavedArguments(), QStringList{"learning_rate"});
    QCOMPARE(document.changedArguments(), QStringList());
}

void TestExperimentDocument::wrongTypesAreRefused()
{
    ExperimentDocument document;
    QVERIFY(!document.setValue("learning_rate", "fast"));
    QCOMPARE(document.value("learning_rate").get<double>(), 5e-05);
    QVERIFY(!document.apply("Two", {{"seed", 1}, {"eval_strategy", "sometimes"}}));
    QCOMPARE(document.value("seed"), Json(42)); // all or nothing
    QVERIFY(!document.isModified());
}

void TestExperimentDocument::partsOfTheExperiment()
{
    ExperimentDocument document;
    document.setValue("name", "first");
    document.setValue("train", Json::parse(R"([{"name":"a","path":"a.csv"}])"));
    document.setValue("train[0].columns", Json::parse(R"({"sentence2":"y","sentence1":"x"})"));
    QCOMPARE(document.experiment().train.size(), std::size_t(1));
    QCOMPARE(document.experiment().train[0].columns[0].second, std::string("y")); // order is kept
    document.setValue("train[0].loss.type", "CosineSimilarityLoss");
    QCOMPARE(document.experiment().train[0].loss->type, std::string("CosineSimilarityLoss"));
    while (document.undoStack()->canUndo())
        document.undoStack()->undo();
    QVERIFY(document.experiment().train.empty());
    QVERIFY(document.experiment().name.empty());
    while (document.undoStack()->canRedo())
        document.undoStack()->redo();
    QCOMPARE(document.value("train[0].loss.type"), Json("CosineSimilarityLoss"));
    QCOMPARE(document.experiment().name, std::string("first"));
}

void TestExperimentDocument::fixIsOneNamedStep()
{
    ExperimentDocument document;
    Fix fix;
    fix.label = "Evaluate every 100 steps";
    fix.edits = {{"eval_strategy", "\"steps\""}, {"eval_steps", "100"}};
    QVERIFY(document.apply(fix));
    QCOMPARE(document.undoStack()->count(), 1);
    QCOMPARE(document.undoStack()->undoText(), QString("Evaluate every 100 steps"));
    QCOMPARE(document.value("eval_steps"), Json(100));
    document.undoStack()->undo();
    QVERIFY(document.value("eval_steps").is_null());
    QCOMPARE(document.value("eval_strategy"), Json("no"));
}

void TestExperimentDocument::replaceIsUndoable()
{
    ExperimentDocument document;
    document.setValue("seed", 7);
    const std::string before = document.toText().toStdString();
    Experiment other;
    other.name = "other";
    other.arguments.learningRate = Number(1e-3);
    document.replace("Load Preset", other);
    QCOMPARE(document.value("seed"), Json(42));
    QCOMPARE(document.experiment().name, std::string("other"));
    document.undoStack()->undo();
    QCOMPARE(document.toText().toStdString(), before);
}

void TestExperimentDocument::fieldProblemsStopTheStart()
{
    ExperimentDocument document;
    QObject editor;
    document.setFieldProblem(&editor, "learning_rate", "“abc” is not a number.");
    document.validateNow();
    QVERIFY(document.firstError());
    QCOMPARE(document.firstError()->keys.front(), std::string("learning_rate"));
    QCOMPARE(document.issuesOf("learning_rate").size(), std::size_t(1));
    document.setFieldProblem(&editor, "learning_rate", QString());
    document.validateNow();
    QVERIFY(document.issuesOf("learning_rate").empty());
}

void TestExperimentDocument::missingFilesAreNamed()
{
    ExperimentDocument document;
    document.setValue("model.path", "/nowhere/model");
    document.setValue("train", Json::parse(R"([{"name":"a","path":"/nowhere/a.csv"}])"));
    document.validateNow();
    const auto model = document.issuesOf("model.path");
    QVERIFY(!model.empty());
    QVERIFY(QString::fromStdString(model.front().message).contains("/nowhere/model"));
    QVERIFY(!document.issuesOf("train[0].path").empty());
}

void TestExperimentDocument::saveAndOpenAgain()
{
    test::TempFolder folder;
    const QString path = QString::fromStdString(folder / "mine.experiment.json");
    ExperimentDocument document;
    document.setValue("name", "mine");
    document.setValue("learning_rate", 1.25e-07);
    document.setValue("hub_token", "secret");
    QVERIFY(document.save(path).ok());
    QVERIFY(!document.isModified());
    QCOMPARE(document.displayName(), QString("mine"));
    QVERIFY(!QString::fromStdString(test::readFile(path.toStdString())).contains("secret"));
    ExperimentDocument again;
    QVERIFY(again.open(path).ok());
    QCOMPARE(again.value("learning_rate").get<double>(), 1.25e-07);
    QVERIFY(again.save(path).ok());
    QCOMPARE(again.toText(), QString::fromStdString(test::readFile(path.toStdString())));
}

void TestExperimentDocument::saveAsElsewhereMovesPaths()
{
    test::TempFolder folder;
    test::writeFile(folder / "data.csv", "a,b\n1,2\n");
    ExperimentDocument document;
    document.setValue("train", Json::parse(R"([{"name":"a"}])"));
    document.setValue("train[0].path", (folder / "data.csv").string());
    std::filesystem::create_directories(folder / "sub");
    QVERIFY(document.save(QString::fromStdString(folder / "x.json")).ok());
    QCOMPARE(document.value("train[0].path"), Json("data.csv"));
    QCOMPARE(document.resolved().train[0].path, (folder / "data.csv").string());
}

void TestExperimentDocument::draftComesBack()
{
    ExperimentDocument document;
    document.setValue("seed", 5);
    ExperimentDocument next;
    QVERIFY(next.restore(document.toText(), QString()).ok());
    QCOMPARE(next.value("seed"), Json(5));
    QVERIFY(next.isModified());
    QVERIFY(next.differsFromSaved("seed"));
}

void TestExperimentDocument::randomEditsUndoRedoSaveLoad()
{
    test::TempFolder folder;
    std::mt19937 random(11);
    ExperimentDocument document;
    const std::vector<std::pair<QString, std::vector<Json>>> moves = {
        {"learning_rate", {1e-05, 2e-05, 0.1}},
        {"seed", {1, 2, 3}},
        {"eval_strategy", {"no", "steps", "epoch"}},
        {"eval_steps", {Json(), 50, 0.1}},
        {"tf32", {Json(), true, false}},
        {"name", {"a", "b"}},
        {"report_to", {Json(), "none", Json::array({"tensorboard"})}},
        {"lr_scheduler_kwargs", {Json::object(), Json{{"num_cycles", 2}}}},
        {"train",
         {Json(), Json::parse(R"([{"name":"t","path":"t.csv"}])"),
          Json::parse(R"([{"name":"t","path":"t.csv","score_divisor":5},{"name":"u","path":"u.csv"}])")}},
        {"model.max_seq_length", {Json(), 128, 256}},
    };
    std::vector<std::string> history{document.toText().toStdString()};
    for (int i = 0; i < 200; ++i) {
        const auto& [key, values] = moves[random() % moves.size()];
        document.endTyping();
        const int before = document.undoStack()->count();
        QVERIFY(document.setValue(key, values[random() % values.size()]));
        if (document.undoStack()->count() > before) history.push_back(document.toText().toStdString());
    }
    QCOMPARE(static_cast<int>(history.size()), document.undoStack()->count() + 1);
    for (auto text = history.rbegin(); text != history.rend(); ++text) {
        QCOMPARE(document.toText().toStdString(), *text);
        document.undoStack()->undo();
    }
    for (const std::string& text : history) {
        QCOMPARE(document.toText().toStdString(), text);
        document.undoStack()->redo();
    }
    const QString path = QString::fromStdString(folder / "r.json");
    QVERIFY(document.save(path).ok());
    const QString saved = document.toText();
    QVERIFY(document.open(path).ok());
    QCOMPARE(document.toText(), saved);
}

void TestExperimentDocument::anySequence_data()
{
    QTest::addColumn<unsigned>("seed");
    for (unsigned seed = 1; seed <= 12; ++seed)
        QTest::addRow("seed %u", seed) << seed;
}

// Edits, undo, redo, saving (in changing folders) and loading in any order: the experiment is always the one
// that a plain list of states says it is.
void TestExperimentDocument::anySequence()
{
    QFETCH(unsigned, seed);
    test::TempFolder folder;
    std::filesystem::create_directories(folder / "sub" / "deeper");
    const QStringList paths = {QString::fromStdString(folder / "a.experiment.json"),
                               QString::fromStdString(folder / "sub" / "b.experiment.json"),
                               QString::fromStdString(folder / "sub" / "deeper" / "c.experiment.json")};
    const std::vector<std::pair<QString, std::vector<Json>>> moves = {
        {"learning_rate", {1e-05, 2e-05, 0.1}},
        {"seed", {1, 2, 3}},
        {"output_dir", {Json(), "out", "../out"}},
        {"eval_steps", {Json(), 50, 0.1}},
        {"prompts", {Json(), "query: ", Json{{"a", "x"}, {"b", "y"}}}},
        {"name", {"a", "b"}},
        {"model.path", {"m", "sub/m", "${cache}/models/m"}},
        {"model.max_seq_length", {Json(), 128}},
        {"early_stopping", {Json(), Json{{"patience", 3}, {"threshold", 0.0}}}},
        {"train[0].path", {"t.csv", "sub/t.csv"}},
        {"train[0].loss", {Json(), Json{{"type", "CoSENTLoss"}}}},
        {"train",
         {Json::parse(R"([{"name":"t","path":"t.csv"}])"),
          Json::parse(R"([{"name":"t","path":"t.csv","score_divisor":5},{"name":"u","path":"u.csv"}])")}},
    };
    std::mt19937 random(seed);
    ExperimentDocument document;
    const auto state = [&] {
        // With absolute paths: the same experiment wherever its file lies.
        return experimentToJson(absolutePaths(document.experiment(), document.baseFolder().toStdString()));
    };
    std::vector<std::string> states{state()};
    std::size_t at = 0;
    std::string saved;
    int kinds[5] = {};
    for (int i = 0; i < 400; ++i) {
        const unsigned choice = random() % 20;
        if (choice < 10) {
            const auto& [key, values] = moves[random() % moves.size()];
            if (key.startsWith("train[0]") && document.experiment().train.empty()) continue;
            document.endTyping();
            const int before = document.undoStack()->index();
            QVERIFY(document.setValue(key, values[random() % values.size()]));
            if (document.undoStack()->index() == before) continue;
            states.resize(++at);
            states.push_back(state());
            ++kinds[0];
        } else if (choice < 14) {
            if (!document.undoStack()->canUndo()) continue;
            document.undoStack()->undo();
            --at;
            ++kinds[1];
        } else if (choice < 17) {
            if (!document.undoStack()->canRedo()) continue;
            document.undoStack()->redo();
            ++at;
            ++kinds[2];
        } else if (choice < 19) {
            QVERIFY(document.save(paths[static_cast<int>(random() % 3)]).ok());
            QVERIFY(!document.isModified());
            saved = state();
            ++kinds[3];
        } else if (!saved.empty()) {
            QVERIFY(document.open(document.filePath()).ok());
            QCOMPARE(state(), saved);
            states = {saved};
            at = 0;
            ++kinds[4];
        }
        QCOMPARE(state(), states[at]);
    }
    for (const int count : kinds)
        QVERIFY(count > 0);
}

void TestExperimentDocument::brokenFileIsTold()
{
    test::TempFolder folder;
    test::writeFile(folder / "broken.json", "{\n  \"name\": oops\n}\n");
    ExperimentDocument document;
    document.setValue("seed", 9);
    const Status status = document.open(QString::fromStdString(folder / "broken.json"));
    QVERIFY(!status.ok());
    QVERIFY(QString::fromStdString(status.error().text()).contains("2")); // the line
    QCOMPARE(document.value("seed"), Json(9));                            // nothing lost
    QVERIFY(!document.open(QString::fromStdString(folder / "missing.json")).ok());
}

void TestExperimentDocument::outputFolder()
{
    test::TempFolder folder;
    ExperimentDocument document;
    document.setValue("name", "My run: 1");
    QVERIFY(document.outputFolder().endsWith("/sentence-studio/runs/My-run-1"));
    QVERIFY(document.save(QString::fromStdString(folder / "x.experiment.json")).ok());
    document.setValue("output_dir", "out");
    QCOMPARE(document.outputFolder(), QString::fromStdString(folder / "out"));
    QCOMPARE(document.resolved().arguments.outputDir.value(), (folder / "out").string());
}

void TestExperimentDocument::differencesNameLeaves()
{
    Experiment a;
    Experiment b;
    b.arguments.learningRate = Number(2e-05);
    b.model.maxSeqLength = 64;
    const auto found = settingDifferences(a, b);
    QCOMPARE(found.size(), std::size_t(2));
    QStringList lines;
    for (const SettingDifference& one : found)
        lines << describe(one);
    QVERIFY2(lines.contains("Learning rate: 5e-05 → 2e-05"), qPrintable(lines.join("; ")));
    QVERIFY(lines.filter("64").size() == 1);
    QVERIFY(settingDifferences(a, a).empty());
}

QTEST_GUILESS_MAIN(TestExperimentDocument)
#include "tst_experimentdocument.moc"
