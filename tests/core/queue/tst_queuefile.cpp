#include "core/experiment/experiment.h"
#include "core/files/runlock.h"
#include "core/queue/queuefile.h"
#include "core/records/events.h"
#include "core/records/runstate.h"
#include "support/testfiles.h"

#include <QTest>

#include <sys/wait.h>
#include <unistd.h>

using namespace studio;

class TestQueueFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void survivesAndKeepsSnapshots();
    void reorderHoldSkipRemoveAgain();
    void seedsAreOneGroup();
    void programsShareIt();
    void statesAreTrue();
    void medianRuleReadsTheRecords();
    void damageIsNamed();
};

namespace {

Experiment named(const char* name, double rate)
{
    Experiment experiment;
    experiment.name = name;
    experiment.arguments.learningRate = rate;
    return experiment;
}

std::vector<std::string> order(const QueueFile& file)
{
    std::vector<std::string> ids;
    const auto queue = file.read();
    for (const auto& entry : queue->entries)
        ids.push_back(entry.id);
    return ids;
}

} // namespace

void TestQueueFile::survivesAndKeepsSnapshots()
{
    const test::TempFolder temp;
    const QueueFile file(temp / "queue");
    QVERIFY(file.read()->entries.empty());
    Experiment experiment = named("A first run", 3e-5);
    QueueAdd how;
    how.output = temp / "out";
    how.ownProcess = true;
    const auto first = file.add(experiment, how);
    QVERIFY(first.ok());
    experiment.arguments.learningRate = 9.0; // a later edit does not leak in
    QVERIFY(file.add(experiment, how).ok());

    const auto queue = QueueFile(temp / "queue").read();
    QCOMPARE(queue->entries.size(), std::size_t(2));
    const auto& entry = queue->entries[0];
    QCOMPARE(entry.name, std::string("A first run"));
    QVERIFY(entry.ownProcess);
    QCOMPARE(entry.output, temp / "out" / "a-first-run-1");
    QVERIFY(entry.output != queue->entries[1].output);
    const auto snapshot = loadExperiment(file.snapshot(*first));
    QCOMPARE(snapshot->experiment.arguments.learningRate.value(), 3e-5);
    QCOMPARE(*snapshot->experiment.arguments.outputDir, entry.output.string());
}

void TestQueueFile::reorderHoldSkipRemoveAgain()
{
    const test::TempFolder temp;
    const QueueFile file(temp.path());
    for (const char* name : {"a", "b", "c", "d"})
        QVERIFY(file.add(named(name, 1e-5), {.name = {}, .output = temp / "out", .group = {}, .settings = {}}).ok());
    QVERIFY(file.change([](QueueContents& queue) { return queue.move("4", 1); }).ok());
    QCOMPARE(order(file), (std::vector<std::string>{"1", "4", "2", "3"}));
    QVERIFY(file.change([](QueueContents& queue) { return queue.hold("1", true); }).ok());
    QVERIFY(file.change([](QueueContents& queue) { return queue.skip("4"); }).ok());
    QCOMPARE(file.read()->next()->id, std::string("2"));
    QVERIFY(file.change([](QueueContents& queue) { return queue.hold("1", false); }).ok());
    QCOMPARE(file.read()->next()->id, std::string("1"));

    // One failure does not stop the rest.
    QVERIFY(file.change([](QueueContents& queue) {
                    queue.find("1")->state = QueueState::Failed;
                    return Status();
                }).ok());
    QCOMPARE(file.read()->next()->id, std::string("2"));
    QVERIFY(file.change([](QueueContents& queue) { return queue.again("1"); }).ok());
    QCOMPARE(file.read()->next()->id, std::string("1"));

    QVERIFY(file.change([](QueueContents& queue) {
                    queue.find("1")->state = QueueState::Running;
                    queue.stopAfterThis = true;
                    return Status();
                }).ok());
    QVERIFY(!file.read()->next()); // stop after this one
    const auto refused = file.change([](QueueContents& queue) { return queue.remove("1"); });
    QVERIFY(!refused.ok());
    QVERIFY(refused.error().message.find("stop it first") != std::string::npos);
    QVERIFY(!file.change([](QueueContents& queue) { return queue.skip("1"); }).ok());
    QVERIFY(!file.change([](QueueContents& queue) { return queue.hold("99", true); }).ok());
    QVERIFY(file.change([](QueueContents& queue) { return queue.remove("2"); }).ok());
    QCOMPARE(order(file), (std::vector<std::string>{"1", "4", "3"}));
    // A number is never used again.
    QCOMPARE(*file.add(named("e", 1e-5), {}), std::string("5"));
}

void TestQueueFile::seedsAreOneGroup()
{
    const test::TempFolder temp;
    const QueueFile file(temp.path());
    QVERIFY(file.addSeeds(named("x", 1e-5), {1, 2, 7}, {}).ok());
    const auto queue = file.read();
    QCOMPARE(queue->entries.size(), std::size_t(3));
    QCOMPARE(queue->entries[2].name, std::string("x seed 7"));
    QCOMPARE(queue->entries[0].group, queue->entries[2].group);
    QCOMPARE(loadExperiment(file.snapshot("3"))->experiment.arguments.seed, std::int64_t(7));
}

