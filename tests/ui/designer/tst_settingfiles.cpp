// Settings that come from files and go to files: import, export, presets, comparing, templates.

#include "core/arguments/argumentjson.h"
#include "support/testfiles.h"
#include "ui/designer/comparedialog.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/importfile.h"
#include "ui/designer/presetlibrary.h"
#include "ui/designer/presetmenu.h"
#include "ui/designer/presetname.h"
#include "ui/widgets/dialogs.h"

#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QTreeWidget>
#include <QtTest>

using namespace studio;

class TestSettingFiles : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void originalArguments();
    void pythonScript();
    void presetNamesItsOddKeys();
    void partOfAnImport();
    void exportsReadBack();
    void lossesOfAPreset();
    void ownPresets();
    void presetMenu();
    void anyTwoAndTheForm();
    void takingValuesIsOneStep();
    void templatesStayPortable();
    void undoAfterMoving();

private:
    QString path(const std::string& name) const { return QString::fromStdString((m_folder / name).string()); }
    static const SettingDifference* difference(const std::vector<SettingDifference>& all, const QString& key)
    {
        for (const SettingDifference& one : all) {
            if (one.key == key) return &one;
        }
        return nullptr;
    }

    test::TempFolder m_folder;
};

void TestSettingFiles::initTestCase()
{
    qputenv("XDG_CONFIG_HOME", (m_folder / "config").string().c_str());
    qputenv("XDG_DATA_HOME", (m_folder / "data").string().c_str());
    QCoreApplication::setOrganizationName("sentence-studio");
    QCoreApplication::setApplicationName("settingfiles");
}

void TestSettingFiles::init()
{
    dialogs::setScripted(true);
    QSettings().clear();
}

void TestSettingFiles::originalArguments()
{
    TrainingArguments arguments;
    arguments.learningRate = Number(3e-05);
    arguments.seed = 7;
    test::writeFile(m_folder / "args.json", toJsonString(arguments));
    const auto file = readImport(path("args.json"));
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message.c_str());
    QVERIFY(file->wholeArguments);
    QVERIFY(file->kind.contains("Python library"));
    Experiment now;
    now.arguments.weightDecay = Number(0.1); // the file says 0: it changes back
    now.model.path = "m";                    // the file says nothing: it stays
    const auto parts = importDifferences(now, *file);
    QStringList listed;
    for (const SettingDifference& part : parts)
        listed << describe(part);
    QVERIFY2(parts.size() == 3, qPrintable(listed.join("; ")));
    QCOMPARE(difference(parts, "learning_rate")->right.get<double>(), 3e-05);
    QCOMPARE(difference(parts, "weight_decay")->right.get<double>(), 0.0);
    QVERIFY(difference(parts, "seed"));

    // The other generation of the library: its own names are mapped and named.
    test::writeFile(m_folder / "old.json",
                    R"({"learning_rate": 1e-05, "evaluation_strategy": "steps", "no_cuda": true,
                                              "sharded_ddp": "", "colour": "blue"})");
    const auto old = readImport(path("old.json"));
    QVERIFY(old.ok());
    QCOMPARE(old->experiment.arguments.evalStrategy, IntervalStrategy::Steps);
    const QString notes = old->notes.join('\n');
    QVERIFY2(notes.contains("evaluation_strategy") && notes.contains("colour"), qPrintable(notes));
}

void TestSettingFiles::pythonScript()
{
    test::writeFile(m_folder / "train.py",
                    "from sentence_transformers import SentenceTransformerTrainingArguments\n\n"
                    "args = SentenceTransformerTrainingArguments(output_dir=\"out\")\n"
                    "args.set_training(learning_rate=4e-5, batch_size=32)\n");
    const auto file = readImport(path("train.py"));
    QVERIFY2(file.ok(), file.ok() ? "" : file.error().message.c_str());
    QCOMPARE(file->kind, QString("Python script"));
    const auto parts = importDifferences(Experiment(), *file);
    QCOMPARE(difference(parts, "learning_rate")->right.get<double>(), 4e-05);
    QCOMPARE(difference(parts, "per_device_train_batch_size")->right, Json(32));
    test::writeFile(m_folder / "other.py", "import os\nos.remove('x')\n");
    QVERIFY(!readImport(path("other.py")).ok());
}

void TestSettingFiles::presetNamesItsOddKeys()
{
    test::writeFile(m_folder / "odd.json", R"({"format":"sentence-studio/experiment","version":1,"name":"odd",
        "arguments":{"seed":"seven","learning_rate":1e-05,"evaluation_strategy":"epoch","future":1}})");
    const auto file = readImport(path("odd.json"));
    QVERIFY(file.ok());
    const QString notes = file->notes.join('\n');
    for (const char* key : {"seed", "evaluation_strategy", "future"})
        QVERIFY2(notes.contains(key), qPrintable(notes));
    QVERIFY(!readImport(path("missing.json")).ok());
    test::writeFile(m_folder / "broken.json", "{\n  \"seed\": 1,\n  oops\n}");
    const auto broken = readImport(path("broken.json"));
    QVERIFY(!broken.ok());
    QVERIFY2(QString::fromStdString(broken.error().text()).contains('3'), broken.error().text().c_str());
}

