#include "core/arguments/argumentfields.h"
#include "core/engine_api.h"
#include "core/experiment/experiment.h"
#include "core/runcontrol.h"
#include "engine/model/nativehook.h"
#include "engine/model/sentencemodel.h"
#include "engine/native/nativeencoder.h"
#include "engine/train/batchloader.h"
#include "engine/train/evalembed.h"
#include "engine/train/runparts.h"
#include "engine/train/trainer.h"
#include "support/testfiles.h"

#include <QTest>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

using namespace studio;

/// Our trainer against recorded runs of the Python trainer, once with plain torch operations and once with
/// our own kernels: the same rows in every batch, the same learning rate, loss and gradient norm of every
/// step, embeddings and metrics of the trained model.
class TestReferenceRuns : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanup() { setNativeEncoderMaker(nullptr); }
    void sameAsPython_data();
    void sameAsPython();
    void resumesAsPython_data() { sameEncoders(); }
    void resumesAsPython();
    void cachedEqualsPlain();

private:
    static void sameEncoders();
};

namespace {

namespace fs = std::filesystem;

struct Collected : RunObserver
{
    void onEvent(const Event&) override {}
    void onStep(const StepRecord& record) override { steps.push_back(record); }

    std::vector<StepRecord> steps;
};

double relative(double a, double b)
{
    return std::abs(a - b) / std::max(std::abs(b), 1e-12);
}

Json reference(const std::string& run)
{
    return Json::parse(test::readFile(test::fixture("reference-runs/" + run + ".json")));
}

/// A file of the reference runs' data: what ships with the program, else the copies of the fixtures.
fs::path dataFile(const std::string& name)
{
    const auto shipped = test::sourceFolder() / "resources" / "data" / name;
    return fs::exists(shipped) ? shipped : test::fixture("reference-runs/data/" + name);
}

void restrictRows(DataSpec& spec, const Json& from)
{
    if (from.contains("rows"))
        spec.rows = {from["rows"][0].get<std::int64_t>(), from["rows"][1].get<std::int64_t>()};
}

LossSpec lossSpec(const Json& from)
{
    LossSpec spec{from.at("class").get<std::string>(), from.value("args", Json::object())};
    if (from.contains("inner")) spec.options["loss"] = {{"type", from["inner"].at("class")}};
    return spec;
}

DataSpec trainSpec(const Json& dataset, const Json& loss, const std::string& name)
{
    DataSpec spec;
    spec.name = name;
    spec.path = dataFile(dataset.at("file").get<std::string>()).string();
    restrictRows(spec, dataset);
    for (const auto& column : dataset.at("columns"))
        spec.columns.emplace_back(column.get<std::string>(), column.get<std::string>());
    if (dataset.contains("score")) {
        spec.columns.emplace_back("score", dataset["score"]["column"].get<std::string>());
        if (dataset["score"].contains("divide")) spec.scoreDivisor = dataset["score"]["divide"].get<double>();
    }
    if (dataset.contains("label")) {
        spec.columns.emplace_back("label", dataset["label"]["column"].get<std::string>());
        const auto names = Json::parse(test::readFile(dataFile(dataset["label"]["ids"].get<std::string>())));
        spec.labels = names.get<std::vector<std::string>>();
    }
    spec.loss = lossSpec(loss);
    return spec;
}

Experiment experimentOf(const Json& spec, const fs::path& output)
{
    Experiment experiment;
    experiment.name = "reference";
    experiment.model.path = test::sampleModel().string();
    experiment.model.dropout = 0;
    if (spec.contains("datasets")) {
        for (const auto& [name, dataset] : spec["datasets"].items())
            experiment.train.push_back(trainSpec(dataset, spec.at("losses").at(name), name));
    } else {
        experiment.train.push_back(trainSpec(spec.at("dataset"), spec.at("loss"), "train"));
    }
    for (const auto& [key, value] : spec.at("args").items()) {
        const auto* field = findField(key);
        if (!field) qFatal("no argument %s", key.c_str());
        if (auto status = field->set(experiment.arguments, value); !status)
            qFatal("%s", status.error().text().c_str());
    }
    experiment.arguments.loggingSteps = 1;
    experiment.arguments.saveStrategy = SaveStrategy::No;
    experiment.arguments.outputDir = output.string();
    return experiment;
}

/// "label-triplet": anchor every step-th row; positive the next row (cyclic) with the same label; negative
/// the first row from half a file further on (cyclic) with another label.
std::string labelTriplets(const Json& from)
{
    DataSpec spec;
    spec.name = "test";
    spec.path = dataFile(from.at("file").get<std::string>()).string();
    spec.columns = {{"text", from["columns"][0].get<std::string>()},
                    {"category", from["columns"][1].get<std::string>()}};
    const auto rows = openDataset(spec);
    if (!rows) qFatal("%s", rows.error().text().c_str());
    const auto n = rows->rows();
    const auto category = [&](std::int64_t row) { return rows->text(1, row % n); };
    std::string lines;
    for (std::int64_t i = 0; i < n; i += from.at("step").get<std::int64_t>()) {
        auto positive = i + 1;
        while (category(positive) != category(i))
            ++positive;
        auto negative = i + n / 2;
        while (category(negative) == category(i))
            ++negative;
        lines += Json{{"anchor", rows->text(0, i)},
                      {"positive", rows->text(0, positive % n)},
                      {"negative", rows->text(0, negative % n)}}
                     .dump() +
                 "\n";
    }
    return lines;
}

void addEvaluator(Experiment& experiment, const Json& from, const fs::path& folder)
{
    const auto kind = from.at("kind").get<std::string>();
    DataSpec data;
    data.name = from.value("name", "dev");
    EvaluatorSpec evaluator;
    evaluator.data = data.name;
    if (kind == "label-triplet") {
        data.path = (folder / "triplets.jsonl").string();
        test::writeFile(data.path, labelTriplets(from));
    } else {
        data.path = dataFile(from.at("file").get<std::string>()).string();
        restrictRows(data, from);
    }
    if (kind == "sts") {
        evaluator.type = "EmbeddingSimilarityEvaluator";
        for (const auto& column : from.at("columns"))
            data.columns.emplace_back(column.get<std::string>(), column.get<std::string>());
    } else {
        evaluator.type = "TripletEvaluator";
        for (const char* column : {"anchor", "positive", "negative"})
            data.columns.emplace_back(column, column);
    }
    experiment.eval.push_back(data);
    experiment.evaluators.push_back(evaluator);
}

/// Rows, rate, loss and norm of the steps; says how large the differences were.
void compareSteps(const std::vector<StepRecord>& steps, const Json& expected,
                  const std::vector<std::string>& sets, double lossTolerance)
{
    QCOMPARE(steps.size(), expected.size());
    double worstLoss = 0, worstNorm = 0;
    std::string curve;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        auto hash = kBatchHashStart;
        for (const auto& micro : expected[i].at("micro")) {
            int set = 0;
            if (micro.contains("dataset"))
                while (sets.at(static_cast<std::size_t>(set)) != micro["dataset"].get<std::string>())
                    ++set;
            hash = batchHash(hash, set, micro.at("rows").get<std::vector<std::int64_t>>());
        }
        QCOMPARE(steps[i].batchHash, hash);
        QCOMPARE(steps[i].learningRate, expected[i].at("learning_rate").get<double>());
        const double difference = relative(steps[i].loss, expected[i].at("loss").get<double>());
        worstLoss = std::max(worstLoss, difference);
        worstNorm =
            std::max(worstNorm, relative(steps[i].gradNorm, expected[i].at("grad_norm").get<double>()));
        if (i % 5 == 0 || i + 1 == steps.size()) {
            char text[16];
            std::snprintf(text, sizeof text, " %.0e", difference);
            curve += text;
        }
    }
    qInfo("largest relative difference: loss %.2e, gradient norm %.2e; loss every 5 steps:%s", worstLoss,
          worstNorm, curve.c_str());
    QVERIFY2(worstLoss <= lossTolerance, qPrintable(QString::number(worstLoss)));
    QVERIFY2(worstNorm <= 1e-3, qPrintable(QString::number(worstNorm)));
}

