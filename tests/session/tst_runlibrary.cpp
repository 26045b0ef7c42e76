#include "session/runlibrary.h"
#include "session/runlist.h"
#include "session/runmodel.h"
#include "session/runnotes.h"
#include "session/storedrun.h"
#include "session/storedruns.h"

#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QLocale>
#include <QtTest>

using namespace studio;

class TestRunLibrary : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void listsWhatTheFoldersSay();
    void searchAndFilter();
    void sorts();
    void damagedRunHasARow();
    void storedRunEqualsLiveRun();
    void tornRunShowsWhatIsThere();
    void notesAreKeptOutsideTheRuns();
    void damagedNotesAreKept();
    void chosenColumns();
    void groups();
    void deletionIsUndone();
    void hostileFolders();
    void pythonRunsAreListed();
    void aThousandRuns();
};

namespace {

Script shortScript(std::int64_t steps, unsigned seed = 1)
{
    Script script;
    script.steps = steps;
    script.seed = seed;
    script.evaluateEvery = 10;
    return script;
}

} // namespace

void TestRunLibrary::listsWhatTheFoldersSay()
{
    test::TempFolder runs;
    test::StoredRunWriter::write(runs / "20261124-100000-a", "STS-B", shortScript(40), "{}");
    auto failing = shortScript(40, 2);
    failing.failAtStep = 21;
    test::StoredRunWriter::write(runs / "20261124-110000-b", "Quora", failing, "{}", 1764003600);
    RunLibrary library;
    QAbstractItemModelTester tester(&library);
    library.setFolders({QString::fromStdString(runs.path().string())});
    QCOMPARE(library.rowCount(), 2);
    const int a = library.rowOf(QString::fromStdString((runs / "20261124-100000-a").string()));
    QVERIFY(a >= 0);
    QCOMPARE(library.index(a, RunLibrary::Name).data().toString(), QString("STS-B"));
    QCOMPARE(library.index(a, RunLibrary::State).data().toString(), QString("completed"));
    QCOMPARE(library.index(a, RunLibrary::Steps).data().toString(), QString("40 of 40"));
    QCOMPARE(library.index(a, RunLibrary::Metric).data().toString(), QString("eval_sts-dev_spearman_cosine"));
    QVERIFY(library.index(a, RunLibrary::Value).data().toString().startsWith("0.8"));
    QCOMPARE(library.index(1 - a, RunLibrary::State).data().toString(), QString("failed"));
    // A run folder itself may be given.
    library.setFolders({QString::fromStdString((runs / "20261124-110000-b").string())});
    QCOMPARE(library.rowCount(), 1);
    library.setFolders({QStringLiteral("/nonexistent/runs")});
    QCOMPARE(library.rowCount(), 0);
}

void TestRunLibrary::searchAndFilter()
{
    test::TempFolder runs;
    test::StoredRunWriter::write(runs / "1-a", "STS-B baseline", shortScript(20), "{}");
    test::StoredRunWriter::write(runs / "2-b", "STS-B tuned", shortScript(20), "{}");
    auto failing = shortScript(20);
    failing.failAtStep = 5;
    failing.failure = "Out of memory.";
    test::StoredRunWriter::write(runs / "3-c", "Quora", failing, "{}");
    RunLibrary library;
    library.setFolders({QString::fromStdString(runs.path().string())});
    RunList filter(&library);
    QCOMPARE(filter.rowCount(), 3);
    filter.setSearch("sts tuned");
    QCOMPARE(filter.rowCount(), 1);
    filter.setSearch("STS-b");
    QCOMPARE(filter.rowCount(), 2);
    filter.setSearch("out of memory");
    QCOMPARE(filter.rowCount(), 1);
    filter.setSearch("");
    filter.setState("failed");
    QCOMPARE(filter.rowCount(), 1);
    filter.setSearch("sts");
    QCOMPARE(filter.rowCount(), 0);
}

