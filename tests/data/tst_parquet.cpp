#include "data/dataset.h"
#include "data/parquet/codecs.h"
#include "data/parquet/deltas.h"
#include "data/reader.h"
#include "support/testfiles.h"

#include <nlohmann/json.hpp>

#include <QTest>

#include <cmath>
#include <random>
#include <set>

using namespace studio;

namespace {

const nlohmann::json& expectations()
{
    static const auto json =
        nlohmann::json::parse(test::readFile(test::fixture("data/parquet/expected.json")));
    return json;
}

/// Compares one cell with what the independent reader gave; empty when equal.
std::string difference(const Column& column, std::int64_t row, const nlohmann::json& expected)
{
    const auto shown = column.isNull(row) ? "null" : column.display(row);
    const auto wrong =
        column.name() + " row " + std::to_string(row) + ": " + shown + ", expected " + expected.dump();
    if (expected.is_null()) // NaN is null in JSON
        return column.isNull(row) || (column.kind() == ColumnKind::Real && std::isnan(column.number(row)))
                   ? ""
                   : wrong;
    if (column.isNull(row)) return wrong;
    switch (column.kind()) {
    case ColumnKind::Text:
        return expected.is_string() && column.text(row) == expected.get<std::string>() ? "" : wrong;
    case ColumnKind::Integer: {
        const auto value =
            expected.is_boolean() ? std::int64_t{expected.get<bool>()} : expected.get<std::int64_t>();
        return column.integer(row) == value ? "" : wrong;
    }
    case ColumnKind::Real:
        return column.number(row) == expected.get<double>() ? "" : wrong;
    case ColumnKind::List: {
        const auto list = column.list(row);
        if (list.size() != expected.size()) return wrong;
        for (std::size_t i = 0; i < list.size(); ++i)
            if (expected[i].is_null() ? !std::isnan(list[i]) : list[i] != expected[i].get<double>())
                return wrong;
        return "";
    }
    case ColumnKind::TextList: {
        if (column.listSize(row) != static_cast<std::int64_t>(expected.size())) return wrong;
        for (std::size_t i = 0; i < expected.size(); ++i)
            if (column.listText(row, static_cast<std::int64_t>(i)) !=
                (expected[i].is_null() ? "" : expected[i].get<std::string>()))
                return wrong;
        return "";
    }
    }
    return wrong;
}

} // namespace

