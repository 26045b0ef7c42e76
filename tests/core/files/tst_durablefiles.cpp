#include "core/files/atomicfolder.h"
#include "core/files/checkpoints.h"
#include "core/files/durablefile.h"
#include "core/files/folders.h"
#include "core/files/relativepath.h"
#include "core/files/runlock.h"
#include "support/faultfilesystem.h"
#include "support/memoryfilesystem.h"
#include "support/testfiles.h"

#include <QTest>

#include <cerrno>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace studio;
using studio::test::FaultFileSystem;
using studio::test::MemoryFileSystem;
namespace fs = std::filesystem;

namespace {

QString text(const Error& error)
{
    return QString::fromStdString(error.text());
}

Status save(FileSystem& disk, const std::string& target, std::int64_t step, const std::string& run = "r")
{
    AtomicFolderOptions options;
    options.kind = "checkpoint";
    options.run = run;
    options.step = step;
    auto folder = AtomicFolder::begin(disk, target, options);
    if (!folder) return folder.error();
    if (auto added = (*folder)->add("model.bin", "weights of " + std::to_string(step)); !added) return added;
    return (*folder)->commit();
}

} // namespace

class TestDurableFiles : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void writeFile();
    void writeFileFailures();
    void writeFilePowerLoss();
    void realFolder();
    void replacesFolder_data();
    void replacesFolder();
    void refusesWithoutRoom();
    void unfinishedFileStopsCommit();
    void verifyFindsDamage_data();
    void verifyFindsDamage();
    void cutReplacementIsRestored();
    void leftoversOfAKilledProcess();
    void removesLinksNotTheirTargets();
    void appendFileSurvivesFullDisk();
    void names_data();
    void names();
    void linksOutOfAFolder();
    void lock();
    void heartbeat();
};

void TestDurableFiles::writeFile()
{
    test::TempFolder temp;
    const auto path = temp / "a.json";
    QVERIFY(writeFileDurably(path, "one").ok());
    QVERIFY(writeFileDurably(path, "two").ok());
    QCOMPARE(test::readFile(path), std::string("two"));
    QCOMPARE(std::distance(fs::directory_iterator(temp.path()), fs::directory_iterator()), 1);

    const Status missing = writeFileDurably(temp / "none/a.json", "x");
    QVERIFY(!missing);
    QCOMPARE(missing.error().code, ErrorCode::NotFound);
    QVERIFY2(text(missing.error()).contains("does not exist"), qPrintable(text(missing.error())));
}

void TestDurableFiles::writeFileFailures()
{
    for (const int error : {ENOSPC, EIO, EDQUOT, EINTR, EROFS}) {
        for (const bool once : {true, false}) {
            for (int nth = 1;; ++nth) {
                MemoryFileSystem disk;
                QVERIFY(writeFileDurably(disk, "/a", "old").ok());
                FaultFileSystem faulty(disk);
                faulty.arm({nth, error, once});
                const Status written = writeFileDurably(faulty, "/a", std::string(3000, 'n'));
                const std::string now = disk.contents("/a").value();
                QVERIFY(now == "old" || now == std::string(3000, 'n'));
                QCOMPARE(disk.openFiles(), std::size_t(0));
                if (written) QCOMPARE(now.size(), std::size_t(3000));
                if (!faulty.triggered()) {
                    QVERIFY(written.ok());
                    QVERIFY(nth > 5);
                    break;
                }
                // Reported, unless an interrupted call could be repeated.
                if (error != EINTR) QVERIFY2(!written.ok(), qPrintable(QString("%1 %2").arg(nth).arg(error)));
                if (error == EINTR && once) QVERIFY(written.ok());
                if (!written && (error == ENOSPC || error == EDQUOT)) {
                    QCOMPARE(written.error().code, ErrorCode::DiskFull);
                }
            }
        }
    }
}

