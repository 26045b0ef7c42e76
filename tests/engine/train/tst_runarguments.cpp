#include "core/arguments/argumentfields.h"
#include "core/plan/schedule.h"
#include "core/records/tensorboard.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/precision.h"
#include "tinyrun.h"

#include <QTest>

#include <cmath>
#include <nlohmann/json.hpp>

using namespace studio;
using namespace studio::test;

/// Arguments of optimizer, schedule, batches and device, seen in whole runs. Their mathematics has tests of
/// its own (tst_optimizers, tst_schedule, tst_samplers); here it is shown that a run obeys them.
class TestRunArguments : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void changesTheWeights_data();
    void changesTheWeights();
    void changesNothingOnTheCpu_data();
    void changesNothingOnTheCpu();
    void refusedHere_data();
    void refusedHere();
    void warmup_data();
    void warmup();
    void schedules();
    void evalBatchSize();
    void perGpuBatchSizes();
    void debugFindsOverflow();
    void fullEvaluationPrecision_data();
    void fullEvaluationPrecision();
    void routerMappingNeedsARouter();
    void tensorBoardFiles();
};

namespace {

/// Sets one argument by its name and JSON value, and those that it needs ("a=1;b=2").
void apply(TinyRun& tiny, const QString& settings)
{
    for (const auto& setting : settings.split(';', Qt::SkipEmptyParts)) {
        const auto sign = setting.indexOf('=');
        const auto* field = findField(setting.left(sign).toStdString());
        QVERIFY2(field, qPrintable(setting));
        const auto status =
            field->set(tiny.experiment.arguments, Json::parse(setting.mid(sign + 1).toStdString()));
        QVERIFY2(status.ok(), status ? "" : status.error().text().c_str());
    }
}

std::string finalWeights(const QString& settings)
{
    TinyRun tiny;
    apply(tiny, settings);
    const auto outcome = tiny.run();
    if (outcome.end != RunEnd::Completed) return outcome.error.text();
    return readFile(outcome.finalModel / "model.safetensors");
}

} // namespace

void TestRunArguments::changesTheWeights_data()
{
    QTest::addColumn<QString>("settings");
    QTest::addColumn<QString>("without"); // what the setting is compared with
    QTest::newRow("learning_rate") << "learning_rate=0.002"
                                   << "";
    QTest::newRow("weight_decay") << "weight_decay=0.1"
                                  << "";
    QTest::newRow("adam_beta1") << "adam_beta1=0.5"
                                << "";
    QTest::newRow("adam_beta2") << "adam_beta2=0.9"
                                << "";
    QTest::newRow("adam_epsilon") << "adam_epsilon=0.01"
                                  << "";
    QTest::newRow("optim") << R"(optim="lion_32bit")"
                           << "";
    QTest::newRow("adafactor") << "adafactor=true"
                               << "";
    QTest::newRow("optim_args") << R"(optim="ademamix";optim_args="alpha=1")"
                                << R"(optim="ademamix")";
    QTest::newRow("optim_target_modules")
        << R"(optim="galore_adamw";optim_target_modules=["query"];optim_args="rank=2")"
        << R"(optim="galore_adamw";optim_target_modules=["value"];optim_args="rank=2")";
    QTest::newRow("per_device_train_batch_size") << "per_device_train_batch_size=8"
                                                 << "";
    QTest::newRow("gradient_accumulation_steps") << "gradient_accumulation_steps=2"
                                                 << "";
    QTest::newRow("lr_scheduler_type") << R"(lr_scheduler_type="constant")"
                                       << "";
    QTest::newRow("max_grad_norm") << "max_grad_norm=0.01"
                                   << "";
    QTest::newRow("batch_sampler") << R"(batch_sampler="no_duplicates";seed=1)"
                                   << R"(batch_sampler="no_duplicates";seed=2)";
    QTest::newRow("seed") << "seed=1"
                          << "";
}

void TestRunArguments::changesTheWeights()
{
    QFETCH(QString, settings);
    QFETCH(QString, without);
    const auto changed = finalWeights(settings);
    QVERIFY2(changed.size() > 10000, changed.c_str());
    const auto plain = finalWeights(without);
    QVERIFY2(plain.size() > 10000, plain.c_str());
    QVERIFY(changed != plain);
    QCOMPARE(finalWeights(settings), changed); // and the same run gives the same again
}

