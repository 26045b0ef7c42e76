#include "core/experiment/experiment.h"
#include "core/files/checkpoints.h"
#include "core/queue/queuefile.h"
#include "core/records/events.h"
#include "core/records/runreader.h"
#include "support/testfiles.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QTest>

#include <nlohmann/json.hpp>

#include <csignal>
#include <random>
#include <sstream>
#include <sys/resource.h>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Training processes that are killed, signalled, cut off from their disk or their readers: a tiny model,
/// real files.
class TestRunProcess : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void killedAndResumedEqualsTheStraightRun();
    void sigtermSavesAndEnds();
    void sigusr1SavesAndGoesOn();
    void secondSignalEndsAtOnce();
    void readerThatGoesAway();
    void fullDisk();
    void limitOnTheSizeOfFiles();
    void checkNamesDamage();
    void theQueueGoesOnAfterAFailure();
    void theQueueStopsWithItsRun();
    void aSweepIsListedFirst();
    void logLevelsAndProgressBar_data();
    void logLevelsAndProgressBar();

private:
    struct Outcome
    {
        int exitCode = -1;
        std::string out;
        std::string err;
    };
    Outcome run(const QStringList& arguments, const QString& program = QStringLiteral(SENTENCE_TRAIN));
    QString experiment(const std::function<void(Json&)>& change = {});
    QString path(const char* name) const { return QString::fromStdString((*m_folder / name).string()); }

    std::unique_ptr<TempFolder> m_folder;
};

namespace {

std::string words(std::mt19937& random)
{
    std::string text;
    for (unsigned n = 2 + random() % 7; n > 0; --n)
        text += (text.empty() ? "w" : " w") + std::to_string(random() % 91);
    return text;
}

/// trainer_state.json and log without what depends on the clock.
std::string withoutTimes(std::string text)
{
    std::istringstream lines(text);
    std::string kept;
    for (std::string line; std::getline(lines, line);)
        if (line.find("_runtime") == std::string::npos && line.find("_per_second") == std::string::npos &&
            line.find("best_model_checkpoint") == std::string::npos)
            kept += line + "\n";
    return kept;
}

std::string contentsOf(const fs::path& checkpoint)
{
    std::string all;
    for (const char* file : {"model.safetensors", "resume/optimizer.safetensors", "resume/state.json"})
        all += readFile(checkpoint / file);
    return all + withoutTimes(readFile(checkpoint / "trainer_state.json"));
}

std::vector<std::string> logOf(const fs::path& out)
{
    std::vector<std::string> lines;
    std::size_t runs = 0;
    for (const auto& run : fs::directory_iterator(out / "runs")) {
        ++runs;
        const auto read = readEvents(run.path() / "events.jsonl");
        if (!read) return {"unreadable"};
        for (auto event : liveEvents(read->events)) {
            if (event.kind != EventKind::Log && event.kind != EventKind::Evaluation) continue;
            event.time = 0;
            std::erase_if(event.values, [](const auto& value) {
                return value.first.ends_with("_runtime") || value.first.ends_with("_per_second");
            });
            lines.push_back(eventToJsonLine(event));
        }
    }
    if (runs != 1) lines.push_back(std::to_string(runs) + " runs");
    return lines;
}

} // namespace

void TestRunProcess::init()
{
    m_folder = std::make_unique<TempFolder>();
}

TestRunProcess::Outcome TestRunProcess::run(const QStringList& arguments, const QString& program)
{
    QProcess process;
    process.start(program, arguments);
    if (!process.waitForFinished(240000)) {
        process.kill();
        process.waitForFinished();
    }
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput().toStdString(), process.readAllStandardError().toStdString()};
}