void TestDurableFiles::writeFilePowerLoss()
{
    std::mt19937 random(7);
    using Loss = MemoryFileSystem::Loss;
    for (int nth = 1;; ++nth) {
        bool finished = false;
        for (int attempt = 0; attempt < 40; ++attempt) {
            MemoryFileSystem disk;
            QVERIFY(writeFileDurably(disk, "/a", "old").ok());
            FaultFileSystem dying(disk);
            dying.arm({nth, EIO, false});
            const bool written = writeFileDurably(dying, "/a", std::string(3000, 'n')).ok();
            finished = !dying.triggered();
            const auto found = disk.afterPowerLoss(static_cast<Loss>(attempt % 4), random);
            const std::string now = found->contents("/a").value_or("lost");
            QVERIFY(now == std::string(3000, 'n') || (!written && now == "old"));
        }
        if (finished) break;
    }
}

void TestDurableFiles::realFolder()
{
    test::TempFolder temp;
    const auto target = temp / "runs/out/checkpoint-5";
    AtomicFolderOptions options;
    options.kind = "checkpoint";
    options.run = "r1";
    options.step = 5;
    options.extra = R"({"device": "cpu"})";
    options.expectedBytes = 1000;
    auto folder = AtomicFolder::begin(posixFileSystem(), target.string(), options);
    QVERIFY(folder.ok());
    QVERIFY((*folder)->add("config.json", "{}").ok());
    {
        auto file = (*folder)->create("1_Pooling/config.json", 6);
        QVERIFY(file.ok());
        QVERIFY(file->write("abc").ok());
        QVERIFY(file->write("def").ok());
        QVERIFY(file->close().ok());
    }
    const auto source = test::sourceFolder() / "CMakeLists.txt";
    QVERIFY((*folder)->addCopy("copy.txt", source.string()).ok());
    QVERIFY(!fs::exists(target));
    QVERIFY((*folder)->commit().ok());
    QVERIFY(fs::exists(target));

    const auto manifest = verifyManifest(target, VerifyDepth::Hashes);
    QVERIFY2(manifest.ok(), manifest.ok() ? "" : qPrintable(text(manifest.error())));
    QCOMPARE(manifest->step, std::int64_t(5));
    QCOMPARE(manifest->run, std::string("r1"));
    QCOMPARE(manifest->files.size(), std::size_t(3));
    QCOMPARE(test::readFile(target / "copy.txt"), test::readFile(source));
    QCOMPARE(manifest->files[1].path, std::string("1_Pooling/config.json"));
    QCOMPARE(manifest->files[1].sha256, sha256("abcdef"));
    QVERIFY(manifest->extra.find("cpu") != std::string::npos);
    QCOMPARE(std::distance(fs::directory_iterator(temp / "runs/out"), fs::directory_iterator()), 1);
    QCOMPARE(fs::file_size(target / "1_Pooling/config.json"), std::uintmax_t(6));
}

void TestDurableFiles::replacesFolder_data()
{
    QTest::addColumn<bool>("flags");
    QTest::newRow("with exchange") << true;
    QTest::newRow("without") << false;
}

void TestDurableFiles::replacesFolder()
{
    QFETCH(bool, flags);
    MemoryFileSystem disk;
    disk.setHasRenameFlags(flags);
    disk.setMaxWrite(3); // short writes all the way
    QVERIFY(save(disk, "/out/final", 1).ok());
    QVERIFY(save(disk, "/out/final", 2).ok());
    const auto manifest = verifyManifest(disk, "/out/final", VerifyDepth::Hashes);
    QVERIFY(manifest.ok());
    QCOMPARE(manifest->step, std::int64_t(2));
    std::vector<std::string> names;
    disk.list("/out", names);
    QCOMPARE(names.size(), std::size_t(1));

    AtomicFolderOptions keep;
    keep.replace = false;
    const auto refused = AtomicFolder::begin(disk, "/out/final", keep);
    QVERIFY(!refused.ok());
    QVERIFY2(text(refused.error()).contains("exists already"), qPrintable(text(refused.error())));
}

