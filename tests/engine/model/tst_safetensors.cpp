#include "engine/model/safetensors.h"
#include "support/testfiles.h"

#include <QTest>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>

using namespace studio;
using studio::test::fixture;

namespace {

std::span<const std::byte> bytesOf(const std::string& text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// A file: length, header, data.
std::string fileOf(const std::string& header, const std::string& data = {})
{
    std::string bytes(8, '\0');
    for (int i = 0; i < 8; ++i)
        bytes[i] = static_cast<char>((header.size() >> (8 * i)) & 0xff);
    return bytes + header + data;
}

class StringSink : public ByteSink
{
public:
    Status write(std::string_view bytes) override
    {
        text.append(bytes);
        return {};
    }
    std::string text;
};

TensorToWrite tensorOf(std::string name, TensorType type, std::vector<std::int64_t> shape, std::string data)
{
    return {std::move(name), type, std::move(shape), [data](ByteSink& sink) { return sink.write(data); }};
}

} // namespace

class TestSafetensors : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsTheSharedCases_data();
    void readsTheSharedCases();
    void refusesHostileFiles_data();
    void refusesHostileFiles();
    void everyCutOfAFileIsRefused();
    void roundTrip();
    void writerSortsAndPads();
    void writerRefusesDoubleNames();
    void missingFileIsNamed();
};

void TestSafetensors::readsTheSharedCases_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("expect");
    QTest::addColumn<QString>("tensors");
    for (const auto& line : test::readLines(fixture("model/safetensors-cases.jsonl"))) {
        const auto item = nlohmann::json::parse(line);
        const auto tensors = item.contains("tensors") ? item["tensors"].dump() : std::string();
        QTest::newRow(item["name"].get<std::string>().c_str())
            << QByteArray::fromBase64(QByteArray::fromStdString(item["base64"].get<std::string>()))
            << QString::fromStdString(item["expect"].get<std::string>()) << QString::fromStdString(tensors);
    }
}

void TestSafetensors::readsTheSharedCases()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, expect);
    QFETCH(QString, tensors);
    const auto text = bytes.toStdString();
    const auto file = SafetensorsFile::parse(bytesOf(text), "case.safetensors");
    if (expect == "either") return;
    QCOMPARE(file.ok(), expect == "accept");
    if (!file) {
        QVERIFY(file.error().where.find("offset") != std::string::npos);
        return;
    }
    const auto expected = nlohmann::json::parse(tensors.toStdString());
    QCOMPARE((*file)->tensors().size(), expected.size());
    for (const auto& [name, description] : expected.items()) {
        const auto* tensor = (*file)->find(name);
        QVERIFY2(tensor, name.c_str());
        QCOMPARE(std::string(tensorTypeName(tensor->type)), description[0].get<std::string>());
        QCOMPARE(tensor->shape, description[1].get<std::vector<std::int64_t>>());
        if (description.size() > 2 && tensor->type == TensorType::F32) {
            std::vector<float> values(tensor->bytes.size() / 4);
            std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
            QCOMPARE(values.size(), description[2].size());
            for (std::size_t i = 0; i < values.size(); ++i) {
                // Values that JSON cannot spell stand there as text.
                const auto& item = description[2][i];
                const double expectedValue =
                    item.is_string() ? std::stod(item.get<std::string>()) : item.get<double>();
                QCOMPARE(values[i], static_cast<float>(expectedValue));
            }
        }
    }
}

