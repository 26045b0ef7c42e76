#include "session/runbundle.h"
#include "session/runlibrary.h"
#include "session/runnotes.h"
#include "session/storedruns.h"
#include "ui/charts/plotview.h"
#include "ui/runs/comparegrid.h"
#include "ui/runs/compareview.h"
#include "ui/runs/examplesview.h"
#include "ui/runs/runspage.h"
#include "ui/runs/runsummary.h"
#include "ui/widgets/dialogs.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QLocale>
#include <QTabWidget>
#include <QToolButton>
#include <QTreeView>
#include <QtTest>

#include <memory>

using namespace studio;

namespace {

constexpr const char* kFirst = R"({"name": "STS-B", "train": [{"name": "a", "path": "a.csv"}],
                                   "arguments": {"learning_rate": 2e-05, "seed": 42}})";
constexpr const char* kSecond = R"({"name": "STS-B", "train": [{"name": "a", "path": "b.csv"}],
                                    "arguments": {"learning_rate": 5e-05, "seed": 42, "warmup_steps": 10}})";

} // namespace

class TestRunsPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void listsAndSearches();
    void overlaysChosenRuns();
    void differencesByKey();
    void metricsAgainstTheBaseline();
    void summaryOfARun();
    void examplesWonAndLost();
    void meansOverSeeds();
    void copies();
    void damagedRunIsExplained();
    void everyControlHasAName();
    void refreshKeepsTheChoice();
    void tagsNotesAndArchive();
    void deletesAndUndoes();
    void bundleAndReport();
    void screenshots();

private:
    void trigger(const QString& text)
    {
        for (QAction* action : m_page->findChild<QTreeView*>("runTable")->actions())
            if (action->text() == text) return action->trigger();
        QFAIL(qPrintable("no action " + text));
    }
    QString folder(const char* name) const { return QString::fromStdString((*m_runs / name).string()); }
    CompareView* compare() const { return m_page->findChild<CompareView*>(); }

    std::unique_ptr<test::TempFolder> m_runs, m_home;
    std::unique_ptr<RunsPage> m_page;
};

void TestRunsPage::initTestCase()
{
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    m_runs = std::make_unique<test::TempFolder>();
    m_home = std::make_unique<test::TempFolder>();
    for (const char* name : {"XDG_CONFIG_HOME", "XDG_DATA_HOME"})
        qputenv(name, (*m_home / name).string().c_str());
    QCoreApplication::setOrganizationName("sentence-studio");
    QCoreApplication::setApplicationName("runs");
    dialogs::setScripted(true);
    Script script;
    script.steps = 300;
    test::StoredRunWriter::write(*m_runs / "20261124-090000-first", "STS-B", script, kFirst);
    script.seed = 5;
    script.lastLoss = 0.02;
    test::StoredRunWriter::write(*m_runs / "20261124-100000-second", "STS-B", script, kSecond, 1764004000);
    script.failAtStep = 90;
    test::StoredRunWriter::write(*m_runs / "20261124-110000-third", "Quora", script, "{ broken", 1764008000);
}

void TestRunsPage::init()
{
    m_page = std::make_unique<RunsPage>();
    m_page->resize(1300, 760);
    m_page->setFolders({QString::fromStdString(m_runs->path().string())});
    QTRY_VERIFY(!m_page->isRefreshing());
    m_page->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_page.get()));
}

void TestRunsPage::cleanup()
{
    m_page.reset();
}

void TestRunsPage::listsAndSearches()
{
    auto* table = m_page->findChild<QTreeView*>("runTable");
    auto* search = m_page->findChild<QLineEdit*>("runSearch");
    QCOMPARE(table->model()->rowCount(), 3);
    QCOMPARE(table->model()->index(0, 0).data().toString(), QString("Quora"));
    QTest::keyClicks(search, "sts-b second");
    QCOMPARE(table->model()->rowCount(), 1);
    QCOMPARE(m_page->findChild<QLabel*>("runCount")->text(), QString("1 of 3 runs"));
    search->clear();
    m_page->findChild<QComboBox*>("runStateFilter")->setCurrentText("Failed");
    QCOMPARE(table->model()->rowCount(), 1);
}

void TestRunsPage::overlaysChosenRuns()
{
    auto* loss = m_page->findChild<PlotView*>("compareLoss");
    auto* metric = m_page->findChild<PlotView*>("compareMetric");
    QCOMPARE(loss->curveCount(), 0);
    m_page->choose(folder("20261124-090000-first"));
    m_page->choose(folder("20261124-100000-second"));
    QCOMPARE(loss->curveCount(), 2);
    QVERIFY(loss->drawnPoints() > 600);
    QCOMPARE(metric->curveCount(), 2);
    QCOMPARE(metric->title(), QString("eval_sts-dev_spearman_cosine"));
    m_page->findChild<QComboBox*>("compareMetricBox")->setCurrentText("eval_loss");
    QCOMPARE(metric->title(), QString("eval_loss"));
    QCOMPARE(metric->curveCount(), 2);
    // Runs of one name are told apart.
    QVERIFY(compare()->runs()[0].name != compare()->runs()[1].name);
    m_page->findChild<QTreeView*>("runTable")->clearSelection();
    QCOMPARE(loss->curveCount(), 0);
}

