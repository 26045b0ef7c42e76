#include "core/files/atomicfolder.h"
#include "core/files/checkpoints.h"
#include "core/files/folders.h"
#include "support/faultfilesystem.h"
#include "support/memoryfilesystem.h"
#include "support/testfiles.h"

#include <QTest>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

using namespace studio;
using studio::test::Call;
using studio::test::FaultFileSystem;
using studio::test::MemoryFileSystem;
namespace fs = std::filesystem;

namespace {

constexpr const char* kRun = "20261124-120000-test";

std::string weights(std::int64_t step)
{
    std::string bytes;
    for (int i = 0; i < 300; ++i)
        bytes += std::to_string(step * 1000 + i) + " ";
    return bytes;
}

Status save(FileSystem& disk, const std::string& target, std::int64_t step, const std::string& run = kRun)
{
    AtomicFolderOptions options;
    options.kind = "checkpoint";
    options.run = run;
    options.step = step;
    options.expectedBytes = 3000;
    options.spareBytes = 0;
    auto folder = AtomicFolder::begin(disk, target, options);
    if (!folder) return folder.error();
    if (auto added = (*folder)->add("config.json", "{}"); !added) return added;
    {
        auto file = (*folder)->create("model.safetensors", weights(step).size());
        if (!file) return file.error();
        const std::string bytes = weights(step);
        if (auto part = file->write(std::string_view(bytes).substr(0, 700)); !part) return part;
        if (auto part = file->write(std::string_view(bytes).substr(700)); !part) return part;
        if (auto closed = file->close(); !closed) return closed;
    }
    if (auto added = (*folder)->add("resume/state.json", std::to_string(step)); !added) return added;
    return (*folder)->commit();
}

std::vector<std::string> namesIn(FileSystem& disk, const std::string& folder)
{
    std::vector<std::string> names;
    disk.list(folder, names);
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::int64_t> stepsIn(FileSystem& disk, const std::string& folder)
{
    std::vector<std::int64_t> steps;
    const auto listed = listCheckpoints(disk, folder, VerifyDepth::Hashes);
    if (!listed) return steps;
    for (const CheckpointInfo& info : *listed)
        steps.push_back(info.problem ? -info.step : info.step);
    return steps;
}

const int kErrors[] = {ENOSPC, EIO, EDQUOT, EINTR, EROFS};

} // namespace

class TestCheckpointFaults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyCallFails_data();
    void everyCallFails();
    void rotationFails();
    void powerLoss_data();
    void powerLoss();
    void powerLossDuringCleaning();
    void newestFallsBack();
    void rotationKeepsWhatMatters();
    void rotationProperty();
    void rotationIgnoresTimes();
    void rotationUnderRandomClocks();
};

void TestCheckpointFaults::everyCallFails_data()
{
    QTest::addColumn<bool>("replace");
    QTest::addColumn<bool>("flags");
    QTest::newRow("a new checkpoint") << false << true;
    QTest::newRow("replace one") << true << true;
    QTest::newRow("a new checkpoint, old file system") << false << false;
    QTest::newRow("replace one, old file system") << true << false;
}

