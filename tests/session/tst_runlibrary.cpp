#include "session/runlibrary.h"
#include "session/runmodel.h"
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
    RunFilter filter;
    filter.setSourceModel(&library);
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
    RunFilter filter;
    filter.setSourceModel(&library);
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

/// The budget is 200 ms on a quiet machine (bench/ui prints the time); the limit here leaves room for a busy
/// one.
void TestRunLibrary::aThousandRuns()
{
    test::TempFolder runs;
    test::StoredRunWriter::write(runs / "first", "Run", shortScript(30), "{}");
    const auto state = test::readFile(runs / "first/state.json");
    for (int i = 1; i < 1000; ++i)
        test::writeFile(runs / ("run-" + std::to_string(i) + "/state.json"), state);
    RunLibrary library;
    RunFilter filter;
    filter.setSourceModel(&library);
    QElapsedTimer clock;
    clock.start();
    library.setFolders({QString::fromStdString(runs.path().string())});
    filter.setSearch("run-77");
    filter.sort(RunLibrary::Value, Qt::DescendingOrder);
    const auto elapsed = clock.elapsed();
    QCOMPARE(library.rowCount(), 1000);
    QCOMPARE(filter.rowCount(), 11);
    qInfo("1,000 runs listed, searched and sorted in %lld ms", static_cast<long long>(elapsed));
    QVERIFY2(elapsed < 1000, qPrintable(QString::number(elapsed)));
}

QTEST_GUILESS_MAIN(TestRunLibrary)
#include "tst_runlibrary.moc"