void TestRunsPage::differencesByKey()
{
    CompareView view;
    view.setRuns({folder("20261124-090000-first"), folder("20261124-100000-second")});
    const auto rows = compareExperiments(view.runs());
    QStringList differing;
    for (const auto& row : rows)
        if (row.differs) differing << row.key + "=" + row.texts.join("|");
    QCOMPARE(differing, QStringList({"train[0].path=a.csv|b.csv", "arguments.learning_rate=2e-05|5e-05",
                                     "arguments.warmup_steps=default|10"}));
    QCOMPARE(rows.size(), std::size_t(6));
    auto* only = view.findChild<QCheckBox*>("onlyDifferences");
    QVERIFY(only->isChecked());
    const auto grids = view.findChildren<CompareGrid*>();
    QCOMPARE(grids.at(1)->rowCount(), 3);
    only->setChecked(false);
    QCOMPARE(grids.at(1)->rowCount(), 6);
}

void TestRunsPage::metricsAgainstTheBaseline()
{
    QCOMPARE(changeText(0.8, 0.82), QString("+2.5 %"));
    QCOMPARE(changeText(-2, -1), QString("+50.0 %"));
    QCOMPARE(changeText(0.5, 0.25), QString("-50.0 %"));
    QVERIFY(changeText(0, 1).isEmpty());
    CompareView view;
    view.setRuns({folder("20261124-090000-first"), folder("20261124-100000-second")});
    const auto rows = compareMetrics(view.runs());
    QCOMPARE(rows.size(), std::size_t(6));
    QCOMPARE(rows[0].key, QString("eval_loss, best"));
    const auto& first = *view.runs()[0].model;
    const auto extremes = first.series("eval_loss")->values().extremes(0, first.series("eval_loss")->size());
    QCOMPARE(rows[0].texts[0],
             QLocale::c().toString(first.series("eval_loss")->values()[extremes.min], 'f', 5));
    QVERIFY(rows[0].texts[1].contains("%"));
}

void TestRunsPage::summaryOfARun()
{
    m_page->choose(folder("20261124-090000-first"));
    const QString shown = m_page->findChild<RunSummaryPage*>()->toPlainText();
    for (const char* part : {"completed after 300 of 300 steps", "eval_sts-dev_spearman_cosine", "What to try next",
                             "another seed", "The run has left no model."})
        QVERIFY2(shown.contains(part), qPrintable(shown));
    // With a model: where it lies, and how Python loads it.
    test::TempFolder out;
    Script script;
    script.steps = 100;
    script.nanSteps = {7};
    test::StoredRunWriter::write(out / "runs/1", "R", script, R"({"model": {"path": "/base"}})");
    test::writeFile(out / "final/modules.json", "[]");
    const auto run = loadForComparison(QString::fromStdString((out / "runs/1").string()));
    const QString html = runSummaryHtml(run);
    QVERIFY(html.contains("SentenceTransformer(\"" + QString::fromStdString((out / "final").string())));
    QVERIFY(whatToTry(run).join(' ').contains("1 steps had a loss that is not a number"));
}

void TestRunsPage::examplesWonAndLost()
{
    ScriptedEngine engine;
    setEngineForTesting(&engine);
    test::TempFolder out;
    Script script;
    script.steps = 20;
    std::string rows = "a,b,score\n";
    for (int i = 0; i < 40; ++i)
        rows += "text " + std::to_string(i % 7) + ",text " + std::to_string(i % 5) + "," + std::to_string(i % 6) + "\n";
    test::writeFile(out / "dev.csv", rows);
    test::StoredRunWriter::write(out / "runs/1", "R", script,
                                 R"({"format": "sentence-studio/experiment", "version": 1, "model": {"path": "/base"},
        "eval": [{"name": "dev", "path": ")" + (out / "dev.csv").string() + R"(", "columns": {"sentence1": "a", "sentence2": "b",
        "score": "score"}}]})");
    test::writeFile(out / "final/modules.json", "[]");
    CompareView view;
    view.setRuns({QString::fromStdString((out / "runs/1").string())});
    auto* examples = view.findChild<ExamplesView*>();
    auto* button = view.findChild<QPushButton*>("compareExamples");
    QVERIFY(button->isEnabled());
    view.setBlocked("A run is going on.");
    button->click();
    QVERIFY(!examples->result());
    view.setBlocked({});
    button->click();
    QTRY_VERIFY(examples->result());
    QCOMPARE(examples->result()->ties, std::int64_t(40)); // the scripted models are alike
    QVERIFY(view.findChild<QLabel*>("examplesText")->text().contains("0 wins, 40 ties, 0 losses"));
    setEngineForTesting(nullptr);
}

