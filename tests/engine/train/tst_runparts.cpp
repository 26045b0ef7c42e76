#include "core/experiment/experiment.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/batchloader.h"
#include "engine/train/runparts.h"
#include "tinyrun.h"

#include <ATen/ATen.h>

#include <QTest>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

using namespace studio;
using test::TinyRun;

/// What a run is made of: data sets with their losses and prompts, models beside the trained one, parameter
/// groups, test sets, records about embeddings.
class TestRunParts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void severalSetsWithTheirLosses();
    void prompts_data();
    void prompts();
    void promptsOfTheSetComeFirst();
    void nestedPromptsNeedNames();
    void learningRateMapping();
    void mappingWithoutMatchIsRefused();
    void testSetsAfterTraining();
    void testSetsNeedDoPredict();
    void guideChangesTheLoss();
    void missingGuideIsNamed();
    void decoderOfItsOwn();
    void labelSmoothing();
    void groupByLength();
    void lengthColumn();
    void lengthColumnWithoutNumbers();
    void workersChangeNoBit();
    void workersPrefetch();
    void workersPersist();
    void failingWorkerIsHeard();
    void embeddingRecords();
    void recordsByLabels();
    void chanceLine();
    void missingColumn();
    void scoresBeyondRangeAreTold();
    void nanEndsTheRun();
};

namespace {

std::int64_t tokensOfFirstStep(TinyRun& tiny)
{
    tiny.experiment.arguments.maxSteps = 1;
    const auto outcome = tiny.run();
    if (outcome.end != RunEnd::Completed) qWarning("%s", outcome.error.text().c_str());
    return tiny.told.steps.empty() ? -1 : tiny.told.steps.front().tokens;
}

/// Parameters of a model folder by name.
std::vector<NamedTensor> weightsOf(const std::filesystem::path& folder)
{
    auto model = SentenceModel::load(folder);
    if (!model) qFatal("%s", model.error().text().c_str());
    std::vector<NamedTensor> all;
    for (const auto& parameter : (*model)->parameters())
        all.push_back({parameter.name, parameter.value.detach().clone()});
    return all;
}

} // namespace

void TestRunParts::severalSetsWithTheirLosses()
{
    TinyRun tiny;
    tiny.experiment.train = {tiny.scored("sts", 8), tiny.pairs("nli", 8), tiny.labelled("banking", 8)};
    auto dev = tiny.scored("sts-dev", 8);
    tiny.experiment.eval = {dev};
    tiny.experiment.eval.front().name = "banking";
    tiny.experiment.arguments.multiDatasetBatchSampler = MultiDatasetBatchSamplerKind::RoundRobin;
    tiny.experiment.arguments.evalStrategy = IntervalStrategy::Epoch;
    auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QCOMPARE(tiny.told.steps.size(), std::size_t(6));
    // The evaluation set goes with the training set of its name, whose loss wants one text.
    QVERIFY(tiny.told.found("The loss of banking is not measured"));

    tiny.experiment.eval = {tiny.data(
        "banking", 8, 1, [](int row) { return std::to_string(row % 4); }, "label", "")};
    tiny.experiment.eval.front().loss.reset();
    outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QVERIFY(std::isfinite(tiny.told.value(tiny.told.of(EventKind::Evaluation).front(), "eval_loss")));
}

void TestRunParts::prompts_data()
{
    QTest::addColumn<QString>("prompts");
    QTest::addColumn<int>("extra"); // tokens in a batch of 4 rows of 2 columns
    QTest::newRow("none") << "null" << 0;
    QTest::newRow("for all columns") << R"("w1 w2 ")" << 16;
    QTest::newRow("by column") << R"({"text0": "w1 w2 w3 "})" << 12;
    QTest::newRow("by data set") << R"({"train": "w1 ", "other": "w1 w2 w3 w4 w5 "})" << 8;
    QTest::newRow("by data set and column")
        << R"({"train": {"text1": "w1 w2 "}, "other": {"text0": "w1 "}})" << 8;
}