void TestDurableFiles::refusesWithoutRoom()
{
    MemoryFileSystem disk;
    disk.setCapacity(1000);
    AtomicFolderOptions options;
    options.spareBytes = 0;
    options.expectedBytes = 950;
    const auto refused = AtomicFolder::begin(disk, "/out/final", options);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code, ErrorCode::DiskFull);

    // When the estimate was wrong, reserving the file tells, before a byte is written.
    options.expectedBytes = 0;
    auto folder = AtomicFolder::begin(disk, "/out/final", options);
    QVERIFY(folder.ok());
    const auto file = (*folder)->create("model.bin", 2000);
    QVERIFY(!file.ok());
    QCOMPARE(file.error().code, ErrorCode::DiskFull);
    QVERIFY2(text(file.error()).contains("/out/final/model.bin") &&
                 text(file.error()).contains("Free some space"),
             qPrintable(text(file.error())));
    std::vector<std::string> names;
    disk.list("/out", names);
    QVERIFY(names.empty());
}

void TestDurableFiles::unfinishedFileStopsCommit()
{
    MemoryFileSystem disk;
    auto folder = AtomicFolder::begin(disk, "/final", {});
    QVERIFY(folder.ok());
    QVERIFY((*folder)->add("a", "1").ok());
    {
        auto file = (*folder)->create("b");
        QVERIFY(file.ok());
        QVERIFY(file->write("x").ok());
    }
    QVERIFY(!(*folder)->commit().ok());
    QVERIFY(!disk.contents("/final/a"));
    QCOMPARE(disk.openFiles(), std::size_t(0));

    auto empty = AtomicFolder::begin(disk, "/final", {});
    QVERIFY(!(*empty)->commit().ok());
    auto escaping = AtomicFolder::begin(disk, "/final", {});
    QVERIFY(!(*escaping)->create("../x").ok());
}

void TestDurableFiles::verifyFindsDamage_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("contents");
    QTest::addColumn<bool>("sizesSuffice");
    QTest::addColumn<QString>("says");
    const QString good = "weights of 1";
    QTest::newRow("shorter") << "model.bin"
                             << "weights" << true << "7 bytes instead of 12";
    QTest::newRow("one bit") << "model.bin"
                             << "weights of 0" << false << "other contents";
    QTest::newRow("manifest cut") << "manifest.json"
                                  << "{\"format\":" << true << "line 1";
    QTest::newRow("manifest empty") << "manifest.json"
                                    << "" << true << "line 1";
    QTest::newRow("escaping name") << "manifest.json"
                                   << R"({"format":"sentence-studio/manifest","version":1,"step":1,"files":[
        {"path":"../x","size":1,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]})"
                                   << true << "refused";
    QTest::newRow("newer") << "manifest.json"
                           << R"({"format":"sentence-studio/manifest","version":9})" << true << "version 9";
    QTest::newRow("no files") << "manifest.json"
                              << R"({"format":"sentence-studio/manifest","version":1,"files":[]})" << true
                              << "names no file";
}

void TestDurableFiles::verifyFindsDamage()
{
    QFETCH(QString, file);
    QFETCH(QString, contents);
    QFETCH(bool, sizesSuffice);
    QFETCH(QString, says);
    MemoryFileSystem disk;
    QVERIFY(save(disk, "/out/checkpoint-1", 1).ok());
    disk.damage("/out/checkpoint-1/" + file.toStdString(), contents.toStdString());
    QCOMPARE(verifyManifest(disk, "/out/checkpoint-1", VerifyDepth::Sizes).ok(), !sizesSuffice);
    const auto result = verifyManifest(disk, "/out/checkpoint-1", VerifyDepth::Hashes);
    QVERIFY(!result.ok());
    QVERIFY2(text(result.error()).contains(says), qPrintable(text(result.error())));
}

void TestDurableFiles::cutReplacementIsRestored()
{
    // The gap of the fallback: the old folder was moved aside, the new one is not there yet.
    MemoryFileSystem disk;
    QVERIFY(save(disk, "/out/checkpoint-1", 1).ok());
    const std::string old = hiddenSibling("/out/checkpoint-1", "old");
    QCOMPARE(disk.rename("/out/checkpoint-1", old), 0);
    const Leftovers found = cleanLeftovers(disk, "/out");
    QCOMPARE(found.restored, std::vector<std::string>{"checkpoint-1"});
    QVERIFY(verifyManifest(disk, "/out/checkpoint-1", VerifyDepth::Hashes).ok());
}