// SQLite's loop: the Nth call fails, N counts up until the operation gets through.
void TestCheckpointFaults::everyCallFails()
{
    QFETCH(bool, replace);
    QFETCH(bool, flags);
    const std::string target = replace ? "/out/checkpoint-100" : "/out/checkpoint-200";
    const std::int64_t step = replace ? 100 : 200;
    int loops = 0;
    for (const int error : kErrors) {
        for (const bool once : {true, false}) {
            for (int nth = 1;; ++nth, ++loops) {
                MemoryFileSystem disk;
                disk.setHasRenameFlags(flags);
                QVERIFY(save(disk, "/out/checkpoint-100", 100).ok());
                FaultFileSystem faulty(disk);
                faulty.arm({nth, error, once});
                const Status saved = save(faulty, target, step);
                const QByteArray story = QString("call %1, errno %2, once %3, %4")
                                             .arg(nth)
                                             .arg(error)
                                             .arg(once)
                                             .arg(saved ? "saved" : saved.error().message.c_str())
                                             .toUtf8();
                QCOMPARE(disk.openFiles(), std::size_t(0));

                // Nothing half is offered. A cut fallback may have moved the old one aside until the next
                // start.
                auto steps = stepsIn(disk, "/out");
                for (const std::int64_t found : steps)
                    QVERIFY2(found > 0, story.constData());
                const Leftovers cleaned = cleanLeftovers(disk, "/out");
                QVERIFY2(cleaned.failures.empty(), story.constData());
                steps = stepsIn(disk, "/out");
                QVERIFY2(!steps.empty() && steps.front() == 100, story.constData());
                QCOMPARE(namesIn(disk, "/out").size(), steps.size());
                if (saved) QVERIFY2(steps.back() == step, story.constData());

                if (!faulty.triggered()) {
                    QVERIFY(saved.ok());
                    QVERIFY(nth > 30);
                    break;
                }
                if (!saved) {
                    QVERIFY2(saved.error().message.size() > 20, story.constData());
                    if (error == ENOSPC || error == EDQUOT) QCOMPARE(saved.error().code, ErrorCode::DiskFull);
                }
                if (error == EINTR && once) QVERIFY2(saved.ok(), story.constData());
                if (saved && error != EINTR) {
                    // Success in spite of a failure only where the call did not matter: looking first, asking
                    // for the free space, and clearing away what was replaced.
                    const Call call = faulty.failedCall();
                    QVERIFY2(call == Call::Status || call == Call::Free || call == Call::List ||
                                 call == Call::RemoveFile || call == Call::RemoveFolder,
                             story.constData());
                }
            }
        }
    }
    QVERIFY(loops > 300);
}

void TestCheckpointFaults::rotationFails()
{
    for (const int error : kErrors) {
        for (const bool once : {true, false}) {
            for (int nth = 1;; ++nth) {
                MemoryFileSystem disk;
                for (const int step : {100, 200, 300, 400}) {
                    QVERIFY(save(disk, "/out/checkpoint-" + std::to_string(step), step).ok());
                }
                FaultFileSystem faulty(disk);
                faulty.arm({nth, error, once});
                const RotationOutcome outcome =
                    rotateCheckpoints(faulty, "/out", {kRun, 2, {"checkpoint-100"}, "checkpoint-400"});
                for (const std::int64_t step : stepsIn(disk, "/out"))
                    QVERIFY(step > 0);
                QVERIFY(cleanLeftovers(disk, "/out").failures.empty());
                const auto steps = stepsIn(disk, "/out");
                for (const std::int64_t step : steps)
                    QVERIFY(step > 0);
                QCOMPARE(steps.front(), std::int64_t(100));
                QCOMPARE(steps.back(), std::int64_t(400));
                if (!faulty.triggered()) {
                    QCOMPARE(steps.size(), std::size_t(2));
                    QVERIFY(outcome.failures.empty());
                    break;
                }
                if (steps.size() > 2 && outcome.failures.empty()) {
                    // Checkpoints that could not be read were left alone: they count as damaged, not as old.
                    QVERIFY(error != EINTR || !once);
                }
            }
        }
    }
}

void TestCheckpointFaults::powerLoss_data()
{
    QTest::addColumn<bool>("flags");
    QTest::newRow("renameat2") << true;
    QTest::newRow("old file system") << false;
}

