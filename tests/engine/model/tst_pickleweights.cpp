// pytorch_model.bin: a good file, hostile ones (tests/interop/model_fixtures.py), and thousands of damaged
// copies.

#include "engine/model/pickleweights.h"
#include "engine/model/ziparchive.h"
#include "support/testfiles.h"

#include <QTest>

#include <cstring>

using namespace studio;

namespace {

std::string contents(const std::string& name)
{
    return test::readFile(test::fixture("model/legacy/" + name));
}

Result<std::shared_ptr<const PickleWeights>> parsed(const std::string& text)
{
    return PickleWeights::parse(std::as_bytes(std::span(text.data(), text.size())), "pytorch_model.bin");
}

std::vector<float> floats(const StoredTensor& tensor)
{
    std::vector<float> values(tensor.bytes.size() / sizeof(float));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
}

} // namespace

class TestPickleWeights : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsAStateDict();
    void refusesHostileFiles_data();
    void refusesHostileFiles();
    void survivesDamage();
};

void TestPickleWeights::readsAStateDict()
{
    const auto text = contents("good.bin");
    const auto file = parsed(text);
    QVERIFY2(file, file ? "" : file.error().text().c_str());
    QCOMPARE((*file)->tensors().size(), std::size_t{7}); // "number" is no tensor
    const auto* rows = (*file)->find("rows");
    QVERIFY(rows);
    QCOMPARE(rows->shape, (std::vector<std::int64_t>{4, 6}));
    QCOMPARE(floats(*rows)[7], 7.0f);
    const auto* columns = (*file)->find("columns");
    QVERIFY(columns);
    QCOMPARE(columns->shape, (std::vector<std::int64_t>{6, 4}));
    QCOMPARE(floats(*columns), (std::vector<float>{0, 6, 12, 18, 1, 7,  13, 19, 2, 8,  14, 20,
                                                   3, 9, 15, 21, 4, 10, 16, 22, 5, 11, 17, 23}));
    QCOMPARE(floats(*(*file)->find("part")), (std::vector<float>{6, 7, 8, 9, 10, 11}));
    QCOMPARE(floats(*(*file)->find("scalar")), std::vector<float>{7});
    QCOMPARE(floats(*(*file)->find("parameter")), std::vector<float>{3});
    QVERIFY((*file)->find("half")->type == TensorType::F16);
    QVERIFY((*file)->find("empty")->bytes.empty());
}

void TestPickleWeights::refusesHostileFiles_data()
{
    QTest::addColumn<QString>("says");
    QTest::newRow("evil-call.bin") << "system";
    QTest::newRow("evil-newer-protocol.bin") << "protocol";
    QTest::newRow("evil-builtin.bin") << "__builtin__ eval";
    QTest::newRow("compressed.bin") << "compressed";
    QTest::newRow("storage-missing.bin") << "storage";
    QTest::newRow("storage-small.bin") << "too small";
    QTest::newRow("big-endian.bin") << "little-endian";
    QTest::newRow("no-pickle.bin") << "no data.pkl";
    QTest::newRow("not-a-dict.bin") << "no state dict";
    QTest::newRow("shape-beyond-storage.bin") << "larger than its storage";
}

void TestPickleWeights::refusesHostileFiles()
{
    QFETCH(QString, says);
    const auto text = contents(QTest::currentDataTag());
    const auto file = parsed(text);
    QVERIFY(!file);
    QCOMPARE(file.error().code, ErrorCode::Malformed);
    QVERIFY2(file.error().message.find(says.toStdString()) != std::string::npos, file.error().text().c_str());
}

void TestPickleWeights::survivesDamage()
{
    const auto whole = contents("good.bin");
    // The directory stands at the end: no cut file is complete.
    for (std::size_t length = 0; length < whole.size(); length += 3)
        QVERIFY(!parsed(whole.substr(0, length)));
    std::uint32_t state = 1;
    int refused = 0;
    for (int n = 0; n < 20'000; ++n) {
        auto text = whole;
        for (int k = 0; k < 1 + n % 4; ++k) {
            state = state * 1664525u + 1013904223u;
            text[state % text.size()] = static_cast<char>(state >> 24);
        }
        const auto file = parsed(text);
        if (!file) {
            ++refused;
            continue;
        }
        // Whatever is accepted must lie inside the file or a copy: touch every byte.
        std::size_t sum = 0;
        for (const auto& tensor : (*file)->tensors())
            for (const auto byte : tensor.bytes)
                sum += static_cast<std::size_t>(byte);
        QVERIFY(sum < SIZE_MAX);
    }
    QVERIFY(refused > 0);
}

QTEST_APPLESS_MAIN(TestPickleWeights)
#include "tst_pickleweights.moc"