void TestDurableFiles::leftoversOfAKilledProcess()
{
    test::TempFolder temp;
    const pid_t child = ::fork();
    if (child == 0) {
        auto folder = AtomicFolder::begin(posixFileSystem(), (temp / "checkpoint-9").string(), {});
        if (!folder || !(*folder)->add("model.bin", "half of it")) ::_exit(1);
        ::kill(::getpid(), SIGKILL);
    }
    int ended = 0;
    QCOMPARE(::waitpid(child, &ended, 0), child);
    QVERIFY(WIFSIGNALED(ended));
    QVERIFY(!fs::exists(temp / "checkpoint-9"));
    test::writeFile(temp / ".hidden.txt", "mine");
    test::writeFile(temp / ".notes.tmp-files", "mine");
    const Leftovers found = cleanLeftovers(posixFileSystem(), temp.path().string());
    QCOMPARE(found.removed.size(), std::size_t(1));
    QVERIFY(found.failures.empty());
    QVERIFY(fs::exists(temp / ".hidden.txt"));
    QVERIFY(fs::exists(temp / ".notes.tmp-files"));
    QCOMPARE(std::distance(fs::directory_iterator(temp.path()), fs::directory_iterator()), 2);
}

void TestDurableFiles::removesLinksNotTheirTargets()
{
    test::TempFolder temp;
    test::writeFile(temp / "outside/keep.txt", "keep");
    test::writeFile(temp / "victim/a.txt", "a");
    fs::create_directory_symlink(temp / "outside", temp / "victim/link");
    QVERIFY(removeFolderDurably(temp / "victim").ok());
    QVERIFY(!fs::exists(temp / "victim"));
    QVERIFY(fs::exists(temp / "outside/keep.txt"));
    QVERIFY(removeFolderDurably(temp / "victim").ok());
}

void TestDurableFiles::appendFileSurvivesFullDisk()
{
    MemoryFileSystem disk;
    disk.setCapacity(10);
    auto file = AppendFile::open(disk, "/log");
    QVERIFY(file.ok());
    file->add("0123456789");
    QVERIFY(file->flushAndSync().ok());
    file->add("abc");
    const Status full = file->flush();
    QVERIFY(!full.ok());
    QCOMPARE(full.error().code, ErrorCode::DiskFull);
    disk.setCapacity(12);
    QVERIFY(!file->flush().ok()); // two of three bytes went out
    file->add("def");
    disk.setCapacity(100);
    QVERIFY(file->flush().ok());
    QCOMPARE(disk.contents("/log").value(), std::string("0123456789abcdef"));
    QCOMPARE(file->pending(), std::size_t(0));
    file->add(std::string(AppendFile::kMaxPending, 'x'));
    file->add("y");
    QCOMPARE(file->dropped(), std::uint64_t(1));
}

void TestDurableFiles::names_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<bool>("good");
    for (const char* good :
         {"config.json", "1_Pooling/config.json", "a b.txt", "ä.json", "..a", "a..", "-x", "con1"}) {
        QTest::newRow(good) << QByteArray(good) << true;
    }
    for (const char* bad :
         {"", ".", "..", "../x", "a/../b", "a//b", "a/", "/etc/passwd", "~/x", "C:/x", "C:x", "\\\\host\\x",
          "..\\x", "a\\..\\b", "nul", "NUL.txt", "com1.log", "a\nb", "a/./b"}) {
        QTest::newRow(bad) << QByteArray(bad) << false;
    }
    QTest::newRow("zero byte") << QByteArray("a\0b", 3) << false;
    QTest::newRow("long part") << QByteArray(256, 'x') << false;
    QTest::newRow("long") << QByteArray("x/").repeated(2100) + "x" << false;
}

void TestDurableFiles::names()
{
    QFETCH(QByteArray, name);
    QFETCH(bool, good);
    QCOMPARE(checkRelativePath(name.toStdString()).ok(), good);
}

