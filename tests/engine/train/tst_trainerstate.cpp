#include "engine/train/batchloader.h"
#include "engine/train/trainerstate.h"

#include <QTest>

#include <cmath>

using namespace studio;

class TestTrainerState : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void writesWhatPythonWrites();
    void readsWhatItWrote();
    void refusesWhatIsNoState();
    void betterIsStrict();
    void hashTellsRowsAndSetsApart();
};

void TestTrainerState::writesWhatPythonWrites()
{
    TrainerState state;
    state.globalStep = 2;
    state.maxSteps = 6;
    state.epochs = 1;
    state.epoch = 0.5;
    state.log({{"loss", 0.25}, {"grad_norm", 1.5}, {"learning_rate", 2e-05}});
    const auto text = state.toJson(TrainingArguments());

    // Two blanks, sorted keys, final newline: json.dumps(…, indent=2, sort_keys=True) + "\n".
    QVERIFY(text.starts_with("{\n  \"best_global_step\": null,\n  \"best_metric\": null,\n"));
    QVERIFY(text.ends_with("\n}\n"));
    QVERIFY(text.find("      \"epoch\": 0.5,\n      \"grad_norm\": 1.5,\n      \"learning_rate\": 2e-05,\n"
                      "      \"loss\": 0.25,\n      \"step\": 2\n") != std::string::npos);
    QVERIFY(text.find("\"eval_steps\": 500,") != std::string::npos);
    QVERIFY(text.find("\"save_steps\": 500,") != std::string::npos);
}

void TestTrainerState::readsWhatItWrote()
{
    TrainerState state;
    state.globalStep = 7;
    state.epoch = 0.7;
    state.bestMetric = 0.875;
    state.bestStep = 5;
    state.bestCheckpoint = "out/checkpoint-5";
    state.log({{"eval_loss", 0.5}});
    const auto read = TrainerState::fromJson(state.toJson(TrainingArguments()), "trainer_state.json");
    QVERIFY(read.ok());
    QCOMPARE(read->globalStep, 7);
    QCOMPARE(read->epoch, 0.7);
    QCOMPARE(*read->bestMetric, 0.875);
    QCOMPARE(read->bestStep, 5);
    QCOMPARE(read->bestCheckpoint, std::string("out/checkpoint-5"));
    QCOMPARE(read->logHistory.size(), std::size_t(1));
    QCOMPARE(read->logHistory.front().at("eval_loss").get<double>(), 0.5);
}

void TestTrainerState::refusesWhatIsNoState()
{
    for (const char* text : {"", "[]", "{}", "{\"global_step\": \"three\", \"epoch\": 1}"}) {
        const auto read = TrainerState::fromJson(text, "trainer_state.json");
        QVERIFY2(!read.ok(), text);
        QVERIFY(read.error().message.find("trainer_state.json") != std::string::npos);
    }
}

void TestTrainerState::betterIsStrict()
{
    QVERIFY(isBetter(0.5, std::nullopt, true));
    QVERIFY(isBetter(0.6, 0.5, true));
    QVERIFY(!isBetter(0.5, 0.5, true));
    QVERIFY(isBetter(0.4, 0.5, false));
    QVERIFY(!isBetter(std::nan(""), std::nullopt, true));
    QCOMPARE(metricKey("loss"), std::string("eval_loss"));
    QCOMPARE(metricKey("eval_sts-dev_spearman_cosine"), std::string("eval_sts-dev_spearman_cosine"));
}

void TestTrainerState::hashTellsRowsAndSetsApart()
{
    const auto hash = batchHash(kBatchHashStart, 0, {1, 2, 3});
    QCOMPARE(batchHash(kBatchHashStart, 0, {1, 2, 3}), hash);
    QVERIFY(batchHash(kBatchHashStart, 0, {3, 2, 1}) != hash);
    QVERIFY(batchHash(kBatchHashStart, 1, {1, 2, 3}) != hash);
}

QTEST_APPLESS_MAIN(TestTrainerState)
#include "tst_trainerstate.moc"
