#include "data/permutation.h"
#include "data/sampler.h"
#include "support/testfiles.h"

#include <nlohmann/json.hpp>

#include <QTest>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace studio;

namespace {

const nlohmann::json& recordedRuns()
{
    static const auto runs = nlohmann::json::parse(test::readFile(test::fixture("data/orders/orders.json")));
    return runs;
}

Dataset recordedDataset(const nlohmann::json& part)
{
    DataSpec spec;
    spec.name = part["name"].get<std::string>();
    spec.path = (test::fixture("data/orders") / part["file"].get<std::string>()).string();
    for (const auto& column : part["columns"])
        spec.columns.emplace_back(column.get<std::string>(), column.get<std::string>());
    if (!part["label"].is_null()) spec.columns.emplace_back("label", part["label"].get<std::string>());
    if (!part["rows"].is_null())
        spec.rows = {part["rows"][0].get<std::int64_t>(), part["rows"][1].get<std::int64_t>()};
    auto dataset = openDataset(spec);
    if (!dataset) qFatal("%s", dataset.error().text().c_str());
    return *dataset;
}

SamplerOptions recordedOptions(const nlohmann::json& run)
{
    SamplerOptions options;
    options.kind = *fromText<BatchSamplerKind>(run["sampler"].get<std::string>());
    options.multiKind = *fromText<MultiDatasetBatchSamplerKind>(run["multi"].get<std::string>());
    options.batchSize = run["batch_size"].get<std::int64_t>();
    options.dropLast = run["drop_last"].get<bool>();
    options.seed = run["seed"].get<std::int64_t>();
    if (!run["data_seed"].is_null()) options.dataSeed = run["data_seed"].get<std::int64_t>();
    return options;
}

std::unique_ptr<BatchSampler> make(const std::vector<Dataset>& sets, const SamplerOptions& options)
{
    std::vector<const Dataset*> pointers;
    for (const auto& set : sets)
        pointers.push_back(&set);
    auto sampler = makeBatchSampler(pointers, options);
    if (!sampler) qFatal("%s", sampler.error().text().c_str());
    return std::move(*sampler);
}

std::string show(const Batch& batch)
{
    auto text = std::to_string(batch.dataset) + ":";
    for (const auto row : batch.rows)
        text += " " + std::to_string(row);
    return text;
}

std::vector<std::string> epochOf(BatchSampler& sampler, std::int64_t epoch)
{
    std::vector<std::string> out;
    Batch batch;
    sampler.startEpoch(epoch);
    while (sampler.next(batch))
        out.push_back(show(batch));
    return out;
}

/// Random texts from a small vocabulary, so that rows share texts.
Dataset randomDataset(std::mt19937& random, std::int64_t rows, int columns, int vocabulary)
{
    Table table;
    for (int c = 0; c < columns; ++c) {
        Column column("c" + std::to_string(c), ColumnKind::Text);
        for (std::int64_t row = 0; row < rows; ++row)
            column.appendText("t" + std::to_string(random() % static_cast<unsigned>(vocabulary)));
        table.addColumn(std::move(column));
    }
    auto dataset = datasetFromTable(std::move(table), DataSpec{});
    if (!dataset) qFatal("%s", dataset.error().text().c_str());
    return *dataset;
}

} // namespace