TrainOutcome train(const Experiment& experiment, Collected& collected, const std::string& resumeFrom = {})
{
    TrainRequest request;
    request.experiment = &experiment;
    request.outputDir = *experiment.arguments.outputDir;
    request.resumeFrom = resumeFrom;
    RunControl control;
    return trainExperiment(request, collected, control);
}

/// The first components of five sentences' embeddings and, where recorded, the metrics.
void compareModel(const fs::path& folder, const Json& expected, const Json& spec, const fs::path& temporary)
{
    auto model = SentenceModel::load(folder);
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    const auto sentences = expected.at("sentences").get<std::vector<std::string>>();
    const auto embeddings = (*model)->encode(sentences);
    QVERIFY(embeddings.ok());
    double worst = 0;
    for (std::size_t row = 0; row < sentences.size(); ++row)
        for (std::size_t i = 0; i < 8; ++i)
            worst = std::max<double>(
                worst, std::abs(embeddings->values[row * static_cast<std::size_t>(embeddings->dim) + i] -
                                expected.at("embeddings_8_after")[row][i].get<float>()));
    QVERIFY2(worst < 1e-4, qPrintable(QString::number(worst)));
    if (!spec.contains("evaluator")) return;

    Experiment evaluation;
    const auto& evaluator = spec.at("evaluator");
    if (evaluator.contains("all"))
        for (const auto& each : evaluator["all"])
            addEvaluator(evaluation, each, temporary);
    else
        addEvaluator(evaluation, evaluator, temporary);
    auto made = makeEvaluators(evaluation);
    QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
    EvalContext context;
    context.embed = makeEvalEmbed(**model, {});
    context.similarity = (*model)->similarityName();
    const auto metrics = (*made)->evaluate(context);
    QVERIFY(metrics.ok());
    for (const auto& [key, value] : expected.at("metrics_after").items()) {
        // The recorded score of a sequence is the first evaluator's, by a function of its own.
        if (key == "sequential_score") continue;
        const auto found = std::find_if(metrics->begin(), metrics->end(), [&name = key](const auto& metric) {
            return metric.first.ends_with(name);
        });
        QVERIFY2(found != metrics->end(), key.c_str());
        QVERIFY2(std::abs(found->second - value.get<double>()) <= 1e-3,
                 qPrintable(QStringLiteral("%1: %2, Python %3")
                                .arg(key.c_str())
                                .arg(found->second)
                                .arg(value.get<double>())));
    }
}

