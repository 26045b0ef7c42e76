#include "core/records/steps.h"
#include "support/memoryfilesystem.h"
#include "support/testfiles.h"

#include <QElapsedTimer>
#include <QTest>

#include <cmath>
#include <cstring>
#include <fstream>

using namespace studio;

namespace {

StepRecord record(std::int64_t step)
{
    StepRecord r;
    r.step = step;
    r.loss = 1.0 / static_cast<double>(step);
    r.learningRate = 2e-05;
    r.gradNorm = 0.5;
    r.seconds = 0.125;
    r.samples = 16;
    r.tokens = 512 + step;
    r.batchHash = 0xdeadbeef;
    return r;
}

void writeSteps(const std::string& path, std::initializer_list<std::pair<int, int>> ranges)
{
    auto writer = StepWriter::open(posixFileSystem(), path);
    QVERIFY(writer.ok());
    for (const auto& [from, to] : ranges) {
        for (int step = from; step <= to; ++step)
            writer->add(record(step));
    }
    QVERIFY(writer->flushAndSync().ok());
}

std::vector<std::int64_t> liveSteps(const StepFile& file)
{
    std::vector<std::int64_t> steps;
    for (const auto& [begin, end] : file.live()) {
        for (std::size_t i = begin; i < end; ++i)
            steps.push_back(file.stepAt(i));
    }
    return steps;
}

} // namespace

class TestSteps : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void bytesAreFixed();
    void roundTrip();
    void everyTornTail();
    void resumes();
    void readsOtherColumns();
    void refusesDamage_data();
    void refusesDamage();
    void fullDisk();
    void aMillionSteps();
};

void TestSteps::bytesAreFixed()
{
    test::TempFolder temp;
    const auto path = temp / "steps.bin";
    writeSteps(path.string(), {{3, 3}});
    const std::string bytes = test::readFile(path);
    QCOMPARE(bytes.size(), std::size_t(512 + 32));
    QCOMPARE(bytes.substr(0, 8), std::string("SSSTEPS\n"));
    QCOMPARE(bytes.substr(8, 8), std::string("\0\2\0\0\x20\0\0\0", 8));
    QVERIFY(bytes.substr(16, 200).find(R"([["step","u32"],["loss","f32"],["learning_rate","f32"])") !=
            std::string::npos);
    // step 3, loss 1/3 = 0x3eaaaaab, rate 2e-05 = 0x37a7c5ac, 0.5, 0.125, 16, 515, hash
    QCOMPARE(bytes.substr(512), std::string("\x03\0\0\0\xab\xaa\xaa\x3e\xac\xc5\xa7\x37\0\0\0\x3f\0\0\0\x3e"
                                            "\x10\0\0\0\x03\x02\0\0\xef\xbe\xad\xde",
                                            32));
}

void TestSteps::roundTrip()
{
    test::TempFolder temp;
    const auto path = temp / "steps.bin";
    writeSteps(path.string(), {{1, 100}});
    const auto file = StepFile::open(path);
    QVERIFY(file.ok());
    QCOMPARE(file->size(), std::size_t(100));
    const StepRecord back = file->at(41);
    QCOMPARE(back.step, std::int64_t(42));
    QCOMPARE(back.loss, static_cast<double>(static_cast<float>(1.0 / 42)));
    QCOMPARE(back.learningRate, static_cast<double>(2e-05f));
    QCOMPARE(back.samples, std::int64_t(16));
    QCOMPARE(back.tokens, std::int64_t(554));
    QCOMPARE(back.batchHash, 0xdeadbeefu);
    QCOMPARE(file->live().size(), std::size_t(1));

    StepRecord odd = record(1);
    odd.loss = std::nan("");
    odd.samples = -5;
    odd.tokens = std::int64_t(1) << 40;
    auto writer = StepWriter::open(posixFileSystem(), path.string());
    writer->add(odd);
    QVERIFY(writer->flush().ok());
    const auto again = StepFile::open(path);
    QCOMPARE(again->size(), std::size_t(101));
    QVERIFY(std::isnan(again->at(100).loss));
    QCOMPARE(again->at(100).samples, std::int64_t(0));
    QCOMPARE(again->at(100).tokens, std::int64_t(0xffffffff));
}

void TestSteps::everyTornTail()
{
    test::TempFolder temp;
    const auto path = temp / "steps.bin";
    writeSteps(path.string(), {{1, 3}});
    const std::string whole = test::readFile(path);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        test::writeFile(path, whole.substr(0, cut));
        const auto file = StepFile::open(path);
        if (cut < 512) {
            QVERIFY(!file.ok());
        } else {
            QVERIFY(file.ok());
            QCOMPARE(file->size(), (cut - 512) / 32);
            QCOMPARE(file->tornBytes(), std::uint64_t((cut - 512) % 32));
        }
        // Whoever goes on writing cuts it first.
        auto writer = StepWriter::open(posixFileSystem(), path.string());
        QVERIFY(writer.ok());
        writer->add(record(9));
        QVERIFY(writer->flush().ok());
        const auto mended = StepFile::open(path);
        QVERIFY(mended.ok());
        QCOMPARE(mended->size(), (cut < 512 ? 0 : (cut - 512) / 32) + 1);
        QCOMPARE(mended->stepAt(mended->size() - 1), std::int64_t(9));
        QCOMPARE(mended->tornBytes(), std::uint64_t(0));
    }
}