void TestRunLibrary::sorts()
{
    test::TempFolder runs;
    for (int i = 0; i < 5; ++i)
        test::StoredRunWriter::write(runs / std::to_string(i), std::string(1, char('e' - i)),
                                     shortScript(10 + i * 100), "{}", 1764000000 + (i * 3) % 5);
    RunLibrary library;
    library.setFolders({QString::fromStdString(runs.path().string())});
    RunList filter(&library);
    filter.sort(RunLibrary::Name, Qt::AscendingOrder);
    for (int row = 0; row < 5; ++row)
        QCOMPARE(filter.index(row, RunLibrary::Name).data().toString(), QString(QChar('a' + row)));
    filter.sort(RunLibrary::Steps, Qt::DescendingOrder);
    QCOMPARE(filter.index(0, RunLibrary::Steps).data().toString(), QString("410 of 410"));
    QCOMPARE(filter.index(4, RunLibrary::Steps).data().toString(), QString("10 of 10"));
    filter.sort(RunLibrary::Started, Qt::AscendingOrder);
    double before = 0;
    for (int row = 0; row < 5; ++row) {
        const double started = filter.index(row, RunLibrary::Started).data(RunLibrary::SortRole).toDouble();
        QVERIFY(started >= before);
        before = started;
    }
}

void TestRunLibrary::damagedRunHasARow()
{
    test::TempFolder runs;
    test::writeFile(runs / "broken/state.json", "{ \"id\": 3");
    test::writeFile(runs / "broken/experiment.json", "{}");
    test::StoredRunWriter::write(runs / "good", "Good", shortScript(10), "{}");
    RunLibrary library;
    library.setFolders({QString::fromStdString(runs.path().string())});
    QCOMPARE(library.rowCount(), 2);
    const int row = library.rowOf(QString::fromStdString((runs / "broken").string()));
    QVERIFY(row >= 0);
    QVERIFY(!library.run(row).problems.empty());
    QVERIFY(library.index(row, 0)
                .data(Qt::ToolTipRole)
                .toString()
                .contains(QString::fromStdString(library.run(row).problems.front())));
}

void TestRunLibrary::storedRunEqualsLiveRun()
{
    test::TempFolder runs;
    auto script = shortScript(200);
    script.nanSteps = {77};
    test::StoredRunWriter::write(runs / "a", "A", script, "{}");
    RunModel stored;
    fillRunModel(stored, readRun(runs / "a"));

    class Live : public RunObserver
    {
    public:
        RunModel model;
        void onEvent(const Event& event) override { model.addEvent(event); }
        void onStep(const StepRecord& record) override { model.appendStep(record, 1); }
    } live;
    ScriptedEngine engine(script);
    RunControl control;
    engine.train({}, live, control);

    for (const char* key :
         {"loss", "learning_rate", "grad_norm", "eval_loss", "eval_sts-dev_spearman_cosine"}) {
        const auto* a = stored.series(key);
        const auto* b = live.model.series(key);
        QVERIFY2(a && b, key);
        QCOMPARE(a->size(), b->size());
        for (std::size_t i = 0; i < a->size(); ++i) {
            QCOMPARE(a->axis().value(AxisKind::Step, i), b->axis().value(AxisKind::Step, i));
            QCOMPARE(a->axis().value(AxisKind::Tokens, i), b->axis().value(AxisKind::Tokens, i));
            // steps.bin keeps single precision.
            QCOMPARE(float(a->values()[i]), float(b->values()[i]));
        }
    }
    QCOMPARE(stored.nonFiniteLosses(), std::int64_t(1));
    QCOMPARE(stored.marks().size(), live.model.marks().size());
    const auto& axis = stored.series("loss")->axis();
    QVERIFY(axis.value(AxisKind::Elapsed, 199) >= 199 * 0.25);
    QVERIFY(axis.value(AxisKind::Wall, 0) > 1764000000);
}

void TestRunLibrary::tornRunShowsWhatIsThere()
{
    test::TempFolder runs;
    test::StoredRunWriter::write(runs / "a", "A", shortScript(100), "{}");
    auto steps = test::readFile(runs / "a/steps.bin");
    test::writeFile(runs / "a/steps.bin", steps.substr(0, steps.size() - 32 * 40 - 7));
    auto events = test::readFile(runs / "a/events.jsonl");
    test::writeFile(runs / "a/events.jsonl", events.substr(0, events.size() / 2));
    RunModel model;
    fillRunModel(model, readRun(runs / "a"));
    QCOMPARE(model.series("loss")->size(), std::size_t(59));
    std::filesystem::remove(runs / "a/steps.bin");
    fillRunModel(model, readRun(runs / "a"));
    QCOMPARE(model.series("loss")->size(), std::size_t(0));
    QVERIFY(!model.evaluationKeys().isEmpty());
}

