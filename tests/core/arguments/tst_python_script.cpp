#include "core/arguments/pythonscript.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/methods.h"
#include "core/arguments/rules.h"

#include "randomarguments.h"

#include <QTest>

using namespace studio;

class TestPythonScript : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readable();
    void defaultIsShort();
    void longCallsAreBroken();
    void overlapsAreWrittenOnce();
    void secretsStayOut();
    void constructedRoundTrip();
    void rawRoundTrip();
    void reads();
    void refuses_data();
    void refuses();
};

namespace {

std::string read(const char* script, TrainingArguments& arguments, ArgumentState state = ArgumentState::Raw)
{
    const auto result = fromPythonScript(script, state, {}, "run.py");
    if (!result) {
        return result.error().where + " " + result.error().message;
    }
    arguments = result->arguments;
    return result->issues.empty() || state == ArgumentState::Constructed ? "" : result->issues[0].message;
}

} // namespace

void TestPythonScript::readable()
{
    ArgumentsRead constructed =
        fromConstructorJson({{"output_dir", "out"}, {"bf16", true}, {"batch_sampler", "no_duplicates"}}, {});
    QVERIFY(
        setTraining(constructed.arguments, {.learningRate = 2e-05, .batchSize = 32, .numEpochs = 1}).ok());
    QVERIFY(setLrScheduler(constructed.arguments, {.numEpochs = 1, .warmupRatio = 0.1}).ok());
    QCOMPARE(toPythonScript(constructed.arguments, ArgumentState::Constructed).c_str(),
             "from sentence_transformers import SentenceTransformerTrainingArguments\n"
             "\n"
             "# For transformers below 5: newer releases took warmup_ratio and jit_mode out of these calls.\n"
             "args = SentenceTransformerTrainingArguments(\n"
             "    output_dir=\"out\",\n"
             "    bf16=True,\n"
             "    batch_sampler=\"no_duplicates\",\n"
             ")\n"
             "args.set_training(learning_rate=2e-05, batch_size=32, num_epochs=1)\n"
             "args.set_lr_scheduler(num_epochs=1, warmup_ratio=0.1)\n");
}

void TestPythonScript::defaultIsShort()
{
    const char* const kShort = "from sentence_transformers import SentenceTransformerTrainingArguments\n\n"
                               "args = SentenceTransformerTrainingArguments()\n";
    TrainingArguments arguments;
    QCOMPARE(toPythonScript(arguments, ArgumentState::Raw).c_str(), kShort);
    RuleContext context;
    context.startTime = "Mar12_09-05-07";
    (void)applyConstruction(arguments, context);
    QCOMPARE(toPythonScript(arguments, ArgumentState::Constructed).c_str(), kShort);
}

void TestPythonScript::longCallsAreBroken()
{
    TrainingArguments arguments;
    QVERIFY(setTraining(arguments, {.learningRate = 2e-05,
                                    .batchSize = 32,
                                    .weightDecay = 0.01,
                                    .numEpochs = 1,
                                    .maxSteps = 1000,
                                    .gradientAccumulationSteps = 4})
                .ok());
    const std::string script = toPythonScript(arguments, ArgumentState::Raw);
    QVERIFY(script.find("args.set_training(\n    learning_rate=2e-05,\n") != std::string::npos);
    for (std::size_t i = 0; i < script.size();) {
        const std::size_t end = script.find('\n', i);
        QVERIFY(end - i <= 88);
        i = end + 1;
    }
}

void TestPythonScript::overlapsAreWrittenOnce()
{
    TrainingArguments arguments;
    QVERIFY(setTraining(arguments, {.learningRate = 2e-05}).ok());
    const std::string script = toPythonScript(arguments, ArgumentState::Raw);
    QVERIFY(script.find("set_optimizer") == std::string::npos);
    // Without the switch that the call sets, the constructor has to say it.
    arguments.doTrain = false;
    const std::string other = toPythonScript(arguments, ArgumentState::Raw);
    QVERIFY(other.find("set_training") == std::string::npos);
    QVERIFY(other.find("set_optimizer(learning_rate=2e-05)") != std::string::npos);
}

void TestPythonScript::secretsStayOut()
{
    TrainingArguments arguments;
    QVERIFY(setPushToHub(arguments, {.modelId = "me/m", .token = "hf_secret"}).ok());
    arguments.pushToHubToken = "hf_other";
    const std::string script = toPythonScript(arguments, ArgumentState::Raw);
    QVERIFY(script.find("hf_") == std::string::npos);
    QVERIFY(script.find("# The hub token is a secret") != std::string::npos);
    QVERIFY(script.find("args.set_push_to_hub(model_id=\"me/m\")") != std::string::npos);
}