void TestRunParts::prompts()
{
    QFETCH(QString, prompts);
    QFETCH(int, extra);
    TinyRun tiny;
    const auto plain = tokensOfFirstStep(tiny);
    const bool bySet = prompts.contains("train");
    if (bySet) { // only several sets have names for the argument; round robin begins with the first
        tiny.experiment.train.push_back(tiny.scored("other", 24));
        tiny.experiment.arguments.multiDatasetBatchSampler = MultiDatasetBatchSamplerKind::RoundRobin;
    }
    const auto without = bySet ? tokensOfFirstStep(tiny) : plain;
    tiny.experiment.arguments.prompts = Json::parse(prompts.toStdString());
    QCOMPARE(tokensOfFirstStep(tiny), without + extra);
}

void TestRunParts::promptsOfTheSetComeFirst()
{
    TinyRun tiny;
    const auto plain = tokensOfFirstStep(tiny);
    tiny.experiment.arguments.prompts = "w1 w2 w3 ";
    tiny.experiment.train.front().prompts = {{"text0", "w5 "}};
    QCOMPARE(tokensOfFirstStep(tiny), plain + 4);
}

void TestRunParts::nestedPromptsNeedNames()
{
    TinyRun tiny;
    tiny.experiment.arguments.prompts = Json{{"train", {{"text0", "w1 "}}}};
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find("prompts") != std::string::npos, outcome.error.text().c_str());
}

/// A pattern takes its weights out of the common groups: with rate 0 they stay, all others move.
void TestRunParts::learningRateMapping()
{
    TinyRun tiny;
    tiny.experiment.arguments.learningRateMapping = {{R"(encoder\.layer\.0\.)", 0.0}};
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QCOMPARE(tiny.told.steps.front().learningRate, 1e-3); // the first group's
    const auto before = weightsOf(tiny.experiment.model.path), after = weightsOf(outcome.finalModel);
    QCOMPARE(before.size(), after.size());
    int kept = 0, moved = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        const auto& name = before[i].name;
        if (name.find("pooler") != std::string::npos || name.find("key.bias") != std::string::npos) continue;
        const bool equal = at::equal(before[i].value, after[i].value);
        if (name.find("encoder.layer.0.") != std::string::npos) {
            QVERIFY2(equal, name.c_str());
            ++kept;
        } else {
            QVERIFY2(!equal, name.c_str());
            ++moved;
        }
    }
    QVERIFY(kept > 10 && moved > 10);
}

void TestRunParts::mappingWithoutMatchIsRefused()
{
    TinyRun tiny;
    tiny.experiment.arguments.learningRateMapping = {{"no_such_weight", 0.1}};
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find("no_such_weight") != std::string::npos, outcome.error.text().c_str());
}

void TestRunParts::testSetsAfterTraining()
{
    TinyRun tiny;
    tiny.addEvaluation();
    auto held = tiny.scored("held-out", 8);
    held.loss.reset();
    tiny.experiment.test = {held};
    EvaluatorSpec evaluator;
    evaluator.type = "EmbeddingSimilarityEvaluator";
    evaluator.data = "held-out";
    tiny.experiment.evaluators.push_back(evaluator);
    auto& arguments = tiny.experiment.arguments;
    arguments.doPredict = true;
    arguments.evalStrategy = IntervalStrategy::Epoch;
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    const auto evaluations = tiny.told.of(EventKind::Evaluation);
    QCOMPARE(evaluations.size(), std::size_t(2));
    QCOMPARE(evaluations[1].text, std::string("test"));
    QVERIFY(std::isfinite(tiny.told.value(evaluations[1], "test_loss")));
    QVERIFY(std::isfinite(tiny.told.value(evaluations[1], "test_held-out_spearman_cosine")));
    // While training only the evaluation set counts; there is no sequence of the two.
    for (const auto& [key, value] : evaluations[0].values)
        QVERIFY2(key.find("held-out") == std::string::npos && key.find("sequential") == std::string::npos,
                 key.c_str());
    bool reported = false;
    for (const auto& [key, value] : outcome.metrics)
        reported = reported || key == "test_loss";
    QVERIFY(reported);
}

