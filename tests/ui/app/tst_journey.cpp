// A person's first quarter of an hour: open the sample, change a value, type nonsense, start, watch, stop,
// save, reopen.

#include "session/runmodel.h"
#include "session/scriptedengine.h"
#include "session/trainingsession.h"
#include "support/testfiles.h"
#include "ui/app/mainwindow.h"
#include "ui/designer/designerpage.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/widgets/dialogs.h"
#include "ui/widgets/fieldeditor.h"

#include <QAction>
#include <QApplication>
#include <QLineEdit>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QToolButton>
#include <QtTest>

#include <clocale>

using namespace studio;

class TestJourney : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void sampleToSavedRun();
    void nonsenseTurnsStartOff();
    void markersPresetsAndUndo();
    void numbersSurviveAGermanDesktop();

private:
    static QAction* action(const MainWindow& window, const QString& text)
    {
        for (QAction* one : window.findChildren<QAction*>()) {
            if (one->text().remove('&') == text) return one;
        }
        return nullptr;
    }
    static QLineEdit* line(MainWindow& window, const QString& page, const QString& key)
    {
        window.designer()->showPage(page);
        return window.designer()->page(page)->row(key)->editor()->findChild<QLineEdit*>();
    }
    /// A model folder that looks like one, so that the sample can start without the real model.
    void giveModel(MainWindow& window);

    test::TempFolder m_folder;
    ScriptedEngine m_engine;
};

void TestJourney::initTestCase()
{
    qputenv("XDG_CONFIG_HOME", (m_folder / "config").string().c_str());
    qputenv("XDG_STATE_HOME", (m_folder / "state").string().c_str());
    qputenv("XDG_DATA_HOME", (m_folder / "data").string().c_str());
    QCoreApplication::setOrganizationName("sentence-studio");
    QCoreApplication::setApplicationName("journey");
    std::setlocale(LC_NUMERIC, "C");
    test::writeFile(m_folder / "model" / "config.json",
                    R"({"architectures":["BertModel"],"num_hidden_layers":6,
        "hidden_size":384,"num_attention_heads":12,"vocab_size":30522,"max_position_embeddings":512})");
    test::writeFile(m_folder / "model" / "model.safetensors", "weights");
}

void TestJourney::init()
{
    QLocale::setDefault(QLocale::c());
    dialogs::setScripted(true);
    Script script;
    script.steps = 400;
    script.perStep = std::chrono::microseconds(500);
    m_engine.setScript(script);
    setEngineForTesting(&m_engine);
}

void TestJourney::cleanup()
{
    setEngineForTesting(nullptr);
}

void TestJourney::giveModel(MainWindow& window)
{
    window.document()->setValue("model.path", (m_folder / "model").string());
    window.document()->validateNow();
}

void TestJourney::sampleToSavedRun()
{
    MainWindow window;
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    QVERIFY(action(window, "Open Sample"));
    action(window, "Open Sample")->trigger();
    QCOMPARE(window.document()->experiment().train.size(), std::size_t(1));
    QVERIFY(std::filesystem::exists(window.document()->resolved().train[0].path));
    giveModel(window);
    for (const Issue& issue : window.document()->issues()) {
        QVERIFY2(issue.severity != Severity::Error, issue.message.c_str());
    }

    // Change the learning rate with the keyboard.
    QLineEdit* rate = line(window, "set_training", "learning_rate");
    QCOMPARE(rate->text(), QString("2e-05"));
    rate->setFocus();
    rate->selectAll();
    QTest::keyClicks(rate, "3e-5");
    QTest::keyClick(rate, Qt::Key_Tab);
    QCOMPARE(window.document()->value("learning_rate").get<double>(), 3e-05);
    QVERIFY(window.isWindowModified());
    QVERIFY(window.windowTitle().contains("[*]"));

    // Start, and receive points for each chart.
    QAction* start = action(window, "Start");
    QAction* stop = action(window, "Stop");
    QTRY_VERIFY(start->isEnabled());
    QVERIFY(!stop->isEnabled());
    start->trigger();
    RunModel* run = window.session()->run();
    QTRY_VERIFY_WITH_TIMEOUT(run->step() > 60, 10000);
    QVERIFY(!start->isEnabled());
    QVERIFY(stop->isEnabled());
    for (const char* series : {"loss", "learning_rate", "grad_norm"}) {
        QVERIFY2(run->series(series) && run->series(series)->size() > 0, series);
    }
    QTRY_VERIFY_WITH_TIMEOUT(!run->evaluationKeys().isEmpty(), 10000);
    for (const QString& key : run->evaluationKeys())
        QVERIFY2(run->series(key)->size() > 0, qPrintable(key));

    // The form stays usable while it trains.
    line(window, "set_training", "seed")->setText("43");

    // Stop.
    if (window.session()->isActive()) {
        stop->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(!window.session()->isActive(), 5000);
    }
    QTRY_VERIFY(start->isEnabled());
    QVERIFY(!stop->isEnabled());

    // Save, reopen, equal.
    const QString path = QString::fromStdString(m_folder / "mine.experiment.json");
    dialogs::answerPath(path);
    action(window, "Save As…")->trigger();
    QVERIFY(QFileInfo::exists(path));
    QVERIFY(!window.isWindowModified());
    const QString saved = window.document()->toText();
    MainWindow second;
    QVERIFY(second.openFile(path));
    QCOMPARE(second.document()->toText(), saved);
    QCOMPARE(second.document()->value("learning_rate").get<double>(), 3e-05);
    QVERIFY(second.windowTitle().startsWith("mine"));
    QVERIFY(dialogs::takeShown().filter("Cannot").isEmpty());
}