void TestRunLibrary::notesAreKeptOutsideTheRuns()
{
    test::TempFolder runs;
    test::StoredRunWriter::write(runs / "a", "A", shortScript(10), "{}");
    test::StoredRunWriter::write(runs / "b", "B", shortScript(10), "{}", 1765000000);
    const QString a = QString::fromStdString((runs / "a").string());
    const QString file = QString::fromStdString((runs / "own/notes.json").string());
    const auto before = std::filesystem::last_write_time(runs / "a");
    {
        RunNotes notes(file);
        QVERIFY(notes.set(a, {{"baseline", "paper"}, "Learning rate was too high.\nSecond line.", true, false}).ok());
    }
    RunNotes notes(file);
    QCOMPARE(notes.of(a).tags, (QStringList{"baseline", "paper"}));
    QCOMPARE(notes.allTags(), (QStringList{"baseline", "paper"}));
    QVERIFY(std::filesystem::last_write_time(runs / "a") == before);
    RunLibrary library;
    library.setNotes(&notes);
    library.setFolders({QString::fromStdString(runs.path().string())});
    RunList list(&library);
    QAbstractItemModelTester tester(&list);
    QCOMPARE(list.rowCount(), 2);
    QCOMPARE(list.index(0, 0).data().toString(), QString("★ A")); // pinned first, though older
    QCOMPARE(list.index(0, RunLibrary::Tags).data().toString(), QString("baseline, paper"));
    QCOMPARE(list.index(0, RunLibrary::Notes).data().toString(), QString("Learning rate was too high."));
    list.setSearch("second LINE");
    QCOMPARE(list.shownRuns(), 1);
    list.setSearch({});
    RunNote archived = notes.of(a);
    archived.archived = true;
    QVERIFY(notes.set(a, archived).ok());
    QCOMPARE(list.shownRuns(), 1);
    list.setShowArchived(true);
    QCOMPARE(list.shownRuns(), 2);
    // Another window's notes are not overwritten.
    RunNotes other(file);
    QVERIFY(other.set("/elsewhere/run", {{"x"}, {}, false, false}).ok());
    QVERIFY(notes.set(a, {{"y"}, {}, false, false}).ok());
    QCOMPARE(RunNotes(file).allTags(), (QStringList{"x", "y"}));
}

void TestRunLibrary::damagedNotesAreKept()
{
    test::TempFolder folder;
    test::writeFile(folder / "notes.json", "{ half of");
    const QString file = QString::fromStdString((folder / "notes.json").string());
    RunNotes notes(file);
    QVERIFY(notes.problem().contains("damaged"));
    QVERIFY(notes.set("/a", {{"t"}, {}, false, false}).ok());
    QCOMPARE(test::readFile(folder / "notes.json.damaged"), std::string("{ half of"));
    QCOMPARE(RunNotes(file).of("/a").tags, QStringList{"t"});
}

void TestRunLibrary::chosenColumns()
{
    test::TempFolder runs;
    for (int i = 0; i < 3; ++i)
        test::StoredRunWriter::write(runs / std::to_string(i), "R", shortScript(20, static_cast<unsigned>(i + 1)),
                                     i == 0 ? R"({"model": {"path": "m"}})"
                                            : R"({"model": {"path": "m"}, "arguments": {"learning_rate": )" +
                                                  std::string(i == 1 ? "3e-06" : "0.001") + "}}");
    RunLibrary library;
    library.setFolders({QString::fromStdString(runs.path().string())});
    const QStringList possible = library.possibleColumns();
    QVERIFY(possible.contains("arguments.learning_rate") && possible.contains("model.path"));
    QVERIFY(possible.contains("metric:eval_loss"));
    library.setChosenColumns({"arguments.learning_rate", "metric:eval_loss"});
    QCOMPARE(library.columnCount(), RunLibrary::FixedColumns + 2);
    QCOMPARE(library.headerData(RunLibrary::FixedColumns, Qt::Horizontal).toString(), QString("learning_rate"));
    RunList list(&library);
    list.sort(RunLibrary::FixedColumns, Qt::AscendingOrder); // as numbers, the default where none is given
    QStringList shown;
    for (int row = 0; row < 3; ++row)
        shown << list.index(row, RunLibrary::FixedColumns).data().toString();
    QCOMPARE(shown, (QStringList{"3e-06", "5e-05", "0.001"}));
    list.setSearch("3e-06");
    QCOMPARE(list.shownRuns(), 1);
    QVERIFY(list.index(0, RunLibrary::FixedColumns + 1).data().toString().startsWith("0."));
}