void TestSettingFiles::partOfAnImport()
{
    test::writeFile(m_folder / "two.json", R"({"format":"sentence-studio/experiment","version":1,
        "arguments":{"seed":7,"learning_rate":1e-05,"colour":"red"}})");
    ExperimentDocument document;
    QWidget window;
    PresetMenu menu(&document, "/nowhere", &window);
    dialogs::answerButton(1); // Cancel
    menu.load(path("two.json"));
    const QString shown = dialogs::takeShown().join('\n');
    QVERIFY2(shown.contains("42 → 7") && shown.contains("colour"),
             qPrintable(shown)); // the diff and the odd key first
    QVERIFY(!document.isModified());
    dialogs::answerButton(0);
    menu.load(path("two.json"));
    QCOMPARE(document.value("seed"), Json(7));
    QCOMPARE(document.undoStack()->count(), 1);
    QVERIFY(PresetLibrary::recent().contains(path("two.json")));
    menu.load(path("broken.json"));
    QVERIFY(dialogs::takeShown().last().contains("broken.json"));
    QCOMPARE(document.undoStack()->count(), 1);
}

void TestSettingFiles::exportsReadBack()
{
    ExperimentDocument document;
    document.setValue("learning_rate", 3e-05);
    document.setValue("hub_token", "secret");
    document.setValue("prompts", Json{{"anchor", "query: "}});
    document.setValue("output_dir", path("out").toStdString());
    QWidget window;
    PresetMenu menu(&document, "/nowhere", &window);
    dialogs::answerPath(path("out.json"));
    menu.exportArguments();
    dialogs::answerPath(path("out.py"));
    menu.exportArguments();
    for (const char* name : {"out.json", "out.py"}) {
        const std::string text = test::readFile(m_folder / name);
        QVERIFY(!text.empty() && text.find("\"secret\"") == std::string::npos);
        const auto back = readImport(path(name));
        QVERIFY2(back.ok(), back.ok() ? "" : back.error().message.c_str());
        QStringList left;
        for (const SettingDifference& one : importDifferences(document.experiment(), *back))
            left << describe(one);
        QVERIFY2(left.isEmpty(), qPrintable(left.join("; ")));
    }
    // Byte for byte what the original writes, and again after reading it.
    const std::string text = test::readFile(m_folder / "out.json");
    QCOMPARE(text, toJsonString(document.resolved().arguments));
    const auto back = readImport(path("out.json"));
    QVERIFY(exportArguments(back->experiment, path("again.json")).ok());
    QCOMPARE(test::readFile(m_folder / "again.json"), text);
}

void TestSettingFiles::lossesOfAPreset()
{
    test::writeFile(m_folder / "loss.json",
                    R"({"format":"sentence-studio/experiment","version":1,"name":"loss",
        "train":[{"loss":{"type":"CachedMultipleNegativesRankingLoss","options":{"mini_batch_size":32}}}],
        "arguments":{"seed":1}})");
    const auto file = readImport(path("loss.json"));
    QVERIFY(file.ok());
    QVERIFY2(file->notes.isEmpty(), qPrintable(file->notes.join('\n')));
    ExperimentDocument document;
    document.setValue("train", Json::parse(R"([{"name":"a","path":"a.csv"},
        {"name":"b","path":"b.csv","loss":{"type":"CoSENTLoss"}}])"));
    const auto parts = importDifferences(document.experiment(), *file);
    QVERIFY(!difference(parts, "train")); // data stays
    QVERIFY(difference(parts, "train[0].loss") && difference(parts, "train[1].loss"));
    for (const SettingDifference& part : parts)
        QVERIFY(document.setValue(part.key, part.right));
    QCOMPARE(document.value("train[1].loss.type"), Json("CachedMultipleNegativesRankingLoss"));
    QCOMPARE(document.value("train[1].path"), Json("b.csv"));
    QVERIFY(importDifferences(document.experiment(), *file).empty());
    QVERIFY(difference(importDifferences(Experiment(), *file), "train"));
}