/// Two programs add at the same time; nothing is lost.
void TestQueueFile::programsShareIt()
{
    const test::TempFolder temp;
    const QueueFile file(temp.path());
    constexpr int kEach = 25;
    const pid_t child = ::fork();
    for (int i = 0; i < kEach; ++i)
        if (!file.add(named(child == 0 ? "child" : "parent", 1e-5), {}).ok()) ::_exit(1);
    if (child == 0) ::_exit(0);
    int ended = 0;
    QCOMPARE(::waitpid(child, &ended, 0), child);
    QCOMPARE(WEXITSTATUS(ended), 0);
    const auto queue = file.read();
    QCOMPARE(queue->entries.size(), std::size_t(2 * kEach));
    for (const auto& entry : queue->entries)
        QCOMPARE(loadExperiment(file.snapshot(entry.id))->experiment.name, entry.name);
}

void TestQueueFile::statesAreTrue()
{
    const test::TempFolder temp;
    const QueueFile file(temp / "queue");
    QueueAdd how;
    how.output = temp / "out";
    for (const char* name : {"done", "cut", "alive", "gone"})
        QVERIFY(file.add(named(name, 1e-5), how).ok());
    auto queue = *file.read();
    for (auto& entry : queue.entries) {
        entry.state = QueueState::Running;
        entry.pid = 999999999; // nobody's
    }
    const auto record = [&](const QueueEntry& entry, RunState state) {
        RunStatus status;
        status.id = "20261124-000000-x";
        status.state = state;
        status.step = 40;
        status.metrics = {{"eval_loss", 0.5}};
        test::writeFile(entry.output / "runs" / status.id / "state.json", runStatusToJson(status));
    };
    record(queue.entries[0], RunState::Completed);
    record(queue.entries[1], RunState::Running);
    record(queue.entries[2], RunState::Running);
    const auto lock = RunLock::acquire(queue.entries[2].output);
    QVERIFY(lock.ok());
    QVERIFY(correctStates(queue));
    QCOMPARE(queue.entries[0].state, QueueState::Completed);
    QCOMPARE(queue.entries[0].metrics, (MetricList{{"eval_loss", 0.5}}));
    QCOMPARE(queue.entries[1].state, QueueState::Interrupted);
    QVERIFY(queue.entries[1].message.find("step 40") != std::string::npos);
    QCOMPARE(queue.entries[2].state, QueueState::Running); // its lock is held
    QCOMPARE(queue.entries[3].state, QueueState::Interrupted);
    QVERIFY(!correctStates(queue));
}

void TestQueueFile::medianRuleReadsTheRecords()
{
    const test::TempFolder temp;
    const QueueFile file(temp / "queue");
    QueueAdd how;
    how.output = temp / "out";
    how.group = "sweep";
    how.medianMetric = "eval_loss";
    for (const char* name : {"a", "b", "c", "d"})
        QVERIFY(file.add(named(name, 1e-5), how).ok());
    auto queue = *file.read();
    QVERIFY(!queue.entries[3].greaterIsBetter); // a loss
    const auto record = [&](QueueEntry& entry, double loss) {
        entry.started = 1;
        RunStatus status;
        status.id = "20261124-000000-x";
        const auto run = entry.output / "runs" / status.id;
        test::writeFile(run / "state.json", runStatusToJson(status));
        Event event;
        event.kind = EventKind::Evaluation;
        event.step = 10;
        event.values = {{"eval_loss", loss}};
        test::writeFile(run / "events.jsonl", eventToJsonLine(event) + "\n");
    };
    record(queue.entries[0], 0.1);
    record(queue.entries[1], 0.3);
    record(queue.entries[3], 0.5);
    QVERIFY(!endsEarly(queue, queue.entries[3])); // two others are too few
    record(queue.entries[2], 0.4);
    QVERIFY(endsEarly(queue, queue.entries[3]));
    QVERIFY(!endsEarly(queue, queue.entries[0]));
    queue.entries[3].medianMetric.clear();
    QVERIFY(!endsEarly(queue, queue.entries[3]));
}

void TestQueueFile::damageIsNamed()
{
    const test::TempFolder temp;
    test::writeFile(temp / "queue.json", "{\"format\":\"sentence-studio/queue\",\"entries\":[{}]}");
    const QueueFile file(temp.path());
    const auto read = file.read();
    QVERIFY(!read.ok());
    QVERIFY(read.error().message.find("queue.json") != std::string::npos);
    QVERIFY(!file.add(named("a", 1e-5), {}).ok()); // and nothing is overwritten
    QVERIFY(test::readFile(temp / "queue.json").find("[{}]") != std::string::npos);
}

QTEST_APPLESS_MAIN(TestQueueFile)
#include "tst_queuefile.moc"