void TestSteps::resumes()
{
    test::TempFolder temp;
    const auto path = temp / "steps.bin";
    writeSteps(path.string(), {{1, 8}, {5, 6}, {3, 4}, {5, 10}});
    const auto file = StepFile::open(path);
    QCOMPARE(file->size(), std::size_t(18));
    QCOMPARE(liveSteps(*file), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    const auto restarted = temp / "again.bin";
    writeSteps(restarted.string(), {{4, 9}, {1, 2}});
    QCOMPARE(liveSteps(*StepFile::open(restarted)), (std::vector<std::int64_t>{1, 2}));
}

void TestSteps::readsOtherColumns()
{
    test::TempFolder temp;
    const auto path = temp / "steps.bin";
    // A newer program: another order, one more column, wider types, some of ours missing.
    std::string bytes("SSSTEPS\n\xa0\0\0\0\x1c\0\0\0", 16);
    bytes += R"({"columns":[["speed","f64"],["loss","f64"],["step","u64"],["tokens","u32"]]})";
    bytes.resize(160, ' ');
    const double loss = 0.25;
    const std::uint64_t step = 7;
    const std::uint32_t tokens = 99;
    bytes.append(8, 'x');
    bytes.append(reinterpret_cast<const char*>(&loss), 8);
    bytes.append(reinterpret_cast<const char*>(&step), 8);
    bytes.append(reinterpret_cast<const char*>(&tokens), 4);
    test::writeFile(path, bytes);
    const auto file = StepFile::open(path);
    QVERIFY(file.ok());
    QCOMPARE(file->size(), std::size_t(1));
    QCOMPARE(file->at(0).step, std::int64_t(7));
    QCOMPARE(file->at(0).loss, 0.25);
    QCOMPARE(file->at(0).tokens, std::int64_t(99));
    QCOMPARE(file->at(0).gradNorm, 0.0);
    QCOMPARE(file->columns().front(), std::string("speed"));
    QVERIFY(!StepWriter::open(posixFileSystem(), path.string()).ok());
    QCOMPARE(test::readFile(path), bytes);
}

void TestSteps::refusesDamage_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const QByteArray start("SSSTEPS\n\x40\0\0\0\x20\0\0\0", 16);
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("other file") << QByteArray(600, 'a');
    QTest::newRow("header beyond the file") << QByteArray("SSSTEPS\n\0\x10\0\0\x20\0\0\0", 16);
    QTest::newRow("no record") << QByteArray("SSSTEPS\n\x40\0\0\0\0\0\0\0", 16) + QByteArray(48, ' ');
    QTest::newRow("no json") << start + QByteArray(48, '#');
    QTest::newRow("not an object") << start + QByteArray("[]").leftJustified(48, ' ');
    QTest::newRow("unknown type") << start +
                                         QByteArray(R"({"columns":[["step","x9"]]})").leftJustified(48, ' ');
    QTest::newRow("no step") << start + QByteArray(R"({"columns":[["loss","f32"]]})").leftJustified(48, ' ');
    QTest::newRow("too wide") << QByteArray("SSSTEPS\n\x40\0\0\0\x02\0\0\0", 16) +
                                     QByteArray(R"({"columns":[["step","u32"]]})").leftJustified(48, ' ');
}

void TestSteps::refusesDamage()
{
    QFETCH(QByteArray, bytes);
    test::TempFolder temp;
    test::writeFile(temp / "steps.bin", bytes.toStdString());
    const auto file = StepFile::open(temp / "steps.bin");
    QVERIFY(!file.ok());
    QVERIFY(file.error().text().find("steps.bin") != std::string::npos);
}

void TestSteps::fullDisk()
{
    test::MemoryFileSystem disk;
    disk.setCapacity(512 + 40);
    auto writer = StepWriter::open(disk, "/steps.bin");
    QVERIFY(writer.ok());
    for (int step = 1; step <= 3; ++step)
        writer->add(record(step));
    QCOMPARE(writer->flush().error().code, ErrorCode::DiskFull);
    disk.setCapacity(10000);
    QVERIFY(writer->flush().ok());
    test::TempFolder temp;
    test::writeFile(temp / "steps.bin", disk.contents("/steps.bin").value());
    const auto file = StepFile::open(temp / "steps.bin");
    QCOMPARE(file->size(), std::size_t(3));
    QCOMPARE(file->stepAt(2), std::int64_t(3));
}

void TestSteps::aMillionSteps()
{
    test::TempFolder temp;
    const auto path = temp / "steps.bin";
    writeSteps(path.string(), {{1, 1000000}});
    QCOMPARE(std::filesystem::file_size(path), std::uintmax_t(512 + 32000000));
    QElapsedTimer timer;
    timer.start();
    const auto file = StepFile::open(path);
    QVERIFY(file.ok());
    QCOMPARE(file->size(), std::size_t(1000000));
    QCOMPARE(file->live().size(), std::size_t(1));
    QCOMPARE(file->stepAt(999999), std::int64_t(1000000));
    QVERIFY2(timer.elapsed() < 1000, qPrintable(QString("%1 ms").arg(timer.elapsed())));
}

QTEST_APPLESS_MAIN(TestSteps)
#include "tst_steps.moc"