bool chooseEncoder(const QString& encoder)
{
    if (encoder != "native") return true;
    registerNativeEncoder();
    auto model = SentenceModel::load(test::sampleModel());
    return model.ok() && std::string((*model)->encoder().implementation()).starts_with("native");
}

} // namespace

void TestReferenceRuns::initTestCase()
{
    if (test::sampleModel().empty()) QSKIP("needs the sample model all-MiniLM-L6-v2 (./test downloads it)");
}

/// All runs with both encoders take many minutes: SENTENCE_STUDIO_FULL=1 asks for them. Without it there is
/// one run of each kind with the encoder that users train with, and one with plain torch operations.
static bool wanted(const QString& run, const QString& encoder)
{
    if (qEnvironmentVariableIsSet("SENTENCE_STUDIO_FULL")) return true;
    static const QStringList always{"r1_stsb_cosine", "r2_snli_mnrl", "r4_two_proportional", "r7_resume"};
    return encoder == "native" ? always.contains(run) : run == always.first();
}

void TestReferenceRuns::sameEncoders()
{
    QTest::addColumn<QString>("encoder");
    for (const char* encoder : {"torch", "native"})
        if (wanted("r7_resume", encoder)) QTest::newRow(encoder) << encoder;
}

void TestReferenceRuns::sameAsPython_data()
{
    QTest::addColumn<QString>("run");
    QTest::addColumn<QString>("encoder");
    QTest::addColumn<double>("tolerance");
    for (const QString encoder : {"torch", "native"})
        for (const QString run :
             {"r1_stsb_cosine", "r2_snli_mnrl", "r3_banking_batch_hard", "r3b_banking_batch_semi_hard",
              "r4_two_proportional", "r4b_two_round_robin", "r5_matryoshka_adafactor", "r6_cached_mnrl",
              "r6b_plain_mnrl", "r8_three_epochs"})
            if (wanted(run, encoder))
                QTest::addRow("%s, %s", qPrintable(run), qPrintable(encoder)) << run << encoder << 1e-4;
}

