// What a new user tries with the forms: typing nonsense, shaping a configuration and getting it back, round
// trips through files, and watching the plan.

#include "core/arguments/argumentjson.h"
#include "support/testfiles.h"
#include "ui/app/mainwindow.h"
#include "ui/designer/designerpage.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/designer/planstrip.h"
#include "ui/widgets/dialogs.h"
#include "ui/widgets/fieldeditor.h"
#include "ui/widgets/messagelabel.h"

#include <QAction>
#include <QCheckBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QStatusBar>
#include <QToolButton>
#include <QTreeWidget>
#include <QtTest>

using namespace studio;

class TestFormJourneys : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void typeNonsense_data();
    void typeNonsense();
    void startJumpsToTheFirstProblem();
    void shapeBreakRecover();
    void takenAlong();
    void roundTripOfAFile();
    void roundTripOfArguments();
    void thePlanMoves();

private:
    struct Shown
    {
        FormRow* row = nullptr;
        QLineEdit* line = nullptr;
    };
    static Shown field(MainWindow& window, const QString& page, const QString& key)
    {
        window.designer()->showPage(page);
        FormRow* row = window.designer()->page(page)->row(key);
        return {row, row->editor()->findChild<QLineEdit*>()};
    }
    static void type(QLineEdit* line, const QString& text)
    {
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, text);
    }
    static QString messagesOf(const FormRow* row)
    {
        QStringList texts;
        for (const auto* message : row->findChildren<MessageLabel*>()) {
            if (message->isHidden()) continue;
            for (const auto* label : message->findChildren<QLabel*>())
                if (!label->text().isEmpty()) texts << label->text();
        }
        return texts.join('\n');
    }
    static QAction* action(const MainWindow& window, const QString& text)
    {
        for (QAction* one : window.findChildren<QAction*>()) {
            if (one->text().remove('&') == text) return one;
        }
        return nullptr;
    }
    QString path(const std::string& name) const { return QString::fromStdString((m_folder / name).string()); }
    /// A window with an experiment that can start.
    void open(MainWindow& window);

    test::TempFolder m_folder;
};

void TestFormJourneys::initTestCase()
{
    for (const char* name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"})
        qputenv(name, (m_folder / name).string().c_str());
    QCoreApplication::setOrganizationName("sentence-studio");
    QCoreApplication::setApplicationName("formjourneys");
    std::string rows = "sentence1,sentence2,score\n";
    for (int i = 0; i < 1000; ++i)
        rows +=
            "left " + std::to_string(i) + ",right " + std::to_string(i) + "," + std::to_string(i % 5) + "\n";
    test::writeFile(m_folder / "pairs.csv", rows);
    test::writeFile(m_folder / "model" / "config.json",
                    R"({"architectures":["BertModel"],"hidden_size":384})");
    test::writeFile(m_folder / "model" / "model.safetensors", "weights");
    test::writeFile(m_folder / "base.experiment.json", R"({"format":"sentence-studio/experiment","version":1,
        "name":"base","model":{"path":"model"},
        "train":[{"name":"t","path":"pairs.csv","columns":{"sentence1":"sentence1","sentence2":"sentence2",
                  "score":"score"},"score_divisor":5,"loss":{"type":"CosineSimilarityLoss"}}],
        "arguments":{"do_train":true,"per_device_train_batch_size":16,"num_train_epochs":2.0}})");
}

void TestFormJourneys::init()
{
    QLocale::setDefault(QLocale::c());
    dialogs::setScripted(true);
    QSettings().clear();
}

void TestFormJourneys::open(MainWindow& window)
{
    QVERIFY(window.openFile(path("base.experiment.json")));
    window.resize(1280, 900);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    QTRY_VERIFY2(action(window, "Start")->isEnabled(), qPrintable(action(window, "Start")->toolTip()));
}

// Journey 2: nonsense gets a sentence at the field within about 250 ms, marks in the tree, and Start says why
// it is off; what is typed stays, the valid old value too, and mending it clears all at once.