// A story of saves with rotation, cut at every call, with everything unsynced kept, dropped or torn.
void TestCheckpointFaults::powerLoss()
{
    QFETCH(bool, flags);
    using Loss = MemoryFileSystem::Loss;
    std::mt19937 random(20261124);
    int stories = 0;
    for (int nth = 1;; ++nth) {
        bool finished = false;
        for (int attempt = 0; attempt < 12; ++attempt, ++stories) {
            MemoryFileSystem disk;
            disk.setHasRenameFlags(flags);
            QVERIFY(save(disk, "/out/checkpoint-100", 100).ok());
            FaultFileSystem dying(disk);
            dying.arm({nth, EIO, false});
            std::int64_t committed = 100;
            for (const int step : {200, 300, 300}) { // 300 is saved twice: the second replaces the first
                if (!save(dying, "/out/checkpoint-" + std::to_string(step), step)) continue;
                committed = step;
                (void)rotateCheckpoints(dying, "/out",
                                        {kRun, 2, {"checkpoint-100"}, "checkpoint-" + std::to_string(step)});
            }
            finished = !dying.triggered();

            const auto found = disk.afterPowerLoss(static_cast<Loss>(attempt % 4), random);
            const Leftovers cleaned = cleanLeftovers(*found, "/out");
            QVERIFY(cleaned.failures.empty());
            const auto newest = newestCheckpoint(*found, "/out", kRun);
            QVERIFY(newest.ok());
            const QByteArray story =
                QString("call %1, attempt %2, committed %3").arg(nth).arg(attempt).arg(committed).toUtf8();
            QVERIFY2(newest->checkpoint.has_value(), story.constData());
            QVERIFY2(newest->refused.empty(), story.constData());
            QVERIFY2(newest->checkpoint->step >= committed, story.constData());
            const auto steps = stepsIn(*found, "/out");
            QVERIFY2(steps.front() == 100, story.constData()); // the best is never lost
            for (const std::int64_t step : steps)
                QVERIFY2(step > 0, story.constData());
        }
        if (finished) break;
    }
    QVERIFY(stories > 1000);
}

void TestCheckpointFaults::powerLossDuringCleaning()
{
    using Loss = MemoryFileSystem::Loss;
    std::mt19937 random(5);
    for (int nth = 1;; ++nth) {
        bool finished = false;
        for (int attempt = 0; attempt < 12; ++attempt) {
            MemoryFileSystem disk;
            disk.setHasRenameFlags(false);
            QVERIFY(save(disk, "/out/checkpoint-100", 100).ok());
            // Dies between the two renames of a replacement.
            FaultFileSystem dying(disk);
            int renames = 0;
            for (renames = 1; renames < 10; ++renames) {
                dying.arm({renames, EIO, false, {Call::Rename}});
                (void)save(dying, "/out/checkpoint-100", 100);
                if (stepsIn(disk, "/out").empty()) break;
            }
            QVERIFY(renames < 10);
            FaultFileSystem cleaner(disk);
            cleaner.arm({nth, EIO, false});
            (void)cleanLeftovers(cleaner, "/out");
            finished = !cleaner.triggered();
            const auto found = disk.afterPowerLoss(static_cast<Loss>(attempt % 4), random);
            (void)cleanLeftovers(*found, "/out");
            QCOMPARE(stepsIn(*found, "/out"), std::vector<std::int64_t>{100});
        }
        if (finished) break;
    }
}

void TestCheckpointFaults::newestFallsBack()
{
    MemoryFileSystem disk;
    for (const int step : {9, 100, 20})
        QVERIFY(save(disk, "/out/checkpoint-" + std::to_string(step), step).ok());
    QVERIFY(save(disk, "/out/checkpoint-700", 700, "another-run").ok());
    disk.makeFolder("/out/checkpoint-800"); // the reference trainer's half-saved folder
    disk.makeFolder("/out/checkpoint-x");
    disk.makeFolder("/out/checkpoint--5");

    auto newest = newestCheckpoint(disk, "/out", kRun);
    QVERIFY(newest.ok() && newest->checkpoint);
    QCOMPARE(newest->checkpoint->step, std::int64_t(100));
    QCOMPARE(newest->refused.size(), std::size_t(1));
    QCOMPARE(newest->refused[0].name, std::string("checkpoint-800"));
    QCOMPARE(newestCheckpoint(disk, "/out")->checkpoint->step, std::int64_t(700));

    std::string bytes = weights(100);
    bytes[5] ^= 1;
    disk.damage("/out/checkpoint-100/model.safetensors", bytes);
    newest = newestCheckpoint(disk, "/out", kRun);
    QCOMPARE(newest->checkpoint->step, std::int64_t(20));
    QCOMPARE(newest->refused.size(), std::size_t(2));
    QVERIFY(newest->refused[1].problem->message.find("other contents") != std::string::npos);

    disk.rename("/out/checkpoint-20", "/out/checkpoint-900");
    newest = newestCheckpoint(disk, "/out", kRun);
    QCOMPARE(newest->checkpoint->step, std::int64_t(9));
    QVERIFY(!newestCheckpoint(disk, "/nowhere")->checkpoint);
}