void TestRunsPage::meansOverSeeds()
{
    test::TempFolder runs;
    QStringList folders;
    for (unsigned seed : {1u, 2u, 3u}) {
        Script script;
        script.steps = 100;
        script.seed = seed;
        const auto folder = runs / std::to_string(seed);
        test::StoredRunWriter::write(folder, "S", script,
                                     R"({"model": {"path": "m"}, "arguments": {"seed": )" + std::to_string(seed) + "}}");
        folders << QString::fromStdString(folder.string());
    }
    CompareView view;
    view.setRuns(folders + QStringList{folder("20261124-090000-first")});
    const SeedGroups groups = seedGroups(view.runs());
    QCOMPARE(groups.runs, (std::vector<std::vector<std::size_t>>{{0, 1, 2}}));
    QVERIFY(groups.names[0].endsWith("(n = 3)"));
    const auto rows = compareSeeds(view.runs(), groups);
    QCOMPARE(rows[1].key, QString("eval_loss, last"));
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto* series = view.runs()[i].model->series("eval_loss");
        sum += series->values()[series->size() - 1];
    }
    QVERIFY2(rows[1].texts[0].startsWith(QLocale::c().toString(sum / 3, 'f', 5)), qPrintable(rows[1].texts[0]));
    QVERIFY(rows[1].texts[0].contains("±"));
}

void TestRunsPage::copies()
{
    CompareGrid grid;
    QAbstractItemModelTester tester(&grid);
    grid.setRows({"a", "b|c"}, {{"key", {"1", "x,\"y\""}, true}, {"same", {"2", "2"}, false}});
    QCOMPARE(grid.markdown(),
             QString("|  | a | b\\|c |\n|---|---|---|\n| key | 1 | x,\"y\" |\n| same | 2 | 2 |\n"));
    QCOMPARE(grid.csv(), QString("key,a,b|c\nkey,1,\"x,\"\"y\"\"\"\nsame,2,2\n"));
    grid.setOnlyDifferences(true);
    QCOMPARE(grid.rowCount(), 1);
    grid.setRows({"a_b"}, {{"100 %", {"0.8 ± 0.1"}, true}});
    QCOMPARE(grid.latex(), QString("\\begin{tabular}{lr}\n\\toprule\n & a\\_b \\\\\n\\midrule\n"
                                   "100 \\% & 0.8 $\\pm$ 0.1 \\\\\n\\bottomrule\n\\end{tabular}\n"));
}

void TestRunsPage::damagedRunIsExplained()
{
    std::filesystem::remove(*m_runs / "20261124-110000-third/steps.bin");
    m_page->choose(folder("20261124-110000-third"));
    QCOMPARE(m_page->findChild<PlotView*>("compareMetric")->curveCount(), 1);
    QCOMPARE(m_page->findChild<PlotView*>("compareLoss")->drawnPoints(), std::size_t(0));
}

void TestRunsPage::everyControlHasAName()
{
    for (const auto* widget : m_page->findChildren<QWidget*>()) {
        if (widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith("qt_")) continue;
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        const bool named = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
        const bool part = widget->inherits("QSplitterHandle") || widget->inherits("QTabBar") ||
                          widget->inherits("QHeaderView") || widget->inherits("QTabWidget");
        QVERIFY2(named || part, widget->metaObject()->className());
    }
}

void TestRunsPage::refreshKeepsTheChoice()
{
    m_page->choose(folder("20261124-090000-first"));
    m_page->refresh();
    QTRY_VERIFY(!m_page->isRefreshing());
    QCOMPARE(m_page->chosen(), QStringList{folder("20261124-090000-first")});
    QCOMPARE(compare()->runs().size(), std::size_t(1));
}