/// Two training sets, evaluations every 7 steps, checkpoints every 5, 60 steps.
QString TestRunProcess::experiment(const std::function<void(Json&)>& change)
{
    std::mt19937 random(3);
    std::string scored = "sentence1,sentence2,score\n", pairs = "anchor,positive\n";
    for (int row = 0; row < 60; ++row) {
        const auto first = words(random), second = words(random);
        scored += first + "," + second + ",0." + std::to_string(row % 10) + "\n";
        pairs += (row % 3 ? words(random) : std::string("w1 w2 w3")) + "," + words(random) + "\n";
    }
    writeFile(*m_folder / "scored.csv", scored);
    writeFile(*m_folder / "pairs.csv", pairs);
    Json json;
    json["format"] = "sentence-studio/experiment";
    json["version"] = 1;
    json["name"] = "tiny";
    json["model"]["path"] = fixture("model/tiny/bert").string();
    const Json columns = {{"sentence1", "sentence1"}, {"sentence2", "sentence2"}, {"score", "score"}};
    json["train"] = Json::array();
    json["train"].push_back({{"name", "scored"},
                             {"path", (*m_folder / "scored.csv").string()},
                             {"columns", columns},
                             {"loss", {{"type", "CosineSimilarityLoss"}}}});
    json["train"].push_back({{"name", "pairs"},
                             {"path", (*m_folder / "pairs.csv").string()},
                             {"columns", {{"anchor", "anchor"}, {"positive", "positive"}}},
                             {"loss", {{"type", "MultipleNegativesRankingLoss"}}}});
    json["eval"] = Json::array();
    json["eval"].push_back(
        {{"name", "dev"}, {"path", (*m_folder / "scored.csv").string()}, {"columns", columns}});
    json["evaluators"] = Json::array();
    json["evaluators"].push_back({{"type", "EmbeddingSimilarityEvaluator"}, {"data", "dev"}});
    json["arguments"] = {{"per_device_train_batch_size", 4},
                         {"gradient_accumulation_steps", 2},
                         {"batch_sampler", "no_duplicates"},
                         {"learning_rate", 1e-3},
                         {"max_steps", 60},
                         {"logging_steps", 3},
                         {"eval_strategy", "steps"},
                         {"eval_steps", 7},
                         {"save_strategy", "steps"},
                         {"save_steps", 5},
                         {"save_total_limit", 3},
                         {"metric_for_best_model", "eval_dev_spearman_cosine"}};
    if (change) change(json);
    const auto file = *m_folder / "tiny.experiment.json";
    writeFile(file, json.dump(2));
    return QString::fromStdString(file.string());
}

/// SIGKILL at random times, in steps, evaluations and saves, each time followed by --resume: at the end
/// weights, optimizer, counters and log are those of the run that nobody disturbed. STUDIO_KILLS sets how
/// many (200 for docs/reliability.md).
void TestRunProcess::killedAndResumedEqualsTheStraightRun()
{
    const auto wanted = qEnvironmentVariableIntValue("STUDIO_KILLS");
    const int kills = wanted > 0 ? wanted : 8;
    const auto file = experiment();
    const auto straight = *m_folder / "straight";
    QElapsedTimer clock;
    clock.start();
    const auto outcome =
        run({"run", file, "--output", QString::fromStdString(straight.string()), "--threads", "1"});
    QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());
    const auto duration = clock.elapsed();
    const auto reference = contentsOf(straight / "checkpoint-60");
    const auto log = logOf(straight);
    QVERIFY(log.size() > 20);

    const auto out = *m_folder / "killed";
    std::mt19937 random(static_cast<unsigned>(qEnvironmentVariableIntValue("STUDIO_KILL_SEED")));
    std::map<std::string, int> phases;
    int killed = 0, series = 0, resumes = 0;
    const auto compare = [&] {
        ++series;
        QVERIFY2(contentsOf(out / "checkpoint-60") == reference, "the killed run ends elsewhere");
        const auto mine = logOf(out);
        QCOMPARE(mine.size(), log.size());
        for (std::size_t i = 0; i < log.size(); ++i)
            QCOMPARE(mine[i], log[i]);
        QCOMPARE(readFile(out / "final" / "model.safetensors"),
                 readFile(straight / "final" / "model.safetensors"));
        fs::remove_all(out);
    };
    while (killed < kills || fs::exists(out)) {
        QProcess process;
        process.start(
            QStringLiteral(SENTENCE_TRAIN),
            {"run", file, "--output", QString::fromStdString(out.string()), "--resume", "--threads", "1"});
        const bool letItEnd = killed >= kills;
        const auto patience =
            letItEnd ? 240000 : static_cast<int>(random() % static_cast<unsigned>(duration * 9 / 10 + 1));
        if (process.waitForFinished(patience)) {
            QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
            compare();
            if (QTest::currentTestFailed()) return;
            continue;
        }
        ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
        process.waitForFinished();
        ++killed;
        // Nothing that is visible is half, whatever was going on.
        const auto checkpoints = listCheckpoints(posixFileSystem(), out.string(), VerifyDepth::Hashes);
        QVERIFY(checkpoints.ok());
        for (const auto& checkpoint : *checkpoints)
            QVERIFY2(!checkpoint.problem, checkpoint.problem ? checkpoint.problem->text().c_str() : "");
        resumes += !checkpoints->empty();
        const auto runs = listRuns(out / "runs");
        if (!runs.empty()) {
            ++phases[runs.front().status.phase];
            QVERIFY(runs.front().status.state == RunState::Interrupted ||
                    hasEnded(runs.front().status.state));
        }
    }
    std::string where;
    for (const auto& [phase, count] : phases)
        where += " " + (phase.empty() ? std::string("start") : phase) + " " + std::to_string(count);
    qInfo("%d kills (last told phase:%s), %d of them behind a checkpoint; %d whole runs, all equal; straight "
          "run %lld ms",
          killed, where.c_str(), resumes, series, static_cast<long long>(duration));
    QVERIFY(series >= 1);
}