void TestCheckpointFaults::rotationKeepsWhatMatters()
{
    MemoryFileSystem disk;
    for (const int step : {100, 200, 300})
        QVERIFY(save(disk, "/out/checkpoint-" + std::to_string(step), step).ok());
    // An output folder used again: 700 belongs to an older run, and the new run's 100 must not go for it.
    QVERIFY(save(disk, "/out/checkpoint-700", 700, "older").ok());
    RotationOutcome outcome =
        rotateCheckpoints(disk, "/out", {kRun, 1, {"checkpoint-100"}, "checkpoint-300"});
    QCOMPARE(outcome.removed, std::vector<std::string>{"checkpoint-200"});
    QCOMPARE(stepsIn(disk, "/out"), (std::vector<std::int64_t>{100, 300, 700}));
    outcome = rotateCheckpoints(disk, "/out", {kRun, 0, {}, "checkpoint-300"});
    QVERIFY(outcome.removed.empty());
    outcome = rotateCheckpoints(disk, "/out", {kRun, 1, {}, "checkpoint-300"});
    QCOMPARE(outcome.removed, std::vector<std::string>{"checkpoint-100"});
}

// Any cadence of saving and evaluating: latest, best and pinned are always there, and never more than the
// limit besides.
void TestCheckpointFaults::rotationProperty()
{
    std::mt19937 random(11);
    for (int story = 0; story < 300; ++story) {
        MemoryFileSystem disk;
        const int limit = static_cast<int>(random() % 4) + 1;
        const int saveEvery = static_cast<int>(random() % 5) + 1;
        const int evalEvery = static_cast<int>(random() % 5) + 1;
        std::int64_t best = 0;
        unsigned bestValue = 0;
        std::set<std::string> pinned;
        for (int step = 1; step <= 24; ++step) {
            const bool improved = step % evalEvery == 0 && random() % 1000 > bestValue;
            if (improved) bestValue += 50;
            if (step % saveEvery != 0) continue;
            const std::string name = "checkpoint-" + std::to_string(step);
            QVERIFY(save(disk, "/out/" + name, step).ok());
            if (improved) best = step;
            if (random() % 9 == 0) {
                QVERIFY(pinCheckpoint(disk, "/out/" + name).ok());
                pinned.insert(name);
            }
            // Somebody takes a pin away, and a step is saved again, as a resumed run does: its pin stays.
            if (random() % 25 == 0 && !pinned.empty()) {
                QVERIFY(unpinCheckpoint(disk, "/out/" + *pinned.begin()).ok());
                pinned.erase(pinned.begin());
            }
            if (random() % 5 == 0) QVERIFY(save(disk, "/out/" + name, step).ok());
            std::set<std::string> keep = pinned;
            std::set<std::string> named;
            if (best > 0) named.insert("checkpoint-" + std::to_string(best));
            keep.insert(named.begin(), named.end());
            const auto outcome = rotateCheckpoints(disk, "/out", {kRun, limit, named, name});
            QVERIFY(outcome.failures.empty());
            const auto steps = stepsIn(disk, "/out");
            QCOMPARE(steps.back(), std::int64_t(step));
            for (const std::string& kept : keep) {
                QVERIFY(std::find(steps.begin(), steps.end(), *checkpointStep(kept)) != steps.end());
            }
            keep.insert(name);
            QVERIFY(steps.size() <= std::max<std::size_t>(static_cast<std::size_t>(limit), keep.size()));
        }
    }
}