void TestRunLibrary::groups()
{
    test::TempFolder runs;
    test::StoredRunWriter::write(runs / "1", "STS", shortScript(20), "{}", 1764000000);
    auto failing = shortScript(20);
    failing.failAtStep = 5;
    test::StoredRunWriter::write(runs / "2", "STS", failing, "{}", 1764100000);
    test::StoredRunWriter::write(runs / "3", "NLI", shortScript(20), "{}", 1764200000);
    RunNotes notes(QString::fromStdString((runs / "notes/n.json").string()));
    RunLibrary library;
    library.setNotes(&notes);
    library.setFolders({QString::fromStdString(runs.path().string())});
    RunList list(&library);
    QAbstractItemModelTester tester(&list);
    list.sort(RunLibrary::Started, Qt::AscendingOrder);
    const auto titles = [&] {
        QStringList all;
        for (int row = 0; row < list.rowCount(); ++row)
            all << list.index(row, 0).data().toString();
        return all;
    };
    list.setGrouping("name");
    QCOMPARE(titles(), (QStringList{"STS (2)", "NLI (1)"}));
    QCOMPARE(list.rowCount(list.index(0, 0)), 2);
    QVERIFY(!list.isRun(list.index(0, 0)));
    const QString third = QString::fromStdString((runs / "3").string());
    QCOMPARE(list.indexOf(third).data(RunLibrary::FolderRole).toString(), third);
    list.setGrouping("state");
    QCOMPARE(titles(), (QStringList{"completed (2)", "failed (1)"}));
    list.setGrouping("arguments.seed");
    QCOMPARE(titles(), (QStringList{"not known (3)"}));
    QVERIFY(notes.set(third, {{"x", "y"}, {}, false, false}).ok());
    list.setGrouping("tag");
    QCOMPARE(titles(), (QStringList{"without a tag (2)", "x (1)", "y (1)"}));
    QCOMPARE(list.shownRuns(), 3);
}

void TestRunLibrary::deletionIsUndone()
{
    test::TempFolder runs;
    test::StoredRunWriter::write(runs / "a", "A", shortScript(10), "{}");
    test::StoredRunWriter::write(runs / "b", "B", shortScript(10), "{}");
    const QString a = QString::fromStdString((runs / "a").string()), b = QString::fromStdString((runs / "b").string());
    RunLibrary library;
    library.setFolders({QString::fromStdString(runs.path().string())});
    QCOMPARE(library.whyNotDeletable(a), QString());
    library.markDeleted({a});
    QCOMPARE(library.rowCount(), 1);
    library.refresh();
    QCOMPARE(library.rowCount(), 1); // still gone
    QVERIFY(std::filesystem::exists(runs / "a/state.json"));
    library.restoreDeleted();
    QCOMPARE(library.rowCount(), 2);
    library.markDeleted({a, b});
    QCOMPARE(library.purgeDeleted(), QStringList());
    QVERIFY(!std::filesystem::exists(runs / "a") && !std::filesystem::exists(runs / "b"));
}

/// Cut files, files of newer programs, links in a circle, folders that may not be read: each is a row or is passed over,
/// and says what is missing.
void TestRunLibrary::hostileFolders()
{
    test::TempFolder runs;
    for (const char* name : {"cut-state", "newer-state", "binary", "no-experiment", "folders-as-files", "newer-steps"})
        test::StoredRunWriter::write(runs / name, name, shortScript(30), "{}");
    const auto path = [&](const char* name) { return runs / name; };
    const std::string state = test::readFile(path("cut-state") / "state.json");
    test::writeFile(path("cut-state") / "state.json", state.substr(0, state.size() / 2));
    test::writeFile(path("newer-state") / "state.json", R"({"format":"sentence-studio/run","version":99,"state":"dreaming"})");
    for (const char* file : {"state.json", "events.jsonl", "steps.bin", "experiment.json"}) {
        std::string noise;
        for (int i = 0; i < 5000; ++i)
            noise += static_cast<char>(i * 7919 >> 3);
        test::writeFile(path("binary") / file, noise);
    }
    std::filesystem::remove(path("no-experiment") / "experiment.json");
    for (const char* file : {"events.jsonl", "steps.bin"}) {
        std::filesystem::remove(path("folders-as-files") / file);
        std::filesystem::create_directory(path("folders-as-files") / file);
    }
    std::string steps = test::readFile(path("newer-steps") / "steps.bin");
    steps[12] = 7; // the size of a record
    test::writeFile(path("newer-steps") / "steps.bin", steps);
    std::filesystem::create_directory_symlink(runs.path(), runs / "circle");
    std::filesystem::create_directories(runs / "empty");

    RunLibrary library;
    RunList list(&library);
    library.setFolders({QString::fromStdString(runs.path().string()), "/proc/1/root"});
    QCOMPARE(library.rowCount(), 6);
    for (const char* name : {"cut-state", "newer-state", "binary", "no-experiment", "folders-as-files", "newer-steps"}) {
        const int row = library.rowOf(QString::fromStdString(path(name).string()));
        QVERIFY2(row >= 0, name);
        const RunData run = readAnyRun(path(name));
        QVERIFY2(!run.summary.problems.empty(), name);
        RunModel model;
        fillRunModel(model, run);
        // What could be read is there.
        if (std::string(name) == "cut-state") {
            QCOMPARE(library.index(row, RunLibrary::State).data().toString(), QString("completed"));
            QCOMPARE(model.series("loss")->size(), std::size_t(30));
        }
        if (std::string(name) == "newer-steps") QVERIFY(!model.evaluationKeys().isEmpty());
    }
    library.setChosenColumns(library.possibleColumns());
    QCOMPARE(list.shownRuns(), 6);
}