void TestFormJourneys::typeNonsense_data()
{
    QTest::addColumn<QString>("page");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>(
        "kept"); // the value while the nonsense stands: the last that parsed; empty: as before
    QTest::addColumn<QString>("good");
    const auto row = [](const char* name, const char* page, const char* key, const char* text,
                        const char* kept, const char* good) {
        QTest::newRow(name) << QString(page) << QString(key) << QString(text) << QString(kept)
                            << QString(good);
    };
    row("a word for a rate", "set_training", "learning_rate", "abc", "", "3e-5");
    row("a negative rate", "set_training", "learning_rate", "-1", "-1.0", "3e-5");
    row("both signs", "set_training", "weight_decay", "1.000,5", "1.0", "0.1");
    row("a comma in the exponent", "set_training", "learning_rate", "5e-5,5", "5e-05", "5,5e-5");
    row("a fraction of a batch", "set_training", "per_device_train_batch_size", "8.5", "8", "8");
    row("no rows a batch", "set_training", "per_device_train_batch_size", "0", "0", "8");
    row("a model that is not there", "model", "model.path", "nowhere", "\"nowhere\"", "model");
    row("data that is not there", "data", "train[0].path", "nowhere.csv", "\"nowhere.csv\"", "pairs.csv");
}

void TestFormJourneys::typeNonsense()
{
    QFETCH(QString, page);
    QFETCH(QString, key);
    QFETCH(QString, text);
    QFETCH(QString, kept);
    QFETCH(QString, good);
    MainWindow window;
    open(window);
    QAction* start = action(window, "Start");
    const Shown at = field(window, page, key);
    const Json before = window.document()->value(key);
    type(at.line, text);
    QElapsedTimer clock;
    clock.start();
    QTRY_VERIFY_WITH_TIMEOUT(!messagesOf(at.row).isEmpty(), 1500);
    QVERIFY2(clock.elapsed() < 600, qPrintable(QString::number(clock.elapsed())));
    QCOMPARE(at.line->text(), text); // nothing typed is cleared or clamped
    QCOMPARE(window.document()->value(key), kept.isEmpty() ? before : Json::parse(kept.toStdString()));
    QVERIFY(!start->isEnabled());
    QVERIFY2(start->toolTip().contains("Start is off"), qPrintable(start->toolTip()));
    auto* tree = window.designer()->findChild<QTreeWidget*>("pageTree");
    QVERIFY(tree->currentItem()->text(1).toInt() >= 1);
    QVERIFY(tree->currentItem()->data(0, Qt::AccessibleTextRole).toString().contains("error"));
    // Screen readers hear it at the field.
    QVERIFY(messagesOf(at.row).contains(at.row->editor()->control()->accessibleDescription().left(20)));

    type(at.line, good);
    QTRY_VERIFY_WITH_TIMEOUT(messagesOf(at.row).isEmpty(), 1500);
    QTRY_VERIFY(start->isEnabled());
    QCOMPARE(tree->currentItem()->text(1), QString());
}

void TestFormJourneys::startJumpsToTheFirstProblem()
{
    MainWindow window;
    open(window);
    // Zero steps between evaluations is an error of the original.
    window.document()->apply("Evaluate", {{"eval", Json::parse(R"([{"name":"dev","path":"pairs.csv","columns":
                                              {"sentence1":"sentence1","sentence2":"sentence2","score":"score"}}])")},
                                          {"eval_strategy", "steps"},
                                          {"eval_steps", 0},
                                          {"logging_steps", 0}});
    window.document()->validateNow();
    QAction* start = action(window, "Start");
    QVERIFY(!start->isEnabled());
    window.designer()->showPage("model");
    QToolButton* reason = nullptr;
    for (auto* button : window.findChildren<QToolButton*>()) {
        if (button->accessibleName() == "Why Start is off") reason = button;
    }
    QVERIFY(reason && reason->isVisible() && reason->text().contains("Start is off"));
    reason->click();
    const QString page = window.designer()->currentPage();
    const Issue* error = window.document()->firstError();
    QVERIFY(error);
    const QString key = QString::fromStdString(error->keys.front());
    FormRow* row = window.designer()->page(page)->row(key);
    QVERIFY2(row && row->isVisible(), qPrintable(page + ' ' + key));
    QTRY_VERIFY(row->isAncestorOf(QApplication::focusWidget()));
    // One click mends it where a fix is offered.
    QToolButton* fix = nullptr;
    for (auto* message : row->findChildren<MessageLabel*>()) {
        for (auto* button : message->findChildren<QToolButton*>()) {
            if (button->isVisible()) fix = button;
        }
    }
    if (fix) {
        fix->click();
    } else {
        window.document()->apply("Mend", {{"eval_steps", 50}, {"logging_steps", 50}});
    }
    window.document()->validateNow();
    for (const Issue& issue : window.document()->issuesOf(key))
        QVERIFY2(issue.severity != Severity::Error, issue.message.c_str());
}