/// What these are for does not exist on the CPU, or is always done: the run is the same bit for bit.
void TestRunArguments::changesNothingOnTheCpu_data()
{
    QTest::addColumn<QString>("settings");
    for (const char* settings :
         {"eval_accumulation_steps=2", "dataloader_pin_memory=false", "use_cpu=true", "no_cuda=true",
          "remove_unused_columns=false",
          "label_names=[\"score\"]", "prediction_loss_only=true", "eval_do_concat_batches=false",
          "half_precision_backend=\"auto\"", "accelerator_config={\"even_batches\": false}",
          "gradient_checkpointing_kwargs={\"use_reentrant\": true}"})
        QTest::newRow(settings) << settings;
}

void TestRunArguments::changesNothingOnTheCpu()
{
    QFETCH(QString, settings);
    const auto with = finalWeights(settings);
    QVERIFY2(with.size() > 10000, with.c_str());
    QCOMPARE(with, finalWeights(""));
}

void TestRunArguments::refusedHere_data()
{
    QTest::addColumn<QString>("settings");
    QTest::addColumn<QString>("word");
    QTest::newRow("use_mps_device") << "use_mps_device=true"
                                    << "use_mps_device";
    QTest::newRow("fp16") << "fp16=true"
                          << "fp16";
    QTest::newRow("half_precision_backend") << R"(bf16=true;half_precision_backend="apex")"
                                            << "Apex";
}

void TestRunArguments::refusedHere()
{
    QFETCH(QString, settings);
    QFETCH(QString, word);
    TinyRun tiny;
    apply(tiny, settings);
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find(word.toStdString()) != std::string::npos,
             outcome.error.text().c_str());
    QVERIFY(tiny.told.steps.empty());
}

void TestRunArguments::warmup_data()
{
    QTest::addColumn<QString>("settings");
    QTest::addColumn<int>("steps");
    QTest::newRow("warmup_steps") << "warmup_steps=3" << 3;
    QTest::newRow("warmup_ratio") << "warmup_ratio=0.4" << 3; // of 6 steps, rounded up
    QTest::newRow("steps win") << "warmup_steps=2;warmup_ratio=0.9" << 2;
}

void TestRunArguments::warmup()
{
    QFETCH(QString, settings);
    QFETCH(int, steps);
    TinyRun tiny;
    apply(tiny, settings + R"(;lr_scheduler_type="constant_with_warmup")");
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    for (int i = 0; i < 6; ++i)
        QCOMPARE(tiny.told.steps[static_cast<std::size_t>(i)].learningRate,
                 1e-3 * std::min(1.0, i / double(steps)));
}

void TestRunArguments::schedules()
{
    TinyRun tiny;
    apply(tiny, R"(lr_scheduler_type="cosine_with_min_lr";lr_scheduler_kwargs={"min_lr_rate": 0.25})");
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    for (int i = 0; i < 6; ++i) {
        const double cosine = 0.5 * (1 + std::cos(M_PI * i / 6.0));
        QVERIFY(std::abs(tiny.told.steps[static_cast<std::size_t>(i)].learningRate / 1e-3 -
                         (cosine * 0.75 + 0.25)) < 1e-12);
    }
}

/// More rows in a batch are more candidates for a ranking loss: ln 8 and ln 2 for a model that knows nothing.
void TestRunArguments::evalBatchSize()
{
    double losses[2] = {};
    for (int i = 0; i < 2; ++i) {
        TinyRun tiny;
        tiny.experiment.train = {tiny.pairs("train", 16)};
        auto spec = tiny.data("dev", 16, 2, {}, "", "");
        spec.loss.reset();
        tiny.experiment.eval = {spec};
        apply(tiny, "eval_on_start=true;eval_strategy=\"epoch\";per_device_eval_batch_size=" +
                        QString::number(i ? 8 : 2));
        const auto outcome = tiny.run();
        QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
        losses[i] = tiny.told.value(tiny.told.of(EventKind::Evaluation).front(), "eval_loss");
    }
    QVERIFY2(losses[1] > losses[0] + 0.5, qPrintable(QString("%1 %2").arg(losses[0]).arg(losses[1])));
}

void TestRunArguments::perGpuBatchSizes()
{
    // Old names that win over the new ones.
    TinyRun tiny;
    tiny.addEvaluation(8);
    apply(tiny, "per_gpu_train_batch_size=8;per_gpu_eval_batch_size=2;eval_strategy=\"epoch\"");
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QCOMPARE(tiny.told.steps.size(), std::size_t(3));
    QCOMPARE(tiny.told.steps.front().samples, std::int64_t(8));
    const auto evaluation = tiny.told.of(EventKind::Evaluation).back();
    const auto batches = tiny.told.value(evaluation, "eval_steps_per_second") /
                         tiny.told.value(evaluation, "eval_samples_per_second");
    QVERIFY(std::abs(batches - 0.5) < 0.02);
}