void TestReferenceRuns::sameAsPython()
{
    QFETCH(QString, run);
    QFETCH(QString, encoder);
    QFETCH(double, tolerance);
    if (!chooseEncoder(encoder)) QSKIP("the native encoder does not run on this machine");
    const auto expected = reference(run.toStdString());
    test::TempFolder folder;
    const auto experiment = experimentOf(expected.at("spec"), folder / "out");
    std::vector<std::string> sets;
    for (const auto& spec : experiment.train)
        sets.push_back(spec.name);

    Collected collected;
    const auto outcome = train(experiment, collected);
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    compareSteps(collected.steps, expected.at("steps"), sets, tolerance);
    if (QTest::currentTestFailed()) return;
    compareModel(outcome.finalModel, expected, expected.at("spec"), folder.path());
}

/// r7: saved at step 20, then a fresh trainer goes on from there.
void TestReferenceRuns::resumesAsPython()
{
    QFETCH(QString, encoder);
    if (!chooseEncoder(encoder)) QSKIP("the native encoder does not run on this machine");
    const auto expected = reference("r7_resume");
    const auto& spec = expected.at("spec");
    test::TempFolder folder;
    auto experiment = experimentOf(spec, folder / "first");
    experiment.arguments.saveStrategy = SaveStrategy::Steps;
    experiment.arguments.saveSteps = spec.at("resume_from_step").get<double>();
    Collected whole;
    const auto first = train(experiment, whole);
    QVERIFY2(first.end == RunEnd::Completed, first.error.text().c_str());
    compareSteps(whole.steps, expected.at("steps"), {"train"}, 1e-4);
    if (QTest::currentTestFailed()) return;
    compareModel(first.finalModel, expected, spec, folder.path());
    if (QTest::currentTestFailed()) return;

    experiment.arguments.outputDir = (folder / "second").string();
    Collected rest;
    const auto second = train(experiment, rest, (folder / "first" / "checkpoint-20").string());
    QVERIFY2(second.end == RunEnd::Completed, second.error.text().c_str());
    compareSteps(rest.steps, expected.at("steps_after_resume"), {"train"}, 1e-4);
    if (QTest::currentTestFailed()) return;
    for (std::size_t i = 0; i < rest.steps.size(); ++i) { // bit for bit, as in Python
        QCOMPARE(rest.steps[i].loss, whole.steps[i + 20].loss);
        QCOMPARE(rest.steps[i].gradNorm, whole.steps[i + 20].gradNorm);
    }
}

/// r6 and r6b: mini-batches change memory, not the result. Python's two runs differ by up to 2.4e-7 in loss.
void TestReferenceRuns::cachedEqualsPlain()
{
    if (!chooseEncoder("native")) QSKIP("the native encoder does not run on this machine");
    std::vector<StepRecord> steps[2];
    const char* runs[] = {"r6_cached_mnrl", "r6b_plain_mnrl"};
    for (int i = 0; i < 2; ++i) {
        test::TempFolder folder;
        auto experiment = experimentOf(reference(runs[i]).at("spec"), folder / "out");
        experiment.arguments.maxSteps = 3;
        Collected collected;
        const auto outcome = train(experiment, collected);
        QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
        steps[i] = collected.steps;
    }
    for (std::size_t i = 0; i < steps[0].size(); ++i) {
        QCOMPARE(steps[0][i].batchHash, steps[1][i].batchHash);
        QVERIFY(std::abs(steps[0][i].loss - steps[1][i].loss) < 1e-6);
        QVERIFY(relative(steps[0][i].gradNorm, steps[1][i].gradNorm) < 1e-5);
    }
}

QTEST_GUILESS_MAIN(TestReferenceRuns)
#include "tst_referenceruns.moc"