void TestSettingFiles::ownPresets()
{
    const PresetLibrary library(
        QString::fromStdString((test::sourceFolder() / "resources" / "presets").string()));
    QVERIFY(library.shipped().size() >= 7);
    QVERIFY(library.own().empty());
    QVERIFY(!library.nameProblem("  ").isEmpty());
    QVERIFY(library.nameProblem("quick SAMPLE").contains("stays as it is"));
    QString remark;
    QVERIFY(library.nameProblem("Mine/1", &remark).isEmpty() && remark.isEmpty());

    Experiment experiment;
    experiment.model.path = "/somewhere";
    experiment.arguments.learningRate = Number(1e-05);
    experiment.arguments.outputDir = "/somewhere/out";
    experiment.arguments.hubToken = "secret";
    experiment.train = {{.name = "t", .path = "/t.csv", .loss = LossSpec{"CoSENTLoss", {}}}};
    PresetNameDialog dialog(library, experiment);
    QVERIFY(!dialog.saveButton()->isEnabled());
    dialog.nameEdit()->setText("Quick sample");
    QVERIFY(!dialog.saveButton()->isEnabled());
    dialog.nameEdit()->setText("Mine/1");
    QVERIFY(dialog.saveButton()->isEnabled());
    QVERIFY(library.save(dialog.name(), "notes", dialog.contents()).ok());
    const auto own = library.own();
    QCOMPARE(own.size(), std::size_t(1));
    QCOMPARE(own[0].name, QString("Mine/1"));
    const std::string text = test::readFile(own[0].path.toStdString());
    for (const char* absent : {"somewhere", "secret", "t.csv", "output_dir"})
        QVERIFY2(text.find(absent) == std::string::npos, text.c_str());
    QVERIFY(text.find("CoSENTLoss") != std::string::npos && text.find("1e-05") != std::string::npos);
    QVERIFY(library.nameProblem("mine/1", &remark).isEmpty() && remark.contains("Replaces"));
    QVERIFY(!library.remove(library.shipped()[0].path).ok()); // the program's stay
    QVERIFY(library.remove(own[0].path).ok());
    QVERIFY(library.own().empty());
}

void TestSettingFiles::presetMenu()
{
    ExperimentDocument document;
    document.setValue("seed", 5);
    QWidget window;
    PresetMenu presets(
        &document, QString::fromStdString((test::sourceFolder() / "resources/presets").string()), &window);
    dialogs::answerPath("Five");
    presets.saveAsPreset();
    document.undoStack()->undo();
    QMenu menu;
    presets.fill(&menu);
    QAction* five = nullptr;
    for (QAction* action : menu.actions()) {
        if (action->text() == "Five") five = action;
    }
    QVERIFY(five);
    dialogs::answerButton(0);
    five->trigger();
    QCOMPARE(document.value("seed"), Json(5));
    QCOMPARE(document.undoStack()->undoText(), QString("Load Five"));
    presets.fill(&menu);
    QMenu* remove = nullptr;
    for (QAction* action : menu.actions()) {
        if (action->menu() && action->text().contains("move")) remove = action->menu();
    }
    QVERIFY(remove);
    dialogs::answerButton(0);
    remove->actions().constFirst()->trigger();
    QVERIFY(PresetLibrary(QString()).own().empty());
}

void TestSettingFiles::anyTwoAndTheForm()
{
    ExperimentDocument document;
    document.setValue("seed", 1);
    QVERIFY(document.save(path("form.experiment.json")).ok());
    document.endTyping();
    document.setValue("seed", 2);
    document.setValue("hub_token", "secret");
    Experiment run = document.experiment();
    run.arguments.seed = 3;
    std::filesystem::create_directories(m_folder / "runs" / "r1");
    QVERIFY(saveExperiment(run, m_folder / "runs" / "r1" / "experiment.json").ok());
    const auto sources = compareSources(
        &document, QString::fromStdString((test::sourceFolder() / "resources/presets").string()),
        {path("runs")});
    const auto index = [&](const QString& name) {
        for (std::size_t i = 0; i < sources.size(); ++i) {
            if (sources[i].name == name) return static_cast<int>(i);
        }
        return -1;
    };
    for (const char* name : {"Now in the form", "As saved", "Defaults", "Quick sample", "r1"})
        QVERIFY2(index(name) >= 0, name);
    CompareDialog dialog(&document, sources);
    // Every pair can be compared.
    for (int left = 0; left < static_cast<int>(sources.size()); ++left) {
        for (int right = 0; right < static_cast<int>(sources.size()); ++right) {
            dialog.choose(left, right);
            if (left == right) QVERIFY(dialog.differences().empty());
            QCOMPARE(dialog.tree()->topLevelItemCount(), static_cast<int>(dialog.differences().size()));
        }
    }
    dialog.choose(index("Defaults"), index("r1"));
    const auto* seed = difference(dialog.differences(), "seed");
    QVERIFY(seed);
    QCOMPARE(seed->left, Json(42));
    QCOMPARE(seed->right, Json(3));
    QCOMPARE(dialog.tree()->columnCount(), 5); // and the form as the third
    for (int i = 0; i < dialog.tree()->topLevelItemCount(); ++i) {
        const auto* item = dialog.tree()->topLevelItem(i);
        if (item->text(1) == "seed") QCOMPARE(item->text(4), QString("2"));
    }
    dialog.choose(index("Now in the form"), index("As saved"));
    QCOMPARE(dialog.tree()->columnCount(), 4);
    QCOMPARE(dialog.differences().size(), std::size_t(2));
    for (int i = 0; i < dialog.tree()->topLevelItemCount(); ++i) {
        for (int c = 0; c < 4; ++c)
            QVERIFY(!dialog.tree()->topLevelItem(i)->text(c).contains("secret"));
    }
}