void TestRunLibrary::pythonRunsAreListed()
{
    test::TempFolder runs;
    test::writeFile(runs / "out/checkpoint-20/trainer_state.json", R"({"global_step": 20, "max_steps": 20,
        "num_train_epochs": 2, "train_batch_size": 16, "log_history": [
        {"epoch": 1.0, "loss": 0.5, "grad_norm": 1.5, "learning_rate": 1e-05, "step": 10},
        {"epoch": 1.0, "eval_loss": 0.25, "step": 10}, {"epoch": 2.0, "loss": 0.4, "grad_norm": NaN, "step": 20}]})");
    RunLibrary library;
    library.setFolders({QString::fromStdString(runs.path().string())});
    QCOMPARE(library.rowCount(), 1);
    QCOMPARE(library.index(0, RunLibrary::Name).data().toString(), QString("out"));
    QCOMPARE(library.index(0, RunLibrary::Steps).data().toString(), QString("20 of 20"));
    QVERIFY(library.whyNotDeletable(QString::fromStdString((runs / "out").string())).contains("Archive"));
    RunModel model;
    fillRunModel(model, readAnyRun(runs / "out"));
    QCOMPARE(model.series("loss")->size(), std::size_t(2));
    QCOMPARE(model.series("loss")->values()[1], 0.4);
    QCOMPARE(model.series("eval_loss")->values()[0], 0.25);
    library.setChosenColumns({"arguments.per_device_train_batch_size"});
    QCOMPARE(library.index(0, RunLibrary::FixedColumns).data().toString(), QString("16"));
}

/// Prints how long listing, searching, filtering, sorting and grouping take (the aim is 200 ms on a quiet machine).
void TestRunLibrary::aThousandRuns()
{
    test::TempFolder runs;
    test::StoredRunWriter::write(runs / "first", "Run", shortScript(30),
                                 R"({"model": {"path": "m"}, "arguments": {"learning_rate": 3e-05, "seed": 1}})");
    for (int i = 1; i < 1000; ++i) {
        for (const char* file : {"state.json", "experiment.json"})
            test::writeFile(runs / ("run-" + std::to_string(i)) / file, test::readFile(runs / "first" / file));
    }
    RunLibrary library;
    RunList list(&library);
    const auto timed = [](const char* what, const auto& run) {
        QElapsedTimer clock;
        clock.start();
        run();
        qInfo("1,000 runs: %s in %.1f ms", what, static_cast<double>(clock.nsecsElapsed()) / 1e6);
    };
    timed("listed", [&] { library.setFolders({QString::fromStdString(runs.path().string())}); });
    QCOMPARE(library.rowCount(), 1000);
    timed("two columns of arguments chosen",
          [&] { library.setChosenColumns({"arguments.learning_rate", "arguments.seed"}); });
    timed("searched", [&] { list.setSearch("run-77"); });
    QCOMPARE(list.shownRuns(), 11);
    timed("search taken back", [&] { list.setSearch({}); });
    timed("filtered by state", [&] { list.setState("completed"); });
    QCOMPARE(list.shownRuns(), 1000);
    timed("sorted by a metric", [&] { list.sort(RunLibrary::Value, Qt::DescendingOrder); });
    timed("sorted by a setting", [&] { list.sort(RunLibrary::FixedColumns, Qt::AscendingOrder); });
    timed("grouped by a setting", [&] { list.setGrouping("arguments.seed"); });
    QCOMPARE(list.rowCount(), 1);
}

QTEST_GUILESS_MAIN(TestRunLibrary)
#include "tst_runlibrary.moc"