class TestSamplers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void permutationIsTorchs()
    {
        OrderGenerator generator;
        std::vector<std::int32_t> order;
        generator.seed(42);
        generator.permutation(10, order);
        QCOMPARE(order, (std::vector<std::int32_t>{2, 6, 1, 8, 4, 5, 0, 9, 3, 7}));
        generator.permutation(1, order);
        QCOMPARE(order, (std::vector<std::int32_t>{0}));
        generator.permutation(0, order);
        QVERIFY(order.empty());
        generator.seed((std::int64_t{1} << 32) + 42); // only the low 32 bits count
        generator.permutation(10, order);
        QCOMPARE(order[0], 2);
    }

    void recordedOrder_data()
    {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < recordedRuns().size(); ++i)
            QTest::newRow(recordedRuns()[i]["run"].get<std::string>().c_str()) << static_cast<int>(i);
    }
    void recordedOrder()
    {
        QFETCH(int, index);
        const auto& run = recordedRuns()[static_cast<std::size_t>(index)];
        std::vector<Dataset> sets;
        for (const auto& part : run["datasets"])
            sets.push_back(recordedDataset(part));
        const auto sampler = make(sets, recordedOptions(run));
        QCOMPARE(sampler->announcedBatches(), run["announced"].get<std::int64_t>());

        std::size_t at = 0;
        const auto& batches = run["batches"];
        Batch batch;
        for (std::int64_t epoch = 0; at < batches.size(); ++epoch) {
            sampler->startEpoch(epoch);
            for (std::int64_t i = 0;
                 i < sampler->announcedBatches() && at < batches.size() && sampler->next(batch); ++i, ++at) {
                Batch expected;
                expected.dataset = batches[at][0].get<int>();
                for (std::size_t k = 1; k < batches[at].size(); ++k)
                    expected.rows.push_back(batches[at][k].get<std::int64_t>());
                if (show(batch) != show(expected))
                    QFAIL(("batch " + std::to_string(at) + " of epoch " + std::to_string(epoch) + ": " +
                           show(batch) + ", recorded " + show(expected))
                              .c_str());
            }
            QVERIFY2(epoch < 50, "the sampler gives no batches");
        }
        QCOMPARE(at, batches.size());
        QVERIFY(at > 0);
    }

    /// A cursor taken anywhere continues with the same batches in a sampler of its own.
    void cursorContinues_data() { recordedOrder_data(); }
    void cursorContinues()
    {
        QFETCH(int, index);
        const auto& run = recordedRuns()[static_cast<std::size_t>(index)];
        std::vector<Dataset> sets;
        for (const auto& part : run["datasets"])
            sets.push_back(recordedDataset(part));
        const auto first = make(sets, recordedOptions(run));
        const auto second = make(sets, recordedOptions(run));
        Batch a, b;
        first->startEpoch(1);
        for (int i = 0; i < 5 && first->next(a); ++i) {
            const auto cursor = first->cursor();
            QCOMPARE(cursor.epoch, 1);
            QCOMPARE(cursor.taken, i + 1);
            second->restore(cursor);
            Batch ahead;
            const auto third = make(sets, recordedOptions(run));
            third->startEpoch(1);
            QCOMPARE(third->skip(i + 1), i + 1);
            const bool more = third->next(ahead);
            QCOMPARE(second->next(b), more);
            if (more) QCOMPARE(show(ahead), show(b));
        }
        QCOMPARE(epochOf(*first, 2), epochOf(*second, 2));
    }

    /// No batch holds a text twice; without drop_last every row comes exactly once a pass.
    void noDuplicatesHoldsItsPromise()
    {
        std::mt19937 random(11);
        for (int round = 0; round < 300; ++round) {
            const auto rows = static_cast<std::int64_t>(1 + random() % 120);
            const auto columns = static_cast<int>(1 + random() % 3);
            const auto dataset = randomDataset(random, rows, columns, static_cast<int>(1 + random() % 150));
            SamplerOptions options;
            options.kind = round % 2 ? BatchSamplerKind::NoDuplicates : BatchSamplerKind::NoDuplicatesHashed;
            options.batchSize = static_cast<std::int64_t>(1 + random() % 20);
            options.dropLast = random() % 2;
            const auto sampler = make({dataset}, options);
            sampler->startEpoch(round % 3);
            Batch batch;
            std::vector<int> seen(static_cast<std::size_t>(rows), 0);
            std::int64_t batches = 0;
            while (sampler->next(batch)) {
                ++batches;
                QVERIFY(!batch.rows.empty() &&
                        static_cast<std::int64_t>(batch.rows.size()) <= options.batchSize);
                if (options.dropLast)
                    QCOMPARE(static_cast<std::int64_t>(batch.rows.size()), options.batchSize);
                std::set<std::string> texts;
                for (const auto row : batch.rows) {
                    ++seen[static_cast<std::size_t>(row)];
                    std::set<std::string> own;
                    for (int c = 0; c < columns; ++c)
                        own.emplace(dataset.text(c, row));
                    for (const auto& text : own)
                        QVERIFY2(texts.insert(text).second, text.c_str());
                }
            }
            if (!options.dropLast) {
                QVERIFY(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
                QVERIFY(batches >= sampler->announcedBatches());
            } else {
                QVERIFY(batches <= sampler->announcedBatches());
            }
        }
    }

    void groupByLabelGivesPairs()
    {
        std::mt19937 random(5);
        for (int round = 0; round < 100; ++round) {
            Table table;
            Column text("text", ColumnKind::Text), label("label", ColumnKind::Integer);
            std::map<std::int64_t, int> counts;
            const auto rows = 20 + static_cast<int>(random() % 200);
            for (int row = 0; row < rows; ++row) {
                text.appendText("t" + std::to_string(row));
                const auto value = static_cast<std::int64_t>(random() % 9);
                label.appendInteger(value);
                ++counts[value];
            }
            table.addColumn(std::move(text));
            table.addColumn(std::move(label));
            const auto dataset = datasetFromTable(std::move(table), DataSpec{});
            QVERIFY(dataset.ok());
            SamplerOptions options;
            options.kind = BatchSamplerKind::GroupByLabel;
            options.batchSize = 4 + 2 * static_cast<std::int64_t>(random() % 6);
            const auto sampler = make({*dataset}, options);
            sampler->startEpoch(0);
            Batch batch;
            std::set<std::int64_t> seen;
            while (sampler->next(batch)) {
                std::map<double, int> labels;
                for (const auto row : batch.rows) {
                    QVERIFY(seen.insert(row).second);
                    ++labels[dataset->label(row)];
                }
                QVERIFY(labels.size() >= 2);
                for (const auto& [value, count] : labels)
                    QVERIFY(count % 2 == 0);
            }
            QVERIFY(!seen.empty());
        }
    }

    void plainAndByLength()
    {
        std::mt19937 random(3);
        const auto dataset = randomDataset(random, 1000, 1, 1000);
        SamplerOptions options;
        options.batchSize = 8;
        options.shuffle = false;
        auto plain = make({dataset}, options);
        Batch batch;
        plain->startEpoch(4);
        QVERIFY(plain->next(batch));
        QCOMPARE(batch.rows, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));

        options.shuffle = true;
        options.lengths.emplace_back();
        for (int i = 0; i < 1000; ++i)
            options.lengths[0].push_back(static_cast<std::int32_t>(random() % 200));
        auto sorted = make({dataset}, options);
        sorted->startEpoch(0);
        std::set<std::int64_t> seen;
        std::int64_t spread = 0, batches = 0;
        bool first = true;
        while (sorted->next(batch)) {
            std::int32_t least = 1 << 30, most = 0;
            for (const auto row : batch.rows) {
                seen.insert(row);
                least = std::min(least, options.lengths[0][static_cast<std::size_t>(row)]);
                most = std::max(most, options.lengths[0][static_cast<std::size_t>(row)]);
            }
            if (first)
                QCOMPARE(most, *std::max_element(options.lengths[0].begin(), options.lengths[0].end()));
            first = false;
            spread += most - least;
            ++batches;
        }
        QCOMPARE(seen.size(), std::size_t{1000});
        QCOMPARE(batches, sorted->announcedBatches());
        QVERIFY2(spread / batches < 25, "batches are not of similar length"); // shuffled: about 155
    }

    void errors()
    {
        std::mt19937 random(3);
        const auto dataset = randomDataset(random, 10, 1, 10);
        SamplerOptions options;
        options.batchSize = 0;
        QCOMPARE(makeBatchSampler({&dataset}, options).error().code, ErrorCode::InvalidValue);
        options.batchSize = 4;
        QVERIFY(!makeBatchSampler({}, options).ok());
        options.kind = BatchSamplerKind::GroupByLabel;
        QVERIFY(makeBatchSampler({&dataset}, options).error().message.find("label column") !=
                std::string::npos);
        options.batchSize = 6 + 1;
        QVERIFY(makeBatchSampler({&dataset}, options).error().message.find("even") != std::string::npos);
    }

    void millionsOfRows()
    {
        std::mt19937 random(9);
        const auto dataset = randomDataset(random, 400'000, 2, 300'000);
        SamplerOptions options;
        options.kind = BatchSamplerKind::NoDuplicates;
        options.batchSize = 1024;
        const auto sampler = make({dataset}, options);
        sampler->startEpoch(0);
        Batch batch;
        std::int64_t rows = 0;
        while (sampler->next(batch))
            rows += static_cast<std::int64_t>(batch.rows.size());
        QCOMPARE(rows, 400'000);
    }
};

QTEST_APPLESS_MAIN(TestSamplers)
#include "tst_samplers.moc"