void TestRunProcess::sigtermSavesAndEnds()
{
    for (const int number : {SIGTERM, SIGINT}) {
        const auto out = *m_folder / ("out" + std::to_string(number));
        QProcess process;
        process.start(QStringLiteral(SENTENCE_TRAIN),
                      {"run", experiment(), "--output", QString::fromStdString(out.string()), "--events", "-",
                       "--set", "max_steps=100000", "--set", "save_steps=50000"});
        QByteArray seen;
        QTRY_VERIFY_WITH_TIMEOUT(
            (seen += process.readAllStandardOutput(), seen.contains("\"event\":\"log\"")), 60000);
        ::kill(static_cast<pid_t>(process.processId()), number);
        QVERIFY(process.waitForFinished(30000));
        QCOMPARE(process.exitCode(), 130);
        const auto newest = newestCheckpoint(posixFileSystem(), out.string());
        QVERIFY(newest.ok() && newest->checkpoint);
        const auto state = Json::parse(readFile(fs::path(newest->checkpoint->folder) / "trainer_state.json"));
        QCOMPARE(state["global_step"].get<std::int64_t>(), newest->checkpoint->step);
        QCOMPARE(listRuns(out / "runs").front().status.step, newest->checkpoint->step);
    }
}

void TestRunProcess::sigusr1SavesAndGoesOn()
{
    QProcess process;
    process.start(QStringLiteral(SENTENCE_TRAIN),
                  {"run", experiment(), "--output", path("out"), "--events", "-", "--set", "max_steps=100000",
                   "--set", "save_steps=50000"});
    QByteArray seen;
    QTRY_VERIFY_WITH_TIMEOUT((seen += process.readAllStandardOutput(), seen.contains("\"event\":\"log\"")),
                             60000);
    ::kill(static_cast<pid_t>(process.processId()), SIGUSR1);
    QTRY_VERIFY_WITH_TIMEOUT(
        (seen += process.readAllStandardOutput(), seen.contains("\"event\":\"checkpoint\"")), 30000);
    const auto at = seen.indexOf("\"event\":\"checkpoint\"");
    QTRY_VERIFY_WITH_TIMEOUT(
        (seen += process.readAllStandardOutput(), seen.indexOf("\"event\":\"log\"", at) > 0), 30000);
    ::kill(static_cast<pid_t>(process.processId()), SIGTERM);
    QVERIFY(process.waitForFinished(30000));
    QCOMPARE(process.exitCode(), 130);
}

void TestRunProcess::secondSignalEndsAtOnce()
{
    QProcess process;
    // So much to evaluate that the first signal alone needs a while; it is looked at between batches all the
    // same.
    process.start(QStringLiteral(SENTENCE_TRAIN), {"run", experiment(), "--output", path("out"), "--events",
                                                   "-", "--set", "max_steps=100000"});
    QByteArray seen;
    QTRY_VERIFY_WITH_TIMEOUT((seen += process.readAllStandardOutput(), seen.contains("\"event\":\"log\"")),
                             60000);
    ::kill(static_cast<pid_t>(process.processId()), SIGSTOP);
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    ::kill(static_cast<pid_t>(process.processId()), SIGCONT);
    QElapsedTimer clock;
    clock.start();
    QVERIFY(process.waitForFinished(30000));
    QVERIFY2(clock.elapsed() < 5000, QByteArray::number(clock.elapsed()).constData());
}