// Journey 4: eight values over four panels, a preset, more changes, another preset: markers, exact lists,
// undo of a preset load, "show only changed", reset of field, group and all.

void TestFormJourneys::shapeBreakRecover()
{
    MainWindow window;
    open(window);
    ExperimentDocument* document = window.document();
    const std::vector<std::tuple<QString, QString, QString, Json>> eight = {
        {"set_training", "learning_rate", "1e-5", 1e-05},
        {"set_training", "weight_decay", "0.01", 0.01},
        {"set_training", "seed", "7", 7},
        {"set_lr_scheduler", "warmup_ratio", "0.2", 0.2},
        {"set_logging", "logging_steps", "5", 5},
        {"set_save", "save_steps", "40", 40},
        {"set_save", "save_total_limit", "3", 3},
        {"set_optimizer", "adam_beta2", "0.98", 0.98}};
    for (const auto& [page, key, text, value] : eight) {
        const Shown at = field(window, page, key);
        type(at.line, text);
        document->endTyping();
        QVERIFY2(document->value(key) == value || document->value(key).get<double>() == value.get<double>(),
                 qPrintable(key));
        QVERIFY2(at.row->differsFromSaved() && at.row->differsFromDefault(), qPrintable(key));
    }
    QCOMPARE(document->undoStack()->count(), 8);
    dialogs::answerPath(path("eight.experiment.json"));
    QVERIFY(window.saveAs());
    for (const auto& [page, key, text, value] : eight) {
        const FormRow* row = field(window, page, key).row;
        QVERIFY2(!row->differsFromSaved() && row->differsFromDefault(), qPrintable(key)); // one marker of two
    }
    QCOMPARE(document->unsavedArguments(), QStringList());

    // Only what is changed.
    QCheckBox* only = nullptr;
    for (auto* box : window.designer()->findChildren<QCheckBox*>()) {
        if (box->text().remove('&') == "Show only changed") only = box;
    }
    only->setChecked(true);
    window.designer()->showPage("set_save");
    QStringList visible;
    for (FormRow* row : window.designer()->page("set_save")->rows()) {
        if (!row->isHidden()) visible << row->key();
    }
    QCOMPARE(visible, (QStringList{"save_steps", "save_total_limit"}));
    only->setChecked(false);

    // A preset is one step, shown first, and undo takes it back whole.
    const QString before = document->toText();
    const int steps = document->undoStack()->count();
    QMenu* presets = nullptr;
    for (QMenu* menu : window.findChildren<QMenu*>()) {
        if (menu->title().remove('&') == "Load Preset") presets = menu;
    }
    Q_EMIT presets->aboutToShow();
    dialogs::takeShown();
    dialogs::answerButton(0);
    presets->actions().constFirst()->trigger();
    QVERIFY(dialogs::takeShown().join('\n').contains("→ 50"));
    QCOMPARE(document->undoStack()->count(), steps + 1);
    QCOMPARE(document->value("max_steps"), Json(50));
    document->undoStack()->undo();
    QCOMPARE(document->toText(), before);

    // Exactly the edits are listed, and Cancel leaves everything.
    type(field(window, "set_training", "seed").line, "8");
    type(field(window, "set_training", "weight_decay").line, "0.5");
    dialogs::takeShown();
    dialogs::answerButton(2);
    window.newExperiment();
    const QString list = dialogs::takeShown().join('\n');
    QVERIFY2(list.contains("7 → 8") && list.contains("0.01 → 0.5"), qPrintable(list));
    QCOMPARE(list.count(QStringLiteral("→")), 2);
    QCOMPARE(document->value("seed"), Json(8));

    // Back to the saved value, the default, the defaults of a group, of everything.
    FormRow* seed = field(window, "set_training", "seed").row;
    for (auto* button : seed->findChildren<QToolButton*>()) {
        if (button->isVisible() && button->accessibleName().endsWith("back to saved")) button->click();
    }
    QCOMPARE(document->value("seed"), Json(7));
    for (auto* button : seed->findChildren<QToolButton*>()) {
        if (button->isVisible() && button->accessibleName().endsWith("back to default")) button->click();
    }
    QCOMPARE(document->value("seed"), Json(42));
    for (auto* button : window.designer()->page("set_save")->findChildren<QToolButton*>()) {
        if (button->text() == "Reset Group") button->click();
    }
    QCOMPARE(document->value("save_steps"), document->defaultValue("save_steps"));
    QCOMPARE(document->value("adam_beta2").get<double>(), 0.98);
    action(window, "Reset All Arguments")->trigger();
    QCOMPARE(document->changedArguments(), QStringList());
    document->undoStack()->undo();
    QCOMPARE(document->value("adam_beta2").get<double>(), 0.98);
    document->undoStack()->setClean();
}