void TestRunParts::testSetsNeedDoPredict()
{
    TinyRun tiny;
    tiny.experiment.test = {tiny.scored("held-out", 8)};
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QVERIFY(tiny.told.of(EventKind::Evaluation).empty());
    const auto issues = validateExperiment(tiny.experiment);
    QVERIFY(std::any_of(issues.begin(), issues.end(),
                        [](const Issue& issue) { return issue.code == "experiment.test_unused"; }));
}

void TestRunParts::guideChangesTheLoss()
{
    double losses[2];
    for (int i = 0; i < 2; ++i) {
        TinyRun tiny;
        tiny.experiment.model.dropout = 0;
        tiny.experiment.train = {tiny.pairs("train", 8)};
        tiny.experiment.train.front().loss =
            i == 0 ? LossSpec{"MultipleNegativesRankingLoss", {{"scale", 100.0}}}
                   : LossSpec{"GISTEmbedLoss",
                              {{"guide", test::fixture("model/tiny/distilbert").string()},
                               {"contrast_anchors", false},
                               {"contrast_positives", false}}};
        const auto outcome = tiny.run();
        QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
        losses[i] = tiny.told.steps.front().loss;
    }
    // Without the guide's mask the two are the same loss; the guide can only take candidates away.
    QVERIFY2(losses[1] < losses[0], qPrintable(QStringLiteral("%1 %2").arg(losses[0]).arg(losses[1])));
}

void TestRunParts::missingGuideIsNamed()
{
    TinyRun tiny;
    tiny.experiment.train = {tiny.pairs("train", 8)};
    tiny.experiment.train.front().loss = LossSpec{"GISTEmbedLoss", {{"guide", "/no/such/model"}}};
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find("/no/such/model") != std::string::npos, outcome.error.text().c_str());
    QVERIFY(tiny.told.steps.empty());
}

void TestRunParts::decoderOfItsOwn()
{
    TinyRun tiny;
    tiny.experiment.train = {tiny.pairs("train", 8)};
    tiny.experiment.train.front().loss =
        LossSpec{"DenoisingAutoEncoderLoss",
                 {{"decoder_name_or_path", test::fixture("model/tiny/bert").string()},
                  {"tie_encoder_decoder", false}}};
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QVERIFY(tiny.told.steps.back().gradNorm > 0);
}

void TestRunParts::labelSmoothing()
{
    double losses[2];
    for (int i = 0; i < 2; ++i) {
        TinyRun tiny;
        tiny.experiment.model.dropout = 0;
        tiny.experiment.train = {tiny.data(
            "train", 8, 2, [](int row) { return std::to_string(row % 3); }, "label", "SoftmaxLoss")};
        tiny.experiment.train.front().loss->options = {{"num_labels", 3}};
        tiny.experiment.arguments.labelSmoothingFactor = Number(i * 0.5);
        QCOMPARE(tiny.run().end, RunEnd::Completed);
        losses[i] = tiny.told.steps.front().loss;
    }
    QVERIFY(std::abs(losses[0] - losses[1]) > 1e-4);
}

/// Batches of rows of like length: the tokens of a batch spread further apart than in drawn batches, the sum
/// stays.
void TestRunParts::groupByLength()
{
    std::int64_t spread[2], sum[2];
    for (int i = 0; i < 2; ++i) {
        TinyRun tiny(32);
        tiny.experiment.arguments.groupByLength = i == 1;
        QCOMPARE(tiny.run().end, RunEnd::Completed);
        std::int64_t low = 1 << 20, high = 0;
        sum[i] = 0;
        for (const auto& step : tiny.told.steps) {
            low = std::min(low, step.tokens);
            high = std::max(high, step.tokens);
            sum[i] += step.tokens;
        }
        spread[i] = high - low;
    }
    QCOMPARE(sum[1], sum[0]);
    QVERIFY2(spread[1] > spread[0], qPrintable(QStringLiteral("%1 %2").arg(spread[0]).arg(spread[1])));
}