void TestRunsPage::tagsNotesAndArchive()
{
    const QString first = folder("20261124-090000-first");
    m_page->choose(first);
    auto* tags = m_page->findChild<QLineEdit*>("runTags");
    auto* text = m_page->findChild<QPlainTextEdit*>("runNotes");
    tags->setFocus();
    QTest::keyClicks(tags, "baseline, paper,");
    QTest::keyClick(tags, Qt::Key_Tab);
    QCOMPARE(m_page->notes()->of(first).tags, (QStringList{"baseline", "paper"}));
    QCOMPARE(m_page->chosen(), QStringList{first}); // the choice stays
    text->setFocus();
    QTest::keyClicks(text, "Good start.");
    QTest::keyClick(text, Qt::Key_Tab);
    QCOMPARE(m_page->notes()->of(first).text, QString("Good start."));
    trigger("Pin");
    QVERIFY(m_page->notes()->of(first).pinned);
    auto* table = m_page->findChild<QTreeView*>("runTable");
    QVERIFY(table->model()->index(0, 0).data().toString().startsWith("★"));
    trigger("Archive");
    QCOMPARE(table->model()->rowCount(), 2);
    m_page->findChild<QCheckBox*>("showArchived")->setChecked(true);
    QCOMPARE(table->model()->rowCount(), 3);
    m_page->setGrouping("tag");
    QCOMPARE(table->model()->rowCount(), 3); // baseline, paper, without a tag
    m_page->setGrouping({});
    QVERIFY(m_page->notes()->set(first, {}).ok());
}

void TestRunsPage::deletesAndUndoes()
{
    auto* undo = m_page->findChild<QToolButton*>("undoDelete");
    QVERIFY(undo->isHidden());
    m_page->choose(folder("20261124-100000-second"));
    trigger("Delete");
    auto* table = m_page->findChild<QTreeView*>("runTable");
    QCOMPARE(table->model()->rowCount(), 2);
    QVERIFY(!undo->isHidden());
    undo->click();
    QCOMPARE(table->model()->rowCount(), 3);
    QVERIFY(undo->isHidden());
    QCOMPARE(m_page->chosen(), QStringList{folder("20261124-100000-second")});
    QVERIFY(std::filesystem::exists(*m_runs / "20261124-100000-second/state.json"));
}

void TestRunsPage::bundleAndReport()
{
    const QString run = folder("20261124-090000-first");
    test::TempFolder out;
    const auto path = [&](const char* name) { return QString::fromStdString((out / name).string()); };
    m_page->choose(run);
    dialogs::answerPath(path("first.studiorun"));
    trigger("Export as Bundle…");
    dialogs::answerPath(path("first.html"));
    trigger("Export Report…");
    const std::string html = test::readFile(out / "first.html");
    for (const char* part : {"<svg", "<polyline points='", "eval_sts-dev_spearman_cosine", "arguments.learning_rate", "2e-05"})
        QVERIFY2(html.find(part) != std::string::npos, part);
    // The bundle is the run: every record, read-only.
    const auto opened = openBundle(path("first.studiorun"), path("store"));
    QVERIFY2(opened, opened ? "" : opened.error().text().c_str());
    const RunData before = readAnyRun(run.toStdString()), after = readAnyRun(opened->toStdString());
    QVERIFY(after.summary.problems.empty());
    QCOMPARE(after.experimentJson, before.experimentJson);
    QCOMPARE(after.events.size(), before.events.size());
    QCOMPARE(after.steps->size(), before.steps->size());
    QCOMPARE(after.summary.status.state, RunState::Completed);
    const auto permissions = std::filesystem::status(opened->toStdString() + "/steps.bin").permissions();
    QVERIFY((permissions & std::filesystem::perms::owner_write) == std::filesystem::perms::none);
    dialogs::answerPath(path("first.studiorun"));
    for (auto* button : m_page->findChildren<QPushButton*>())
        if (button->text() == "Open Bundle…") button->click();
    QTRY_VERIFY(!m_page->isRefreshing());
    QCOMPARE(m_page->library()->rowCount(), 4);
    // Damaged and hostile bundles.
    for (const char* text : {"", "{", R"({"format":"sentence-studio/run-bundle","version":9})",
                             R"({"format":"sentence-studio/run-bundle","version":1,"files":{"../evil":"AAAA"}})"}) {
        test::writeFile(out / "bad.studiorun", text);
        QVERIFY2(!openBundle(path("bad.studiorun"), path("store")), text);
    }
    QVERIFY(!std::filesystem::exists(out / "evil"));
    QVERIFY(!writeBundle(path("nowhere"), path("x.studiorun")).ok());
}

/// Writes pictures to look at into the folder that STUDIO_SCREENSHOTS names.
void TestRunsPage::screenshots()
{
    const QString pictures = qEnvironmentVariable("STUDIO_SCREENSHOTS");
    if (pictures.isEmpty()) QSKIP("STUDIO_SCREENSHOTS names no folder for pictures.");
    m_page->choose(folder("20261124-090000-first"));
    m_page->choose(folder("20261124-100000-second"));
    auto* tabs = m_page->findChild<QTabWidget*>("compareTabs");
    for (int tab = 0; tab < tabs->count(); ++tab) {
        tabs->setCurrentIndex(tab);
        QVERIFY(m_page->grab().save(
            QString("%1/runs-%2-%3.png").arg(pictures).arg(tab).arg(m_page->devicePixelRatioF())));
    }
}

QTEST_MAIN(TestRunsPage)
#include "tst_runspage.moc"