void TestFormJourneys::takenAlong()
{
    MainWindow window;
    open(window);
    test::writeFile(
        m_folder / "next.experiment.json",
        R"({"format":"sentence-studio/experiment","version":1,"name":"next","arguments":{"seed":1}})");
    window.document()->setValue("learning_rate", 9e-05);
    dialogs::answerButton(2); // Take Ticked Along
    dialogs::answerPath(path("next.experiment.json"));
    window.open();
    QCOMPARE(window.document()->experiment().name, std::string("next"));
    QCOMPARE(window.document()->value("seed"), Json(1));
    QCOMPARE(window.document()->value("learning_rate").get<double>(), 9e-05);
    QVERIFY(window.document()->isModified());
    window.document()->undoStack()->undo(); // taking along is a step of its own
    QCOMPARE(window.document()->value("learning_rate").get<double>(), 5e-05);
}

// Journey 5: export, edit by hand (unknown key, wrong type, older names), import: differences first, each odd
// key named, in part, and the same bytes again.

void TestFormJourneys::roundTripOfAFile()
{
    MainWindow window;
    open(window);
    window.document()->apply("Edit", {{"learning_rate", 1e-05}, {"hub_token", "very-secret"}, {"seed", 9}});
    dialogs::answerPath(path("round.experiment.json"));
    QVERIFY(window.saveAs());
    const std::string first = test::readFile(m_folder / "round.experiment.json");
    QVERIFY(first.find("very-secret") == std::string::npos);
    QVERIFY(window.openFile(path("round.experiment.json")));
    QVERIFY(window.document()->save(path("round.experiment.json")).ok());
    QCOMPARE(test::readFile(m_folder / "round.experiment.json"), first); // the same bytes

    std::string edited = first;
    const auto at = edited.find("\"learning_rate\"");
    QVERIFY(at != std::string::npos);
    edited.insert(at,
                  "\"colour\": \"blue\", \"warmup_ratio\": \"much\", \"evaluation_strategy\": \"epoch\", ");
    test::writeFile(m_folder / "edited.experiment.json", edited);
    dialogs::takeShown();
    dialogs::answerPath(path("edited.experiment.json"));
    dialogs::answerButton(0);
    action(window, "Import Settings…")->trigger();
    const QString shown = dialogs::takeShown().join('\n');
    for (const char* part : {"colour", "warmup_ratio", "evaluation_strategy", "no → epoch"})
        QVERIFY2(shown.contains(part), qPrintable(shown));
    QCOMPARE(window.document()->value("eval_strategy"), Json("epoch"));
    QCOMPARE(window.document()->value("warmup_ratio"), window.document()->defaultValue("warmup_ratio"));
    QCOMPARE(window.document()->undoStack()->count(), 1);
    window.document()->undoStack()->undo();
    QVERIFY(!window.document()->isModified());
}