/// `sentence-train run … --events - | head -1`: the run goes on.
void TestRunProcess::readerThatGoesAway()
{
    const auto command =
        QStringLiteral(
            "\"%1\" run \"%2\" --output \"%3\" --events - --set max_steps=8 | head -1; echo ${PIPESTATUS[0]}")
            .arg(QStringLiteral(SENTENCE_TRAIN), experiment(), path("out"));
    const auto outcome = run({"-c", command}, QStringLiteral("bash"));
    QVERIFY2(QString::fromStdString(outcome.out).trimmed().endsWith("0"), outcome.out.c_str());
    QVERIFY(fs::exists(*m_folder / "out" / "final" / "model.safetensors"));
}

/// A real full disk: a file system in memory that has room for a few checkpoints.
void TestRunProcess::fullDisk()
{
    fs::create_directories(*m_folder / "disk");
    const auto probe = run({"-Urm", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs " + path("disk")},
                           QStringLiteral("unshare"));
    if (probe.exitCode != 0) QSKIP("needs unshare and mount in a user namespace");
    const auto script = QStringLiteral(R"(
        mount -t tmpfs -o size=19m tmpfs "%3"
        "%1" run "%2" --output "%3/out" --set save_steps=1 --set save_total_limit=null 2> "%4/err"; echo "run $?"
        "%1" check "%3/out" > "%4/check"; echo "check $?"
        ls -A "%3/out" > "%4/listing"
        ls -d "%3/out"/checkpoint-* | sort -V | head -n -1 | xargs rm -r
        "%1" run "%2" --output "%3/out" --resume --set save_steps=1 --set save_total_limit=1 2> "%4/err2"; echo "resumed $?"
        "%1" check "%3/out" > "%4/check2"; echo "check $?"
        cp -r "%3/out" "%4/kept"
    )")
                            .arg(QStringLiteral(SENTENCE_TRAIN), experiment(), path("disk"),
                                 QString::fromStdString(m_folder->path().string()));
    const auto outcome = run({"-Urm", "bash", "-c", script}, QStringLiteral("unshare"));
    const auto told = outcome.out + outcome.err + readFile(*m_folder / "err");
    QVERIFY2(outcome.out.find("run 1\ncheck 0\n") != std::string::npos, told.c_str());
    QVERIFY2(readFile(*m_folder / "err").find("free") != std::string::npos, told.c_str());
    const auto listing = readFile(*m_folder / "listing");
    QVERIFY(listing.find("checkpoint-2") != std::string::npos);
    QVERIFY2(listing.find("tmp") == std::string::npos && listing.find("final") == std::string::npos,
             listing.c_str());
    QVERIFY2(readFile(*m_folder / "check").find("damaged") == std::string::npos, told.c_str());
    QVERIFY2(outcome.out.find("resumed 0\ncheck 0\n") != std::string::npos,
             (told + readFile(*m_folder / "err2")).c_str());
    QVERIFY(readFile(*m_folder / "err2").find("goes on from") != std::string::npos);

    // And it is the run that a large disk would have had.
    const auto straight = run({"run", experiment(), "--output", path("straight"), "--set", "save_steps=1"});
    QCOMPARE(straight.exitCode, 0);
    QCOMPARE(readFile(*m_folder / "kept" / "final" / "model.safetensors"),
             readFile(*m_folder / "straight" / "final" / "model.safetensors"));
}

/// A file that may not become as large as it has to: the write breaks off in the middle.
void TestRunProcess::limitOnTheSizeOfFiles()
{
    const auto command =
        QStringLiteral("ulimit -f 100; exec \"%1\" run \"%2\" --output \"%3\" --set save_steps=2")
            .arg(QStringLiteral(SENTENCE_TRAIN), experiment(), path("out"));
    const auto outcome = run({"-c", command}, QStringLiteral("bash"));
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.err.find("larger than this system allows") != std::string::npos, outcome.err.c_str());
    for (const auto& entry : fs::directory_iterator(*m_folder / "out")) {
        const auto name = entry.path().filename().string();
        QVERIFY2(!name.starts_with("checkpoint-") && name != "final" && name.find("tmp") == std::string::npos,
                 name.c_str());
    }
    QCOMPARE(listRuns(*m_folder / "out" / "runs").front().status.state, RunState::Failed);
}