class TestParquet : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void samples_data()
    {
        QTest::addColumn<QByteArray>("file");
        for (const auto& [file, spec] : expectations().items())
            QTest::newRow(file.c_str()) << QByteArray::fromStdString(file);
    }
    void samples()
    {
        QFETCH(QByteArray, file);
        const auto& spec = expectations()[file.toStdString()];
        ReadReport report;
        auto table = readTable(test::fixture("data/parquet") / file.toStdString(), {}, &report);
        QVERIFY2(table.ok(), table.ok() ? "" : table.error().text().c_str());
        std::set<std::string> skipped;
        for (const auto& entry : report.skippedColumns)
            skipped.insert(entry.substr(0, entry.find(':')));
        // Exactly the columns with structs, maps or deeper lists are left out.
        std::set<std::string> deep;
        for (const auto& row : spec["first_rows"])
            for (const auto& [key, value] : row.items()) {
                bool nested = value.is_object();
                for (const auto& element : value.is_array() ? value : nlohmann::json::array())
                    nested |= element.is_structured();
                if (nested) deep.insert(key);
            }
        for (const auto& key : deep)
            QVERIFY2(skipped.count(key), key.c_str());
        if (table->columns() > 0 && file != "repeated_no_annotation.parquet")
            QCOMPARE(table->rows(), spec["num_rows"].get<std::int64_t>());
        QCOMPARE(report.totalRows, spec["num_rows"].get<std::int64_t>());
        int compared = 0;
        const auto& rows = spec["first_rows"];
        for (std::size_t row = 0; row < rows.size(); ++row) {
            for (const auto& name : report.columns) {
                if (skipped.count(name)) continue;
                const auto column = table->find(name);
                QVERIFY2(column.has_value(), name.c_str());
                // A key that is absent stands for a missing value.
                const auto expected = rows[row].contains(name) ? rows[row][name] : nlohmann::json();
                const auto wrong =
                    difference(table->column(*column), static_cast<std::int64_t>(row), expected);
                QVERIFY2(wrong.empty(), wrong.c_str());
                ++compared;
            }
        }
        if (file != "nulls.snappy.parquet") QVERIFY(compared > 0);
    }

    /// Every value of the file with differences, against the table that came with it.
    void deltasAgainstCsv()
    {
        auto table = readTable(test::fixture("data/parquet/delta_encoding_optional_column.parquet"), {});
        auto expected =
            readTable(test::fixture("data/parquet/delta_encoding_optional_column_expect.csv"), {});
        QVERIFY(table.ok() && expected.ok());
        QCOMPARE(table->rows(), expected->rows());
        for (int c = 0; c < table->columns(); ++c) {
            const auto& column = table->column(c);
            for (std::int64_t row = 0; row < table->rows(); ++row)
                QCOMPARE(column.isNull(row) ? std::string() : column.display(row),
                         std::string(expected->text(c, row)));
        }
    }

    void limitsAndSelection()
    {
        const auto file = test::fixture("data/parquet/delta_byte_array.parquet");
        ReadOptions options;
        options.limit = 5;
        options.columns = {"c_login", "c_customer_id"};
        ReadReport report;
        auto table = readTable(file, options, &report);
        QVERIFY(table.ok());
        QCOMPARE(table->names(), (std::vector<std::string>{"c_customer_id", "c_login"}));
        QCOMPARE(table->rows(), 5);
        QVERIFY(!report.complete);
        QCOMPARE(report.totalRows, 1000);
        options.columns = {"nothing"};
        QVERIFY(readTable(file, options)
                    .error()
                    .message.find("has no column \"nothing\". Its columns are: c_customer_id") !=
                std::string::npos);
        options.columns = {"a"};
        auto nested = readTable(test::fixture("data/parquet/nested_lists.snappy.parquet"), options);
        QCOMPARE(nested.error().code, ErrorCode::Unsupported);
        QVERIFY(nested.error().message.find("nested lists are not read") != std::string::npos);
        auto lists = readTable(test::fixture("data/parquet/list_columns.parquet"), {.limit = 2});
        QVERIFY(lists.ok());
        QCOMPARE(lists->rows(), 2);
    }

    void asDataset()
    {
        DataSpec spec;
        spec.path = test::fixture("data/parquet/sort_columns.parquet").string();
        spec.columns = {{"sentence", "b"}, {"label", "a"}};
        const auto missing = openDataset(spec);
        QVERIFY(!missing.ok());
        QVERIFY2(missing.error().message.find("row 0 (from 0) has no value in the label column \"a\"") !=
                     std::string::npos,
                 missing.error().message.c_str());
        spec.rows = {1, 3};
        const auto dataset = openDataset(spec);
        QVERIFY2(dataset.ok(), dataset.ok() ? "" : dataset.error().text().c_str());
        QCOMPARE(dataset->label(0), 2.0);
        QCOMPARE(std::string(dataset->text(0, 1)), std::string("c"));
    }

    void errors()
    {
        test::TempFolder folder;
        const auto whole = test::readFile(test::fixture("data/parquet/alltypes_plain.snappy.parquet"));
        const auto message = [&](const std::string& contents) {
            test::writeFile(folder / "x.parquet", contents);
            const auto table = readTable(folder / "x.parquet", {});
            return table.ok() ? std::string("no error") : table.error().message;
        };
        QVERIFY(message("").find("does not start as a Parquet file") != std::string::npos);
        QVERIFY(message(whole.substr(0, whole.size() - 1)).find("was probably cut off") != std::string::npos);
        QVERIFY(message(whole.substr(0, 4) + std::string(3, 'x') + "\xFF\xFF\xFF\x7FPAR1")
                    .find("larger than the file") != std::string::npos);
        QCOMPARE(readTable(folder / "none.parquet", {}).error().code, ErrorCode::NotFound);
        QVERIFY(parquet::unpack(parquet::Codec::Brotli, "x", 1).error().message.find("Brotli") !=
                std::string::npos);
        QVERIFY(parquet::unpack(parquet::Codec::Lzo, "x", 1).error().message.find("LZO") !=
                std::string::npos);
        auto csv = readTable(test::fixture("data/parquet/binary.parquet"), {.format = "csv"});
        QVERIFY(csv.error().message.find("it is a Parquet file") != std::string::npos);
    }

    /// Whatever bytes are broken: an Error or a table, never a crash (run under the sanitizers too).
    void brokenBytes()
    {
        std::mt19937 random(1);
        test::TempFolder folder;
        int errors = 0, rounds = 0;
        for (const auto& [file, spec] : expectations().items()) {
            const auto whole = test::readFile(test::fixture("data/parquet/" + file));
            for (int round = 0; round < 60; ++round) {
                auto broken = whole;
                const int changes = 1 + static_cast<int>(random() % 4);
                for (int i = 0; i < changes; ++i)
                    broken[4 + random() % (broken.size() - 12)] = static_cast<char>(random());
                if (round % 10 == 9) broken.resize(random() % broken.size());
                test::writeFile(folder / "x.parquet", broken);
                errors += !readTable(folder / "x.parquet", {}).ok();
                ++rounds;
            }
        }
        QVERIFY(errors > rounds / 4);
    }

    void snappyAndLz4()
    {
        using namespace std::string_literals;
        // "abcd" then 12 bytes from 4 back, by hand after the format descriptions.
        QCOMPARE(*parquet::unpackSnappy("\x10\x0c"
                                        "abcd"
                                        "\x2e\x04\x00"s,
                                        16),
                 "abcdabcdabcdabcd"s);
        QCOMPARE(*parquet::unpackLz4("\x48"
                                     "abcd"
                                     "\x04\x00"
                                     "\x00"s,
                                     16),
                 "abcdabcdabcdabcd"s);
        QVERIFY(!parquet::unpackSnappy("\x10\x0c"
                                       "abcd"
                                       "\x2e\x05\x00"s,
                                       16)
                     .ok()); // further back than there is
        QVERIFY(!parquet::unpackSnappy("\x11\x0c"
                                       "abcd"
                                       "\x2e\x04\x00"s,
                                       16)
                     .ok()); // another size
        QVERIFY(!parquet::unpackLz4("\x48"
                                    "abcd"
                                    "\x05\x00"
                                    "\x00"s,
                                    16)
                     .ok());
    }

    /// Found by fuzz_parquet: a page header with 939,524,075 values in a file of 1,737 bytes.
    void pagesStateBelievableNumbers()
    {
        const auto table = readTable(test::fixture("data/parquet/huge-page.parquet"), {});
        QVERIFY(!table.ok());
        QCOMPARE(table.error().code, ErrorCode::Malformed);
        QVERIFY2(table.error().message.find("states") != std::string::npos, table.error().text().c_str());
    }

    void bits()
    {
        const std::string bytes("\x88\xC6\xFA\x01\x02\x03\x04\x05\x06\x07", 10);
        for (int i = 0; i < 8; ++i)
            QCOMPARE(parquet::takeBits(bytes, static_cast<std::uint64_t>(3 * i), 3),
                     static_cast<std::uint64_t>(i));
        QCOMPARE(parquet::takeBits(bytes, 4, 64), std::uint64_t{0x605040302'01FAC68});
        std::vector<std::uint32_t> values;
        QVERIFY(parquet::decodeRle(std::string("\x03\x88\xC6\xFA\x08\x05", 6), 3, 12, values));
        QCOMPARE(values, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 5, 5, 5, 5}));
        QVERIFY(!parquet::decodeRle(std::string("\x03\x88", 2), 3, 8, values));
    }
};

QTEST_APPLESS_MAIN(TestParquet)
#include "tst_parquet.moc"