void TestSafetensors::refusesHostileFiles_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, const std::string& bytes, const char* says) {
        QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString(says);
    };
    const std::string four(4, '\1');
    const auto one = [](const std::string& description) { return "{\"a\":{" + description + "}}"; };
    const std::string good = R"("dtype":"F32","shape":[1],"data_offsets":[0,4])";

    row("length wraps around", std::string(8, '\xff') + "{}", "100,000,000");
    row("length just beyond the file", std::string("\x03\0\0\0\0\0\0\0{}", 10), "past the end");
    row("seven bytes", std::string(7, '\0'), "no room");
    row("empty header", fileOf(""), "begin");
    row("header is a list", fileOf("[]"), "begin");
    row("header is cut", fileOf("{\"a\":{"), "broken JSON");
    row("text behind the object", fileOf("{}x"), "broken JSON");
    row("NUL behind the object", fileOf(std::string("{}\0x", 4)), "NUL");
    row("bytes that are not UTF-8", fileOf("{\"\xc3\x28\":{}}"), "broken JSON");
    row("same tensor twice", fileOf("{\"a\":{" + good + "},\"a\":{" + good + "}}", four), "overlaps");
    row("same empty tensor twice",
        fileOf(
            R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})"),
        "twice");
    row("same key twice", fileOf(one(good + R"(,"dtype":"I32")"), four), "twice");
    row("metadata twice", fileOf(R"({"__metadata__":{},"__metadata__":{}})"), "twice");
    row("metadata key twice", fileOf(R"({"__metadata__":{"a":"1","a":"2"}})"), "twice");
    row("metadata holds a number", fileOf(R"({"__metadata__":{"a":1}})"), "strings only");
    row("metadata holds an object", fileOf(R"({"__metadata__":{"a":{}}})"), "strings only");
    row("metadata is a text", fileOf(R"({"__metadata__":"pt"})"), "not an object");
    row("unknown dtype", fileOf(one(R"("dtype":"F31","shape":[1],"data_offsets":[0,4])"), four), "F31");
    row("unknown key", fileOf(one(good + R"(,"stride":[1])"), four), "stride");
    row("no dtype", fileOf(one(R"("shape":[1],"data_offsets":[0,4])"), four), "lacks");
    row("no shape", fileOf(one(R"("dtype":"F32","data_offsets":[0,4])"), four), "lacks");
    row("no offsets", fileOf(one(R"("dtype":"F32","shape":[1])"), four), "lacks");
    row("negative offset", fileOf(one(R"("dtype":"F32","shape":[1],"data_offsets":[-4,0])"), four),
        "data_offsets");
    row("fractional offset", fileOf(one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4.0])"), four),
        "data_offsets");
    row("offset beyond 64 bits",
        fileOf(one(R"("dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551620])"), four),
        "data_offsets");
    row("three offsets", fileOf(one(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,8])"), four),
        "more than two");
    row("one offset", fileOf(one(R"("dtype":"F32","shape":[1],"data_offsets":[0])"), four),
        "two data_offsets");
    row("offsets run backwards", fileOf(one(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), four),
        "before it begins");
    row("offsets beyond the file", fileOf(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), four),
        "cut off");
    row("negative dimension", fileOf(one(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), four),
        "shape");
    row("dimension is a text", fileOf(one(R"("dtype":"F32","shape":["1"],"data_offsets":[0,4])"), four),
        "shape");
    row("dimension is NaN", fileOf(one(R"("dtype":"F32","shape":[NaN],"data_offsets":[0,4])"), four),
        "broken JSON");
    row("product overflows",
        fileOf(one(R"("dtype":"F32","shape":[4294967296,4294967297],"data_offsets":[0,4])"), four),
        "do not fit");
    row("product overflows to zero",
        fileOf(one(R"("dtype":"U8","shape":[9223372036854775807,2,2],"data_offsets":[0,4])"), four),
        "do not fit");
    row("dimension beyond 63 bits",
        fileOf(one(R"("dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4])"), four),
        "too large");
    row("shape and offsets disagree", fileOf(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), four),
        "do not fit");
    row("hole before the first", fileOf(one(R"("dtype":"U8","shape":[3],"data_offsets":[1,4])"), four),
        "hole");
    row("overlap",
        fileOf(
            R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
            four),
        "overlaps");
    row("bytes behind the last tensor", fileOf(one(R"("dtype":"U8","shape":[2],"data_offsets":[0,2])"), four),
        "follow");
    row("half a byte", fileOf(one(R"("dtype":"F4","shape":[1],"data_offsets":[0,1])"), "x"), "do not fit");
    row("nested deeply", fileOf("{\"a\":" + std::string(50'000, '[') + std::string(50'000, ']') + "}"),
        "not an object");
    row("list in the shape", fileOf(one(R"("dtype":"F32","shape":[[1]],"data_offsets":[0,4])"), four),
        "shape");
    std::string dimensions = "1";
    for (int i = 0; i < 40; ++i)
        dimensions += ",1";
    row("forty dimensions",
        fileOf(one("\"dtype\":\"F32\",\"shape\":[" + dimensions + "],\"data_offsets\":[0,4]"), four),
        "dimensions");
}