/// length_column_name: rows are grouped by what the column says, not by their texts.
void TestRunParts::lengthColumn()
{
    const auto hashes = [](const std::string& column, bool inverted) {
        TinyRun tiny;
        auto spec = tiny.data(
            "train", 32, 2, [&](int row) { return std::to_string(inverted ? 31 - row : row); }, "n",
            "MultipleNegativesRankingLoss");
        spec.columns.pop_back(); // in the file, but no input
        tiny.experiment.train = {spec};
        tiny.experiment.arguments.groupByLength = true;
        tiny.experiment.arguments.lengthColumnName = column;
        const auto outcome = tiny.run();
        if (outcome.end != RunEnd::Completed) qWarning("%s", outcome.error.text().c_str());
        std::vector<std::uint32_t> hashes;
        for (const auto& step : tiny.told.steps)
            hashes.push_back(step.batchHash);
        return hashes;
    };
    const auto byColumn = hashes("n", false);
    QCOMPARE(byColumn.size(), std::size_t(8));
    QVERIFY(hashes("length", false) != byColumn); // no such column: the texts count
    QVERIFY(hashes("n", true) != byColumn);
    QCOMPARE(hashes("n", false), byColumn);
}

void TestRunParts::lengthColumnWithoutNumbers()
{
    TinyRun tiny;
    auto spec = tiny.data(
        "train", 8, 2, [](int row) { return row == 5 ? "long" : "3"; }, "n", "MultipleNegativesRankingLoss");
    spec.columns.pop_back();
    tiny.experiment.train = {spec};
    tiny.experiment.arguments.groupByLength = true;
    tiny.experiment.arguments.lengthColumnName = "n";
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.message.find("row 5 has no length in the column \"n\"") != std::string::npos,
             outcome.error.message.c_str());
}

/// dataloader_num_workers, dataloader_prefetch_factor: any number of threads gives the same batches in the same
/// order, and so the same weights.
void TestRunParts::workersChangeNoBit()
{
    std::string weights, hashes;
    for (const int workers : {0, 1, 3, 8}) {
        TinyRun tiny(40);
        auto& arguments = tiny.experiment.arguments;
        arguments.numTrainEpochs = Number(3.0);
        arguments.dataloaderNumWorkers = workers;
        if (workers > 1) arguments.dataloaderPrefetchFactor = workers;
        arguments.dataloaderPersistentWorkers = workers == 8;
        const auto outcome = tiny.run();
        QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
        const auto bytes = test::readFile(outcome.finalModel / "model.safetensors");
        std::string order;
        for (const auto& step : tiny.told.steps)
            order += std::to_string(step.batchHash) + " ";
        if (workers == 0) {
            weights = bytes;
            hashes = order;
            continue;
        }
        QCOMPARE(order, hashes);
        QVERIFY(bytes == weights);
    }
}

namespace {

/// The loader of a prepared run, with what its batches hold as one text.
struct Loading
{
    explicit Loading(TinyRun& tiny)
    {
        auto prepared = prepareRun(tiny.experiment, [](const std::string&) {});
        if (!prepared) qFatal("%s", prepared.error().text().c_str());
        parts = std::move(*prepared);
    }
    std::string epoch(std::int64_t number, std::int64_t skip = 0)
    {
        parts->loader->startEpoch(number, skip, parts->plan.batchesPerEpoch);
        std::string text;
        while (const auto batch = parts->loader->next()) {
            for (const auto row : batch->rows)
                text += std::to_string(row) + " ";
            for (const auto id : batch->pack.ids)
                text += std::to_string(id) + ",";
            text += "\n";
        }
        return text;
    }
    std::unique_ptr<RunParts> parts;
};

} // namespace