/// Random orders of equal and jumping times: what is left depends on the steps alone.
void TestCheckpointFaults::rotationUnderRandomClocks()
{
    std::mt19937 random(23);
    for (int story = 0; story < 40; ++story) {
        test::TempFolder temp;
        const std::string out = temp.path().string();
        const int limit = static_cast<int>(random() % 3) + 1;
        std::vector<std::int64_t> expected;
        std::int64_t best = 0;
        for (int step = 10; step <= 60; step += 10) {
            const std::string name = "checkpoint-" + std::to_string(step);
            QVERIFY(save(posixFileSystem(), out + "/" + name, step).ok());
            if (random() % 3 == 0) best = step;
            for (const auto& entry : fs::directory_iterator(temp.path())) {
                const time_t jump = random() % 2 ? 1000000000 : static_cast<time_t>(random() % 2000000000);
                const timespec times[2] = {{jump, 0}, {jump, 0}};
                QCOMPARE(::utimensat(AT_FDCWD, entry.path().c_str(), times, 0), 0);
            }
            std::set<std::string> keep;
            if (best > 0) keep.insert("checkpoint-" + std::to_string(best));
            QVERIFY(rotateCheckpoints(posixFileSystem(), out, {kRun, limit, keep, name}).failures.empty());
            // The oldest goes first, the best and the newest never.
            expected.push_back(step);
            for (auto at = expected.begin(); expected.size() > static_cast<std::size_t>(limit) && at != expected.end();)
                at = *at != best && *at != step ? expected.erase(at) : at + 1;
            QCOMPARE(stepsIn(posixFileSystem(), out), expected);
            QCOMPARE(newestCheckpoint(posixFileSystem(), out, kRun)->checkpoint->step, std::int64_t(step));
        }
    }
}

void TestCheckpointFaults::rotationIgnoresTimes()
{
    // Clocks jump and copies share one time: only the step counts.
    test::TempFolder temp;
    const std::string out = temp.path().string();
    for (const int step : {100, 200, 1000}) {
        QVERIFY(save(posixFileSystem(), out + "/checkpoint-" + std::to_string(step), step).ok());
        const timespec times[2] = {{2000000000 - step, 0}, {2000000000 - step, 0}};
        QCOMPARE(::utimensat(AT_FDCWD, (out + "/checkpoint-" + std::to_string(step)).c_str(), times, 0), 0);
    }
    // A pin is of one run: the same step of another one does not inherit it.
    QVERIFY(pinCheckpoint(posixFileSystem(), out + "/checkpoint-1000").ok());
    QVERIFY(!pinCheckpoint(posixFileSystem(), out + "/checkpoint-5").ok());
    QVERIFY(save(posixFileSystem(), out + "/checkpoint-1000", 1000, "other").ok());
    QVERIFY(!listCheckpoints(posixFileSystem(), out, VerifyDepth::Sizes)->back().pinned);
    QVERIFY(save(posixFileSystem(), out + "/checkpoint-1000", 1000).ok());
    QVERIFY(listCheckpoints(posixFileSystem(), out, VerifyDepth::Sizes)->back().pinned);
    const auto outcome = rotateCheckpoints(posixFileSystem(), out, {kRun, 2, {}, "checkpoint-1000"});
    QCOMPARE(outcome.removed, std::vector<std::string>{"checkpoint-100"});
    QVERIFY(!fs::exists(temp / "checkpoint-100"));
    QCOMPARE(newestCheckpoint(posixFileSystem(), out, kRun)->checkpoint->step, std::int64_t(1000));
}

QTEST_APPLESS_MAIN(TestCheckpointFaults)
#include "tst_checkpointfaults.moc"