void TestDurableFiles::linksOutOfAFolder()
{
    test::TempFolder temp;
    const std::string hash(40, 'a');
    test::writeFile(temp / "secret.txt", "secret");
    test::writeFile(temp / ("repo/blobs/" + hash), "weights");
    const auto snapshot = temp / "repo/snapshots/rev";
    test::writeFile(snapshot / "plain.txt", "x");
    fs::create_directories(snapshot / "1_Pooling");
    fs::create_symlink("../../blobs/" + hash, snapshot / "model.safetensors");
    fs::create_symlink("../../../blobs/" + hash, snapshot / "1_Pooling/config.json");
    fs::create_symlink("../../../secret.txt", snapshot / "escape.txt");
    fs::create_symlink(temp / "secret.txt", snapshot / "absolute.txt");
    fs::create_directory_symlink(temp.path(), snapshot / "folder");
    QVERIFY(resolveBeneath(snapshot, "plain.txt").ok());
    QVERIFY(resolveBeneath(snapshot, "new.txt").ok());
    QVERIFY(resolveBeneath(snapshot, "model.safetensors").ok());
    QVERIFY(resolveBeneath(snapshot, "1_Pooling/config.json").ok());
    QVERIFY(!resolveBeneath(snapshot, "escape.txt").ok());
    QVERIFY(!resolveBeneath(snapshot, "absolute.txt").ok());
    QVERIFY(!resolveBeneath(snapshot, "folder/secret.txt").ok());
    QVERIFY(!resolveBeneath(snapshot, "../plain.txt").ok());
}

void TestDurableFiles::lock()
{
    test::TempFolder temp;
    QVERIFY(!RunLock::owner(temp.path()).alive);
    {
        auto mine = RunLock::acquire(temp.path());
        QVERIFY(mine.ok());
        const RunOwner owner = RunLock::owner(temp.path());
        QVERIFY(owner.alive);
        QCOMPARE(owner.pid, std::int64_t(::getpid()));
        QVERIFY(!owner.host.empty());
        const auto second = RunLock::acquire(temp.path());
        QVERIFY(!second.ok());
        QCOMPARE(second.error().code, ErrorCode::Busy);
        QVERIFY2(text(second.error()).contains(QString::number(::getpid())),
                 qPrintable(text(second.error())));
    }
    QVERIFY(!RunLock::owner(temp.path()).alive);

    // A killed process gives the lock back.
    int ready[2];
    QCOMPARE(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto theirs = RunLock::acquire(temp.path());
        const char byte = theirs.ok() ? 'y' : 'n';
        if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    QCOMPARE(::read(ready[0], &byte, 1), ssize_t(1));
    QCOMPARE(byte, 'y');
    QVERIFY(RunLock::owner(temp.path()).alive);
    QCOMPARE(RunLock::owner(temp.path()).pid, std::int64_t(child));
    ::kill(child, SIGKILL);
    int ended = 0;
    QCOMPARE(::waitpid(child, &ended, 0), child);
    QVERIFY(!RunLock::owner(temp.path()).alive);
    QVERIFY(RunLock::acquire(temp.path()).ok());
    ::close(ready[0]);
    ::close(ready[1]);
}

/// Locks of other machines are not always visible: their heartbeat is.
void TestDurableFiles::heartbeat()
{
    const test::TempFolder temp;
    const auto now = static_cast<std::int64_t>(std::time(nullptr));
    const auto foreign = [&](std::int64_t beat) {
        test::writeFile(temp / ".lock", "4711 another-machine " + std::to_string(beat) + "\n");
    };
    foreign(now - 5);
    QVERIFY(RunLock::owner(temp.path()).alive);
    const auto refused = RunLock::acquire(temp.path());
    QVERIFY(!refused.ok());
    QVERIFY2(refused.error().message.find("4711 on another-machine") != std::string::npos,
             refused.error().message.c_str());
    foreign(now - 600); // silent for ten minutes
    QVERIFY(!RunLock::owner(temp.path()).alive);
    {
        const auto mine = RunLock::acquire(temp.path());
        QVERIFY(mine.ok());
        QVERIFY(RunLock::owner(temp.path()).beat >= static_cast<double>(now) - 1);
    }
    // Ended properly: no beat is left behind, so that another machine may go on at once.
    QCOMPARE(RunLock::owner(temp.path()).beat, 0.0);
    foreign(0);
    QVERIFY(RunLock::acquire(temp.path()).ok());
}

QTEST_APPLESS_MAIN(TestDurableFiles)
#include "tst_durablefiles.moc"