void TestRunProcess::checkNamesDamage()
{
    QCOMPARE(
        run({"run", experiment(), "--output", path("out"), "--set", "max_steps=12", "--set", "save_steps=4"})
            .exitCode,
        0);
    auto outcome = run({"check", path("out")});
    QCOMPARE(outcome.exitCode, 0);
    QVERIFY2(outcome.out.find("checkpoint-12: whole, can be resumed") != std::string::npos,
             outcome.out.c_str());
    QVERIFY(outcome.out.find("final: whole") != std::string::npos);
    QVERIFY(outcome.out.ends_with("run --resume would go on from checkpoint-12.\n"));

    auto weights = readFile(*m_folder / "out" / "checkpoint-12" / "model.safetensors");
    weights[weights.size() / 2] = static_cast<char>(weights[weights.size() / 2] + 1);
    writeFile(*m_folder / "out" / "checkpoint-12" / "model.safetensors", weights);
    fs::create_directories(*m_folder / "out" / "checkpoint-20");
    outcome = run({"check", path("out")});
    QCOMPARE(outcome.exitCode, 1);
    QVERIFY2(outcome.out.find("checkpoint-12: damaged") != std::string::npos, outcome.out.c_str());
    QVERIFY(outcome.out.find("checkpoint-20: damaged") != std::string::npos);
    QVERIFY(outcome.out.find("model.safetensors") != std::string::npos);
    QVERIFY2(outcome.out.ends_with("run --resume would go on from checkpoint-8.\n"), outcome.out.c_str());

    QCOMPARE(run({"check", path("out/checkpoint-8")}).exitCode, 0);
    QCOMPARE(run({"check", path("out/checkpoint-12")}).exitCode, 1);
    QCOMPARE(run({"check", path("nowhere")}).exitCode, 1);
    QCOMPARE(run({"check"}).exitCode, 2);
}

void TestRunProcess::theQueueGoesOnAfterAFailure()
{
    const QStringList queue{"queue", "--queue", path("queue")};
    const auto file = experiment([](Json& json) { json["arguments"]["max_steps"] = 6; });
    QCOMPARE(run(queue + QStringList{"add", file, "--output", path("out")}).exitCode, 0);
    const auto broken = experiment([](Json& json) { json["train"][0]["path"] = "moved-away.csv"; });
    // Its data disappear between adding and running.
    writeFile(*m_folder / "moved-away.csv", readFile(*m_folder / "scored.csv"));
    QCOMPARE(run(queue + QStringList{"add", broken, "--output", path("out")}).exitCode, 0);
    fs::remove(*m_folder / "moved-away.csv");
    experiment([](Json& json) { json["arguments"]["max_steps"] = 6; });
    QCOMPARE(run(queue + QStringList{"add", file, "--output", path("out"), "--seeds", "1,2"}).exitCode, 0);
    experiment([](Json& json) { json["arguments"]["max_steps"] = 1; }); // a later edit does not leak in

    const auto worked = run(queue + QStringList{"run"});
    QVERIFY2(worked.exitCode == 1, worked.err.c_str());
    const QueueFile queued(*m_folder / "queue");
    const auto contents = queued.read();
    QVERIFY(contents.ok());
    std::vector<QueueState> states;
    for (const auto& entry : contents->entries)
        states.push_back(entry.state);
    QVERIFY2((states == std::vector<QueueState>{QueueState::Completed, QueueState::Failed, QueueState::Completed,
                                                QueueState::Completed}),
             worked.err.c_str());
    QVERIFY(!contents->going);
    QVERIFY2(contents->entries[1].message.find("moved-away.csv") != std::string::npos ||
                 readFile(queued.log("2")).find("moved-away.csv") != std::string::npos,
             contents->entries[1].message.c_str());
    QCOMPARE(listRuns(contents->entries[0].output / "runs").front().status.step, std::int64_t(6));
    QVERIFY(!contents->entries[0].metrics.empty());
    QVERIFY(readFile(contents->entries[2].output / "final" / "model.safetensors") !=
            readFile(contents->entries[3].output / "final" / "model.safetensors"));

    // The data are back: that one alone runs again.
    writeFile(*m_folder / "moved-away.csv", readFile(*m_folder / "scored.csv"));
    QCOMPARE(run(queue + QStringList{"again", "2"}).exitCode, 0);
    QCOMPARE(run(queue + QStringList{"run"}).exitCode, 0);
    QVERIFY(QString::fromStdString(run(queue + QStringList{"list"}).out).count("completed") == 4);
}