void TestRunArguments::debugFindsOverflow()
{
    TinyRun tiny;
    apply(tiny,
          R"(debug="underflow_overflow";learning_rate=1e30;lr_scheduler_type="constant";max_grad_norm=0)");
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find("not finite") != std::string::npos, outcome.error.text().c_str());
}

void TestRunArguments::fullEvaluationPrecision_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<double>("most");
    QTest::newRow("bf16_full_eval") << "bf16_full_eval" << 0.1;
    QTest::newRow("fp16_full_eval") << "fp16_full_eval" << 0.02;
}

/// Evaluations outside training: embeddings near those in 32 bits, and not the same.
void TestRunArguments::fullEvaluationPrecision()
{
    QFETCH(QString, key);
    QFETCH(double, most);
    const std::vector<std::string> texts{"w1 w2 w3", "w9 w8", "w50 w51 w52 w53 w54"};
    TrainingArguments arguments;
    QVERIFY(findField(key.toStdString())->set(arguments, true).ok());
    auto plain = SentenceModel::load(fixture("model/tiny/bert"));
    auto reduced = SentenceModel::load(fixture("model/tiny/bert"));
    QVERIFY(plain.ok() && reduced.ok());
    applyEvaluationPrecision(**reduced, arguments);
    const auto a = (*plain)->encode(texts);
    const auto b = (*reduced)->encode(texts);
    QVERIFY2(b.ok(), b ? "" : b.error().text().c_str());
    double largest = 0, scale = 0;
    for (std::size_t i = 0; i < a->values.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(a->values[i]) - b->values[i]));
        scale = std::max(scale, std::abs(static_cast<double>(a->values[i])));
    }
    QVERIFY2(largest > 0 && largest < most * scale, qPrintable(QString("%1 of %2").arg(largest).arg(scale)));
}

/// As in the original, a model without a Router ignores the routes; here it is said.
void TestRunArguments::routerMappingNeedsARouter()
{
    TinyRun tiny;
    apply(tiny, R"(router_mapping={"text0": "query"})");
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QVERIFY(tiny.told.found("router_mapping changes nothing"));
    QCOMPARE(readFile(outcome.finalModel / "model.safetensors"), finalWeights(""));
}

/// report_to "tensorboard" writes event files into logging_dir: records with checksums that hold the scalars.
void TestRunArguments::tensorBoardFiles()
{
    TinyRun tiny;
    tiny.addEvaluation();
    const auto folder = tiny.folder() / "board";
    apply(tiny, QString(R"(report_to="tensorboard";logging_dir="%1";eval_strategy="epoch")")
                    .arg(QString::fromStdString(folder.string())));
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    std::string bytes;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        QVERIFY(entry.path().filename().string().starts_with("events.out.tfevents."));
        bytes += readFile(entry.path());
    }
    const auto number = [&](std::size_t at, int size) {
        std::uint64_t value = 0;
        for (int i = 0; i < size; ++i)
            value |= static_cast<std::uint64_t>(
                         static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]))
                     << (8 * i);
        return value;
    };
    QCOMPARE(crc32c("123456789"), 0xe3069283u); // the check value of CRC-32C
    std::vector<std::string> records;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto size = number(at, 8);
        QCOMPARE(number(at + 8, 4), std::uint64_t(maskedCrc32c(bytes.substr(at, 8))));
        records.push_back(bytes.substr(at + 12, size));
        QCOMPARE(number(at + 12 + size, 4), std::uint64_t(maskedCrc32c(records.back())));
        at += 16 + size;
    }
    // The version, six log lines, an evaluation, the end.
    QCOMPARE(records.size(), std::size_t(9));
    QVERIFY(records[0].ends_with("brain.Event:2"));
    const auto loss = static_cast<float>(tiny.told.value(tiny.told.of(EventKind::Log)[2], "loss"));
    std::string scalar = "\n\ntrain/loss\x15";
    scalar.append(reinterpret_cast<const char*>(&loss), 4);
    QVERIFY(records[3].find(scalar) != std::string::npos);
    QCOMPARE(records[3][9], '\x10'); // field 2, the step
    QCOMPARE(records[3][10], '\x03');
    QVERIFY(records[7].find("eval/dev_spearman_cosine") != std::string::npos);

    TinyRun silent;
    apply(silent, R"(report_to="none")");
    QCOMPARE(silent.run().end, RunEnd::Completed);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(silent.out()))
        QVERIFY(entry.path().string().find("tfevents") == std::string::npos);
}

QTEST_GUILESS_MAIN(TestRunArguments)
#include "tst_runarguments.moc"