/// So many threads make so many batches ahead as dataloader_num_workers and dataloader_prefetch_factor say.
void TestRunParts::workersPrefetch()
{
    TinyRun tiny(400); // 100 batches
    Loading plain(tiny);
    const auto first = plain.epoch(0), second = plain.epoch(1), rest = plain.epoch(1, 40);
    QVERIFY(first != second);
    QVERIFY(second.ends_with(rest) && rest.size() < second.size());
    QCOMPARE(plain.parts->loader->threadsStarted(), std::int64_t(3)); // one for each epoch

    auto& arguments = tiny.experiment.arguments;
    arguments.dataloaderNumWorkers = 3;
    arguments.dataloaderPrefetchFactor = 4;
    Loading three(tiny);
    auto& loader = *three.parts->loader;
    loader.startEpoch(0, 0, three.parts->plan.batchesPerEpoch);
    QTRY_COMPARE(loader.ready(), std::int64_t(12));
    QTest::qWait(50);
    QCOMPARE(loader.ready(), std::int64_t(12)); // and no more
    QVERIFY(loader.next());
    QTRY_COMPARE(loader.ready(), std::int64_t(12));
    QCOMPARE(loader.threadsStarted(), std::int64_t(3));
    QCOMPARE(three.epoch(0), first); // an epoch that was left in the middle leaves nothing behind
    QCOMPARE(three.epoch(1), second);
    QCOMPARE(three.epoch(1, 40), rest);

    arguments.dataloaderPrefetchFactor.reset();
    Loading two(tiny);
    two.parts->loader->startEpoch(0, 0, two.parts->plan.batchesPerEpoch);
    QTRY_COMPARE(two.parts->loader->ready(), std::int64_t(6));
}

/// dataloader_persistent_workers: the same threads serve all epochs.
void TestRunParts::workersPersist()
{
    for (const bool persistent : {false, true}) {
        TinyRun tiny(64);
        tiny.experiment.arguments.dataloaderNumWorkers = 2;
        tiny.experiment.arguments.dataloaderPersistentWorkers = persistent;
        Loading loading(tiny);
        TinyRun same(64);
        Loading plain(same);
        for (int epoch = 0; epoch < 4; ++epoch)
            QCOMPARE(loading.epoch(epoch), plain.epoch(epoch));
        QCOMPARE(loading.parts->loader->threadsStarted(), std::int64_t(persistent ? 2 : 8));
    }
}

/// What goes wrong in a worker is thrown where the batch is asked for.
void TestRunParts::failingWorkerIsHeard()
{
    struct Failing : BatchSampler
    {
        void startEpoch(std::int64_t) override { m_left = 2; }
        bool next(Batch& batch) override
        {
            if (m_left-- == 0) throw std::bad_alloc();
            batch = {0, {0, 1}};
            return true;
        }
        std::int64_t announcedBatches() const override { return 9; }
        SamplerCursor cursor() const override { return {}; }
        int m_left = 0;
    } sampler;
    TinyRun tiny;
    Loading loading(tiny);
    BatchLoader loader({{&loading.parts->train.front(), {}, false}}, *loading.parts->model, sampler, {2, 4, true});
    for (int epoch = 0; epoch < 2; ++epoch) {
        loader.startEpoch(epoch, 0, 9);
        QVERIFY(loader.next());
        QVERIFY(loader.next());
        QVERIFY_EXCEPTION_THROWN(loader.next(), std::bad_alloc);
    }
}

void TestRunParts::embeddingRecords()
{
    TinyRun tiny;
    tiny.experiment.train = {tiny.pairs("train", 8)};
    auto dev = tiny.pairs("dev", 8);
    dev.loss.reset();
    tiny.experiment.eval = {dev, tiny.labelled("classes", 8)}; // one text a row: nothing to compare
    tiny.experiment.eval.back().loss.reset();
    tiny.experiment.arguments.evalStrategy = IntervalStrategy::Steps;
    tiny.experiment.arguments.evalSteps = Number(1);
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    const auto records = tiny.told.of(EventKind::Quality);
    QCOMPARE(records.size(), std::size_t(2)); // two steps
    double positives = 0, negatives = 0;
    for (const auto& [key, value] : records[0].values) {
        if (key.starts_with("positives_")) positives += value;
        if (key.starts_with("negatives_")) negatives += value;
    }
    QCOMPARE(records[0].text, std::string("dev"));
    QCOMPARE(positives, 8.0);
    QCOMPARE(negatives, 8.0);
    for (const char* key : {"alignment", "uniformity", "effective_rank", "similarity_positives",
                            "similarity_negatives", "overlap"})
        QVERIFY2(std::isfinite(tiny.told.value(records[0], key)), key);
    QVERIFY(tiny.told.value(records[0], "effective_rank") > 1);
    QVERIFY(std::abs(tiny.told.value(records[0], "chance_loss") - std::log(4.0)) < 1e-12);
}