void TestJourney::nonsenseTurnsStartOff()
{
    MainWindow window;
    window.show();
    window.openSample();
    giveModel(window);
    QAction* start = action(window, "Start");
    QTRY_VERIFY(start->isEnabled());
    QLineEdit* rate = line(window, "set_training", "learning_rate");
    rate->selectAll();
    QTest::keyClicks(rate, "abc");
    QTRY_VERIFY_WITH_TIMEOUT(!start->isEnabled(), 1000);
    QCOMPARE(rate->text(), QString("abc"));
    QCOMPARE(window.document()->value("learning_rate").get<double>(), 2e-05);
    QVERIFY(start->toolTip().contains("abc"));

    QToolButton* reason = nullptr;
    for (auto* button : window.findChildren<QToolButton*>()) {
        if (button->accessibleName() == "Why Start is off") reason = button;
    }
    QVERIFY(reason && reason->isVisible());
    window.designer()->showPage("data");
    reason->click();
    QVERIFY(window.designer()->page(window.designer()->currentPage())->owns("learning_rate"));

    rate->selectAll();
    QTest::keyClicks(rate, "5e-5");
    QTRY_VERIFY(start->isEnabled());
    QVERIFY(!reason->isVisible());

    // Pressing the keys of Start right after nonsense does not wait for the pause.
    rate->selectAll();
    QTest::keyClicks(rate, "-");
    window.start();
    QVERIFY(!window.session()->isActive());

    rate->selectAll();
    QTest::keyClicks(rate, "-1"); // a number, but not a sensible one: the rules speak
    QTRY_VERIFY(!window.document()->issuesOf("learning_rate").empty());
    QCOMPARE(rate->text(), QString("-1"));
    window.document()->undoStack()->setIndex(0);
}

void TestJourney::markersPresetsAndUndo()
{
    MainWindow window;
    window.openSample();
    giveModel(window);
    const QString path = QString::fromStdString(m_folder / "eight.experiment.json");
    window.document()->apply("Eight", {{"learning_rate", 1e-05},
                                       {"seed", 7},
                                       {"weight_decay", 0.01},
                                       {"eval_steps", 25},
                                       {"warmup_ratio", 0.2},
                                       {"logging_steps", 5},
                                       {"max_grad_norm", 0.5},
                                       {"num_train_epochs", 2.0}});
    dialogs::answerPath(path);
    QVERIFY(window.saveAs());
    window.document()->setValue("seed", 8);
    window.document()->endTyping();
    window.document()->setValue("learning_rate", 4e-05);
    QCOMPARE(window.document()->unsavedArguments(), (QStringList{"learning_rate", "seed"}));

    dialogs::takeShown();
    dialogs::answerButton(2); // Cancel
    window.newExperiment();
    const QStringList shown = dialogs::takeShown();
    QCOMPARE(shown.size(), 1);
    QVERIFY2(shown.first().contains("Learning rate: 1e-05 → 4e-05"), qPrintable(shown.first()));
    QVERIFY(shown.first().contains("7 → 8"));
    QCOMPARE(window.document()->value("seed"), Json(8)); // cancelled: nothing happened

    dialogs::answerButton(0); // Save
    window.newExperiment();
    QVERIFY(window.document()->experiment().train.empty());
    QVERIFY(window.openFile(path));
    QCOMPARE(window.document()->value("seed"), Json(8));
    QCOMPARE(window.document()->value("weight_decay").get<double>(), 0.01);
}

void TestJourney::numbersSurviveAGermanDesktop()
{
    QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
    MainWindow window;
    window.openSample();
    QLineEdit* decay = line(window, "set_training", "weight_decay");
    decay->selectAll();
    QTest::keyClicks(decay, "0,05");
    QCOMPARE(window.document()->value("weight_decay").get<double>(), 0.05);
    decay->selectAll();
    QTest::keyClicks(decay, "0.07");
    QTest::keyClick(decay, Qt::Key_Return);
    QCOMPARE(decay->text(), QString("0,07"));
    const QString path = QString::fromStdString(m_folder / "german.experiment.json");
    dialogs::answerPath(path);
    QVERIFY(window.saveAs());
    QVERIFY(test::readFile(path.toStdString()).find("\"weight_decay\": 0.07") != std::string::npos);
}

QTEST_MAIN(TestJourney)
#include "tst_journey.moc"