void TestSettingFiles::takingValuesIsOneStep()
{
    ExperimentDocument document;
    const auto sources = compareSources(
        &document, QString::fromStdString((test::sourceFolder() / "resources/presets").string()), {});
    CompareDialog dialog(&document, sources);
    int quick = 0;
    while (sources[static_cast<std::size_t>(quick)].name != "Quick sample")
        ++quick;
    dialog.choose(0, quick);
    QVERIFY(dialog.differences().size() > 3);
    for (int i = 0; i < dialog.tree()->topLevelItemCount(); ++i) {
        auto* item = dialog.tree()->topLevelItem(i);
        if (item->text(1) == "max_steps" || item->text(1) == "eval_steps")
            item->setCheckState(0, Qt::Checked);
    }
    dialog.take(false);
    QCOMPARE(document.value("max_steps"), Json(50));
    QCOMPARE(document.value("eval_steps"), Json(10));
    QCOMPARE(document.value("learning_rate").get<double>(), 5e-05); // not ticked
    QCOMPARE(document.undoStack()->count(), 1);
    QVERIFY(!difference(dialog.differences(), "max_steps")); // equal now
}

void TestSettingFiles::templatesStayPortable()
{
    const auto sample = test::sourceFolder() / "resources" / "experiments" / "sample.experiment.json";
    ExperimentDocument document;
    QVERIFY(document.openTemplate(QString::fromStdString(sample.string())).ok());
    QCOMPARE(document.value("model.path"), Json("${cache}/models/all-MiniLM-L6-v2"));
    QCOMPARE(document.value("train[0].path"), Json("../data/stsb-open/en-train.csv"));
    QVERIFY(std::filesystem::exists(document.resolved().train[0].path));
    QVERIFY(!document.isModified());
    const std::string found = document.resolved().train[0].path;
    QVERIFY(document.save(path("copy.experiment.json")).ok());
    const std::string text = test::readFile(m_folder / "copy.experiment.json");
    QVERIFY2(text.find("\"/") == std::string::npos, text.c_str()); // nothing of this computer is in it
    QVERIFY(text.find("${cache}/models/all-MiniLM-L6-v2") != std::string::npos);
    QVERIFY(text.find("${resources}/data/stsb-open/en-train.csv") != std::string::npos);
    QCOMPARE(document.resolved().train[0].path, found);
    ExperimentDocument again;
    QVERIFY(again.open(path("copy.experiment.json")).ok());
    QCOMPARE(again.resolved().train[0].path, found);
    // A draft of it finds its files, too.
    ExperimentDocument template2;
    QVERIFY(template2.openTemplate(QString::fromStdString(sample.string())).ok());
    ExperimentDocument restored;
    QVERIFY(restored.restore(template2.toText(), QString()).ok());
    QCOMPARE(restored.resolved().train[0].path, found);
}

void TestSettingFiles::undoAfterMoving()
{
    test::writeFile(m_folder / "set.csv", "a,b\n1,2\n");
    test::writeFile(m_folder / "deep" / "other.csv", "a,b\n1,2\n");
    ExperimentDocument document;
    document.setValue("train", Json::parse(R"([{"name":"t","path":"x.csv"}])"));
    QVERIFY(document.save(path("one.experiment.json")).ok());
    document.endTyping();
    document.setValue("train[0].path", "set.csv");
    document.endTyping();
    document.setValue("train[0].path", "deep/other.csv");
    const auto resolved = [&] { return document.resolved().train[0].path; };
    const std::string other = resolved();
    QVERIFY(document.save(path("deep/two.experiment.json")).ok());
    QCOMPARE(document.value("train[0].path"), Json("other.csv"));
    QCOMPARE(resolved(), other);
    document.undoStack()->undo(); // the history came along, and its paths mean what they meant
    QCOMPARE(document.value("train[0].path"), Json("../set.csv"));
    QCOMPARE(resolved(), (m_folder / "set.csv").string());
    document.undoStack()->redo();
    QCOMPARE(resolved(), other);
}

QTEST_MAIN(TestSettingFiles)
#include "tst_settingfiles.moc"