void TestSafetensors::refusesHostileFiles()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, says);
    const auto text = bytes.toStdString();
    const auto file = SafetensorsFile::parse(bytesOf(text), "hostile.safetensors");
    QVERIFY(!file);
    QCOMPARE(file.error().code, ErrorCode::Malformed);
    QVERIFY2(file.error().message.find(says.toStdString()) != std::string::npos, file.error().text().c_str());
    QVERIFY(file.error().where.find("hostile.safetensors, offset") != std::string::npos);
}

void TestSafetensors::everyCutOfAFileIsRefused()
{
    const auto whole =
        fileOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", std::string(8, '\2'));
    QVERIFY(SafetensorsFile::parse(bytesOf(whole), "whole"));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto cut = whole.substr(0, length);
        QVERIFY2(!SafetensorsFile::parse(bytesOf(cut), "cut"), std::to_string(length).c_str());
    }
}

void TestSafetensors::roundTrip()
{
    test::TempFolder folder;
    auto made =
        safetensorsFile("m.safetensors", {tensorOf("ü\"x", TensorType::F32, {1, 2}, std::string(8, '\3')),
                                          tensorOf("none", TensorType::F16, {0, 4}, ""),
                                          tensorOf("scalar", TensorType::I64, {}, std::string(8, '\4'))});
    QVERIFY(made);
    StringSink sink;
    QVERIFY(made->write(sink));
    QCOMPARE(sink.text.size(), made->size);
    test::writeFile(folder / "m.safetensors", sink.text);

    const auto read = SafetensorsFile::open(folder / "m.safetensors");
    QVERIFY2(read, read ? "" : read.error().text().c_str());
    QCOMPARE((*read)->tensors().size(), std::size_t{3});
    QCOMPARE((*read)->metadata().size(), std::size_t{1});
    QCOMPARE((*read)->metadata().front().second, std::string("pt"));
    const auto* tensor = (*read)->find("ü\"x");
    QVERIFY(tensor);
    QCOMPARE(tensor->shape, (std::vector<std::int64_t>{1, 2}));
    QCOMPARE(static_cast<int>(tensor->bytes[7]), 3);
    QVERIFY((*read)->find("none")->bytes.empty());
    QVERIFY((*read)->find("scalar")->shape.empty());
    QVERIFY(!(*read)->find("absent"));
}

void TestSafetensors::writerSortsAndPads()
{
    auto made = safetensorsFile("m", {tensorOf("a", TensorType::U8, {1}, "1"),
                                      tensorOf("c", TensorType::F32, {1}, "3333"),
                                      tensorOf("b", TensorType::F32, {1}, "2222")});
    QVERIFY(made);
    StringSink sink;
    QVERIFY(made->write(sink));
    const auto headerSize =
        static_cast<unsigned char>(sink.text[0]) + 256u * static_cast<unsigned char>(sink.text[1]);
    QCOMPARE(headerSize % 8, 0u);
    QCOMPARE(sink.text.substr(8 + headerSize), std::string("222233331"));
    QVERIFY(sink.text.find(
                R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})") ==
            8);
}

void TestSafetensors::writerRefusesDoubleNames()
{
    const auto twice = safetensorsFile(
        "m", {tensorOf("a", TensorType::U8, {1}, "1"), tensorOf("a", TensorType::U8, {1}, "1")});
    QVERIFY(!twice);
    QCOMPARE(twice.error().code, ErrorCode::InvalidValue);
    QVERIFY(!safetensorsFile("m", {tensorOf("__metadata__", TensorType::U8, {1}, "1")}));
}

void TestSafetensors::missingFileIsNamed()
{
    test::TempFolder folder;
    const auto absent = SafetensorsFile::open(folder / "model.safetensors");
    QVERIFY(!absent);
    QCOMPARE(absent.error().code, ErrorCode::NotFound);
    QVERIFY(absent.error().message.find("model.safetensors") != std::string::npos);
    const auto directory = SafetensorsFile::open(folder.path());
    QVERIFY(!directory);
    QCOMPARE(directory.error().code, ErrorCode::Unreadable);
}

QTEST_APPLESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