/// SIGTERM stops the run, which saves, and with it the queue; "again" goes on from the checkpoint.
void TestRunProcess::theQueueStopsWithItsRun()
{
    const QStringList queue{"queue", "--queue", path("queue")};
    const auto file = experiment([](Json& json) { json["arguments"]["max_steps"] = 400; });
    QCOMPARE(run(queue + QStringList{"add", file, "--output", path("out"), "--seeds", "1,2"}).exitCode, 0);
    const QueueFile queued(*m_folder / "queue");
    {
        QProcess process;
        process.start(QStringLiteral(SENTENCE_TRAIN), queue + QStringList{"run"});
        const auto output = queued.read()->entries[0].output;
        QTRY_VERIFY_WITH_TIMEOUT(!listRuns(output / "runs").empty() && listRuns(output / "runs").front().status.step > 5, 60000);
        // A second one does not work on the same queue.
        const auto second = run(queue + QStringList{"run"});
        QVERIFY2(second.exitCode == 1 && second.err.find("in use") != std::string::npos, second.err.c_str());
        process.terminate();
        QVERIFY(process.waitForFinished(60000));
        QCOMPARE(process.exitCode(), 130);
    }
    const auto stopped = queued.read();
    QCOMPARE(stopped->entries[0].state, QueueState::Stopped);
    QCOMPARE(stopped->entries[1].state, QueueState::Waiting);
    const auto before = listRuns(stopped->entries[0].output / "runs").front().status.step;
    QVERIFY(before > 5 && before < 400);
    QCOMPARE(run(queue + QStringList{"again", "1"}).exitCode, 0);
    QCOMPARE(run(queue + QStringList{"skip", "2"}).exitCode, 0);
    QCOMPARE(run(queue + QStringList{"run"}).exitCode, 0);
    const auto runs = listRuns(stopped->entries[0].output / "runs");
    QCOMPARE(runs.size(), std::size_t(1));
    QCOMPARE(runs.front().status.step, std::int64_t(400));
}

void TestRunProcess::aSweepIsListedFirst()
{
    const QStringList queue{"queue", "--queue", path("queue"), "add", experiment()};
    const auto listed = run(queue + QStringList{"--vary", "learning_rate=1e-5,3e-5", "--vary", "train[1].loss.scale=10,20",
                                                "--dry-run"});
    QVERIFY2(listed.exitCode == 0 && listed.out.find("4 runs") == 0, (listed.out + listed.err).c_str());
    QVERIFY(QueueFile(*m_folder / "queue").read()->entries.empty());
    const auto added = run(queue + QStringList{"--vary", "learning_rate=1e-6..1e-4", "--random", "3"});
    QVERIFY2(added.exitCode == 0, added.err.c_str());
    const auto contents = QueueFile(*m_folder / "queue").read();
    QCOMPARE(contents->entries.size(), std::size_t(3));
    const auto one = loadExperiment(QueueFile(*m_folder / "queue").snapshot("1"));
    QCOMPARE(one->experiment.arguments.learningRate.value(), std::stod(contents->entries[0].settings[0].second));
    const auto refused = run(queue + QStringList{"--vary", "no_such_key=1,2"});
    QVERIFY2(refused.exitCode == 1 && refused.err.find("no_such_key") != std::string::npos, refused.err.c_str());
}

void TestRunProcess::logLevelsAndProgressBar_data()
{
    QTest::addColumn<QString>("setting");
    QTest::addColumn<bool>("bar");
    QTest::addColumn<bool>("evaluations");
    QTest::addColumn<bool>("logs");
    QTest::addColumn<bool>("phases");
    QTest::newRow("log_level passive") << "log_level=passive" << true << true << false << false;
    QTest::newRow("log_level info") << "log_level=info" << true << true << true << false;
    QTest::newRow("log_level debug") << "log_level=debug" << true << true << true << true;
    QTest::newRow("log_level error") << "log_level=error" << false << false << false << false;
    QTest::newRow("disable_tqdm") << "disable_tqdm=true" << false << true << false << false;
}

void TestRunProcess::logLevelsAndProgressBar()
{
    QFETCH(QString, setting);
    const auto outcome =
        run({"run", experiment(), "--output", path("out"), "--set", "max_steps=8", "--set", setting});
    QVERIFY2(outcome.exitCode == 0, outcome.err.c_str());
    const auto& err = outcome.err;
    QTEST(err.find("8/8") != std::string::npos, "bar");
    QTEST(err.find("spearman_cosine") != std::string::npos, "evaluations");
    QTEST(err.find("grad_norm") != std::string::npos, "logs");
    QTEST(err.find(": evaluating") != std::string::npos, "phases");
}

QTEST_GUILESS_MAIN(TestRunProcess)
#include "tst_runprocess.moc"