/// Scores tell which rows belong together.
void TestRunParts::recordsByLabels()
{
    TinyRun tiny;
    tiny.addEvaluation(10); // scores 0, 0.7, 0.4, 0.1, 0.8, 0.5, 0.2, 0.9, 0.6, 0.3
    tiny.experiment.arguments.evalStrategy = IntervalStrategy::Epoch;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    const auto record = tiny.told.of(EventKind::Quality).front();
    double positives = 0, negatives = 0;
    for (const auto& [key, value] : record.values) {
        if (key.starts_with("positives_")) positives += value;
        if (key.starts_with("negatives_")) negatives += value;
    }
    QCOMPARE(positives, 5.0); // above 0.45
    QCOMPARE(negatives, 5.0);
    QVERIFY(std::isnan(tiny.told.value(record, "chance_loss")));
}

void TestRunParts::chanceLine()
{
    TinyRun tiny;
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QVERIFY(std::isnan(tiny.told.value(tiny.told.of(EventKind::Started).front(), "chance_loss")));
    tiny.experiment.train = {tiny.data("train", 8, 3, {}, "", "MultipleNegativesRankingLoss")};
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    // A batch of 4 rows: 4 positives and 4 negatives compete.
    QVERIFY(std::abs(tiny.told.value(tiny.told.of(EventKind::Started).front(), "chance_loss") -
                     std::log(8.0)) < 1e-12);
}

void TestRunParts::missingColumn()
{
    TinyRun tiny;
    tiny.experiment.train.front().columns[1].second = "text7";
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    const auto text = outcome.error.text();
    QVERIFY2(text.find("text7") != std::string::npos && text.find("text0") != std::string::npos,
             text.c_str());
    QVERIFY2(text.find("Data set train") != std::string::npos, text.c_str());
    QVERIFY(tiny.told.steps.empty());
}

void TestRunParts::scoresBeyondRangeAreTold()
{
    TinyRun tiny;
    tiny.experiment.train = {tiny.data(
        "train", 8, 2, [](int row) { return std::to_string(row % 6); }, "score", "CosineSimilarityLoss")};
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QVERIFY(tiny.told.found("score_divisor"));
}

/// Weights too large for a float: the run ends in the step that would spoil them, says what to do, and what
/// it has saved stays usable.
void TestRunParts::nanEndsTheRun()
{
    TinyRun tiny;
    auto& arguments = tiny.experiment.arguments;
    arguments.saveStrategy = SaveStrategy::Steps;
    arguments.saveSteps = Number(1);
    arguments.saveTotalLimit = 1;
    tiny.hooks.saveInBackground = false;
    tiny.told.stepHook = [&](const StepRecord& record) {
        if (record.step == 2) tiny.control.change({"learning_rate_factor", "1e30"});
    };
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    const auto text = outcome.error.text();
    QVERIFY2(text.find("not finite") != std::string::npos && text.find("learning_rate") != std::string::npos,
             text.c_str());
    QVERIFY2(text.find("checkpoint-") != std::string::npos, text.c_str());
    QCOMPARE(tiny.told.events.back().kind, EventKind::Failed);
    const auto kept = tiny.checkpoints();
    QVERIFY(!kept.empty());
    QVERIFY2(text.find("checkpoint-" + std::to_string(kept.back())) != std::string::npos, text.c_str());
    for (const auto& weight : weightsOf(tiny.out() / ("checkpoint-" + std::to_string(kept.back()))))
        QVERIFY2(!weight.value.isnan().any().item<bool>(), weight.name.c_str());
}

QTEST_GUILESS_MAIN(TestRunParts)
#include "tst_runparts.moc"