void TestFormJourneys::roundTripOfArguments()
{
    MainWindow window;
    open(window);
    window.document()->apply("Edit",
                             {{"learning_rate", 2.5e-05}, {"prompts", Json{{"sentence1", "query: "}}}});
    dialogs::answerPath(path("a.json"));
    action(window, "Export Arguments…")->trigger();
    const std::string text = test::readFile(m_folder / "a.json");
    QVERIFY(text.find("\"learning_rate\": 2.5e-05") != std::string::npos);
    window.document()->undoStack()->undo();
    dialogs::answerPath(path("a.json"));
    dialogs::answerButton(0);
    action(window, "Import Settings…")->trigger();
    QCOMPARE(window.document()->value("learning_rate").get<double>(), 2.5e-05);
    dialogs::answerPath(path("b.json"));
    action(window, "Export Arguments…")->trigger();
    QCOMPARE(test::readFile(m_folder / "b.json"), text); // byte for byte
}

// Journey 6: the plan moves with every key, linked values follow on the other page, lint warns and mends.

void TestFormJourneys::thePlanMoves()
{
    MainWindow window;
    open(window);
    const auto* plan = window.designer()->findChild<PlanStrip*>();
    QTRY_VERIFY2(plan->summary().contains("126 steps"), qPrintable(plan->summary()));
    const Shown epochs = field(window, "set_training", "num_train_epochs");
    epochs.line->setFocus();
    epochs.line->selectAll();
    QTest::keyClick(epochs.line, Qt::Key_4);
    QVERIFY2(plan->summary().contains("252 steps"), qPrintable(plan->summary())); // one key, at once
    QTest::keyClick(epochs.line, Qt::Key_0);
    QVERIFY2(plan->summary().contains("2520 steps"),
             qPrintable(epochs.line->text() + ": " + plan->summary()));
    window.document()->endTyping();
    // The same value on the page of the scheduler.
    QCOMPARE(field(window, "set_lr_scheduler", "num_train_epochs").line->text().toDouble(), 40.0);
    type(field(window, "set_lr_scheduler", "num_train_epochs").line, "1");
    QCOMPARE(field(window, "set_training", "num_train_epochs").line->text().toDouble(), 1.0);
    QVERIFY(plan->summary().contains("63 steps"));
    QToolButton* chip = nullptr;
    for (auto* button : field(window, "set_training", "num_train_epochs").row->findChildren<QToolButton*>()) {
        if (button->text().contains("also in")) chip = button;
    }
    QVERIFY(chip);
    chip->click();
    QCOMPARE(window.designer()->currentPage(), QString("set_lr_scheduler"));

    // Evaluations farther apart than the run is long: lint says so, and one click mends it.
    window.document()->apply("Evaluate", {{"eval_strategy", "steps"}, {"eval_steps", 5000}});
    window.document()->setValue("eval", Json::parse(R"([{"name":"dev","path":"pairs.csv"}])"));
    window.document()->validateNow();
    const auto warned = [&] {
        for (const Issue& issue : window.document()->issuesOf("eval_steps")) {
            if (issue.code == "L01") return issue.fix;
        }
        return std::optional<Fix>();
    };
    QTRY_VERIFY(warned().has_value());
    QVERIFY(window.document()->apply(*warned()));
    window.document()->validateNow();
    QVERIFY(!warned().has_value());
    QVERIFY2(plan->summary().contains("evaluations") && !plan->summary().contains(" 0 evaluations"),
             qPrintable(plan->summary()));
    window.document()->undoStack()->setClean();
}

QTEST_MAIN(TestFormJourneys)
#include "tst_formjourneys.moc"