/// Arguments as Python holds them come back equal, except for the folder named after the start time.
void TestPythonScript::constructedRoundTrip()
{
    test::RandomArguments random(11);
    RuleContext context;
    context.startTime = "Mar12_09-05-07";
    for (int i = 0; i < 150; ++i) {
        TrainingArguments arguments = random.next();
        (void)applyConstruction(arguments, context);
        if (i % 3 == 0) {
            QVERIFY(setTraining(arguments, {.batchSize = 4}).ok());
            QVERIFY(setEvaluate(arguments, {.strategy = IntervalStrategy::Epoch}).ok());
            QVERIFY(setLogging(arguments).ok());
        }
        const std::string script = toPythonScript(arguments, ArgumentState::Constructed, context);
        const auto back = fromPythonScript(script, ArgumentState::Constructed, context, "run.py");
        QVERIFY2(back.ok(), back ? "" : (back.error().where + back.error().message + "\n" + script).c_str());
        arguments.hubToken.reset();
        arguments.pushToHubToken.reset();
        const auto differing = differingKeys(back->arguments, arguments);
        QVERIFY2(differing.empty(),
                 differing.empty() ? "" : (std::string(differing[0]) + "\n" + script).c_str());
    }
}

void TestPythonScript::rawRoundTrip()
{
    test::RandomArguments random(12);
    for (int i = 0; i < 150; ++i) {
        TrainingArguments arguments = random.next();
        const std::string script = toPythonScript(arguments, ArgumentState::Raw);
        const auto back = fromPythonScript(script, ArgumentState::Raw, {}, "run.py");
        QVERIFY2(back.ok(), back ? "" : (back.error().where + back.error().message + "\n" + script).c_str());
        arguments.hubToken.reset();
        arguments.pushToHubToken.reset();
        const auto differing = differingKeys(back->arguments, arguments);
        QVERIFY2(differing.empty(),
                 differing.empty() ? "" : (std::string(differing[0]) + "\n" + script).c_str());
    }
}

void TestPythonScript::reads()
{
    TrainingArguments arguments;
    QCOMPARE(read(R"(
"""Docstring."""
import os  # comment
from sentence_transformers import (
    SentenceTransformerTrainingArguments,
)

training_args = sentence_transformers.SentenceTransformerTrainingArguments(
    "models/out",  # positional
    num_train_epochs=1,
    prompts={"anchor": "query: ", 'positive': 'passage: '},
    batch_sampler=BatchSamplers.NO_DUPLICATES,
)
training_args = training_args.set_optimizer(name="sgd").set_save(strategy="epoch", total_limit=2)
training_args.bf16 = True; training_args.seed = 7
)",
                  arguments)
                 .c_str(),
             "");
    QCOMPARE(arguments.outputDir->c_str(), "models/out");
    QVERIFY(arguments.numTrainEpochs == 1 && arguments.numTrainEpochs.isInteger());
    QCOMPARE(arguments.prompts.dump().c_str(), R"({"anchor":"query: ","positive":"passage: "})");
    QVERIFY(arguments.batchSampler == BatchSamplerKind::NoDuplicates);
    QVERIFY(arguments.optim == OptimizerName::Sgd);
    QVERIFY(arguments.saveStrategy == SaveStrategy::Epoch && arguments.saveTotalLimit == 2);
    QVERIFY(arguments.bf16 && arguments.seed == 7);
    QVERIFY(!arguments.predictionLossOnly);

    QCOMPARE(read("a = SentenceTransformerTrainingArguments().set_testing()", arguments,
                  ArgumentState::Constructed)
                 .c_str(),
             "");
    QVERIFY(arguments.doPredict && !arguments.predictionLossOnly); // the call comes after construction
    QCOMPARE(arguments.outputDir->c_str(), "trainer_output");
}

void TestPythonScript::refuses_data()
{
    QTest::addColumn<QString>("script");
    QTest::addColumn<QString>("where");
    QTest::newRow("nothing") << "import os\n"
                             << "run.py ";
    QTest::newRow("other code") << "a = SentenceTransformerTrainingArguments()\nprint('a')\n"
                                << "run.py:2 ";
    QTest::newRow("other assignment") << "x = 3\n"
                                      << "run.py:1 ";
    QTest::newRow("call first") << "a.set_training()\n"
                                << "run.py:1 ";
    QTest::newRow("bad value")
        << "a = SentenceTransformerTrainingArguments()\n\na.set_training(batch_size='x')"
        << "run.py:3 ";
    QTest::newRow("bad method") << "a = SentenceTransformerTrainingArguments()\na.to_dict()"
                                << "run.py:2 ";
    QTest::newRow("bad attribute") << "a = SentenceTransformerTrainingArguments()\na.bf17 = True"
                                   << "run.py:2 ";
    QTest::newRow("syntax") << "a = SentenceTransformerTrainingArguments(\n  bf16=True\n  fp16=False)"
                            << "run.py:3:3 ";
    QTest::newRow("loop") << "for i in range(3):\n  pass"
                          << "run.py:1:5 ";
}

void TestPythonScript::refuses()
{
    QFETCH(QString, script);
    QFETCH(QString, where);
    TrainingArguments arguments;
    const std::string error = read(script.toStdString().c_str(), arguments);
    QVERIFY2(error.find(where.toStdString()) == 0, error.c_str());
    // A wrong name in the constructor is a finding, as elsewhere.
    const auto named =
        fromPythonScript("a = SentenceTransformerTrainingArguments(bf17=True)", ArgumentState::Raw, {}, "x");
    QVERIFY(named.ok() && hasErrors(named->issues));
}

QTEST_APPLESS_MAIN(TestPythonScript)
#include "tst_python_script.moc"
