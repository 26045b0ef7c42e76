#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentjson.h"
#include "core/arguments/methods.h"
#include "core/arguments/pythonparser.h"
#include "core/arguments/rules.h"
#include "core/arguments/setgroups.h"

#include "lawfile.h"
#include "randomarguments.h"

#include <QTest>

using namespace studio;

class TestArgumentMethods : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void typedAndNamedAgree();
    void resetsWhatIsNotGiven();
    void switches();
    void overlaps();
    void wholeDefaultsLeak();
    void zeroSteps_data();
    void zeroSteps();
    void badCalls_data();
    void badCalls();
    void warmupSteps_data();
    void warmupSteps();
    void logLevel();
    void readers();
    void mainProcessFirst();
    void properties_data();
    void properties();
    void unknownProperty();
    void literals_data();
    void literals();
    void brokenSyntax_data();
    void brokenSyntax();
};

namespace {

/// Arguments in which everything differs from every default.
TrainingArguments disturbed()
{
    test::RandomArguments random(3);
    TrainingArguments arguments = random.next();
    arguments.learningRate = 0.5;
    arguments.weightDecay = 0.5;
    arguments.perDeviceEvalBatchSize = 99;
    arguments.reportTo = TextList("wandb");
    arguments.hubToken = "hf_x";
    return arguments;
}

std::string call(TrainingArguments& arguments, const char* text)
{
    const auto result = callMethod(arguments, text);
    return result ? "" : result.error().message + " (" + result.error().where + ")";
}

} // namespace

void TestArgumentMethods::typedAndNamedAgree()
{
    const auto compare = [](const char* text, auto&& typed) {
        TrainingArguments a = disturbed();
        TrainingArguments b = disturbed();
        QVERIFY(typed(a).ok());
        QCOMPARE(call(b, text).c_str(), "");
        QCOMPARE(toJsonString(a).c_str(), toJsonString(b).c_str()); // the forms of the numbers too
        QVERIFY(a.hubToken == b.hubToken);
    };
    using A = TrainingArguments;
    compare("set_training()", [](A& a) { return setTraining(a); });
    compare("set_evaluate()", [](A& a) { return setEvaluate(a); });
    compare("set_testing()", [](A& a) { return setTesting(a); });
    compare("set_save()", [](A& a) { return setSave(a); });
    compare("set_logging()", [](A& a) { return setLogging(a); });
    compare("set_push_to_hub('a/b')", [](A& a) { return setPushToHub(a, {.modelId = "a/b"}); });
    compare("set_optimizer()", [](A& a) { return setOptimizer(a); });
    compare("set_lr_scheduler()", [](A& a) { return setLrScheduler(a); });
    compare("set_dataloader()", [](A& a) { return setDataloader(a); });
    compare("set_training(1e-4, 32, weight_decay=0.01, seed=1)", [](A& a) {
        return setTraining(a, {.learningRate = 1e-4, .batchSize = 32, .weightDecay = 0.01, .seed = 1});
    });
    compare("set_evaluate('steps', steps=50, delay=1.5, jit_mode=True)", [](A& a) {
        return setEvaluate(
            a, {.strategy = IntervalStrategy::Steps, .steps = 50, .delay = Number(1.5), .jitMode = true});
    });
    compare("set_logging(report_to=['tensorboard', 'wandb'], level='debug')", [](A& a) {
        return setLogging(a, {.reportTo = TextList(std::vector<std::string>{"tensorboard", "wandb"}),
                              .level = LogLevel::Debug});
    });
    compare("set_push_to_hub('me/m', strategy='end', token='hf_1', private_repo=True)", [](A& a) {
        return setPushToHub(
            a, {.modelId = "me/m", .strategy = HubStrategy::End, .token = "hf_1", .privateRepo = true});
    });
}

void TestArgumentMethods::resetsWhatIsNotGiven()
{
    for (const SetMethod& method : setMethods()) {
        TrainingArguments arguments = disturbed();
        const TrainingArguments before = arguments;
        std::string text = std::string(method.name) + (method.name == "set_push_to_hub" ? "('m')" : "()");
        QVERIFY(callMethod(arguments, text).ok());
        for (const Field& field : argumentFields()) {
            const SetParameter* parameter = nullptr;
            for (const SetParameter& one : method.parameters) {
                parameter = one.key == field.key ? &one : parameter;
            }
            if (parameter && !parameter->defaultJson.empty()) {
                QVERIFY(field.get(arguments) == Json::parse(parameter->defaultJson));
            } else if (!parameter && field.key != method.switches) {
                QVERIFY(field.equal(arguments, before));
            }
        }
    }
}

void TestArgumentMethods::switches()
{
    TrainingArguments a;
    QVERIFY(setTraining(a).ok() && a.doTrain);
    QVERIFY(setTesting(a).ok() && a.doPredict);
    QVERIFY(setEvaluate(a, {.strategy = IntervalStrategy::Epoch}).ok() && a.doEval);
    QVERIFY(setEvaluate(a).ok() && !a.doEval); // "no" switches off what was on
    QVERIFY(setPushToHub(a, {.modelId = "x"}).ok() && a.pushToHub);
    QVERIFY(!a.evalDelay); // null is the method's default
}

void TestArgumentMethods::overlaps()
{
    TrainingArguments a;
    QVERIFY(setTraining(a, {.learningRate = 1e-3, .batchSize = 32}).ok());
    QVERIFY(setOptimizer(a, {.learningRate = 1e-4}).ok());
    QVERIFY(a.learningRate == 1e-4);
    QVERIFY(setDataloader(a).ok());
    QCOMPARE(a.perDeviceTrainBatchSize, std::int64_t(8));
}

void TestArgumentMethods::wholeDefaultsLeak()
{
    TrainingArguments a;
    QVERIFY(setTraining(a).ok());
    const std::string json = toJsonString(a);
    QVERIFY(json.find("\"weight_decay\": 0,") != std::string::npos);
    QVERIFY(json.find("\"num_train_epochs\": 3,") != std::string::npos);
    QVERIFY(setLogging(a).ok());
    QVERIFY(toJsonString(a).find("\"report_to\": \"none\"") != std::string::npos);
}

void TestArgumentMethods::zeroSteps_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("works");
    QTest::newRow("evaluate") << "set_evaluate(strategy='steps', steps=0)" << false;
    QTest::newRow("save") << "set_save(steps=0)" << false;
    QTest::newRow("logging") << "set_logging(steps=0)" << false;
    QTest::newRow("evaluate by epoch") << "set_evaluate(strategy='epoch', steps=0)" << true;
    QTest::newRow("save never") << "set_save('no', 0)" << true;
    QTest::newRow("negative passes") << "set_save(steps=-5)" << true;
    QTest::newRow("best") << "set_save('best')" << true;
}

void TestArgumentMethods::zeroSteps()
{
    QFETCH(QString, text);
    QFETCH(bool, works);
    TrainingArguments arguments = disturbed();
    const TrainingArguments before = arguments;
    const std::string error = call(arguments, text.toStdString().c_str());
    QCOMPARE(error.empty(), works);
    QCOMPARE(arguments == before, !works); // checked before anything is written
    if (!works) {
        QVERIFY(error.find("positive") != std::string::npos);
    }
    TrainingArguments typed;
    QVERIFY(!setEvaluate(typed, {.strategy = IntervalStrategy::Steps, .steps = 0}).ok());
    QVERIFY(!setSave(typed, {.steps = 0}).ok());
    QVERIFY(!setLogging(typed, {.steps = 0}).ok());
    QVERIFY(typed == TrainingArguments());
}

void TestArgumentMethods::badCalls_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("named");
    const auto row = [](const char* text, const char* named) { QTest::newRow(text) << text << named; };
    row("set_train()", "set_training");
    row("set_training(lr=1)", "learning_rate");
    row("set_training(1, learning_rate=1)", "two values");
    row("set_training(batch_size='8')", "wanted a whole number");
    row("set_testing(1, False, False, 4)", "at most 3");
    row("set_evaluate('sometimes')", "no, steps, epoch");
    row("set_save('daily')", "best");
    row("set_push_to_hub()", "model_id");
    row("set_push_to_hub(None)", "model_id");
    row("set_push_to_hub('m', 'weekly')", "every_save");
    row("set_optimizer('adam')", "adamw_torch");
    row("set_lr_scheduler('steep')", "cosine");
    row("get_warmup_steps()", "num_training_steps");
    row("to_dict(1)", "at most 0");
}

void TestArgumentMethods::badCalls()
{
    QFETCH(QString, text);
    QFETCH(QString, named);
    TrainingArguments arguments;
    const std::string error = call(arguments, text.toStdString().c_str());
    QVERIFY2(error.find(named.toStdString()) != std::string::npos, error.c_str());
    QVERIFY(arguments == TrainingArguments());
}

void TestArgumentMethods::warmupSteps_data()
{
    QTest::addColumn<int>("index");
    QTest::newRow("the list is not empty") << -1;
    for (const Json& method : test::law()["methods"]) {
        for (std::size_t i = 0; method["name"] == "get_warmup_steps" && i < method["test_vectors"].size();
             ++i) {
            QTest::addRow("%zu", i) << static_cast<int>(i);
        }
    }
}

void TestArgumentMethods::warmupSteps()
{
    QFETCH(int, index);
    for (const Json& method : test::law()["methods"]) {
        if (method["name"] != "get_warmup_steps") {
            continue;
        }
        if (index < 0) {
            QVERIFY(!method["test_vectors"].empty());
            return;
        }
        const Json& vector = method["test_vectors"][static_cast<std::size_t>(index)];
        TrainingArguments arguments;
        arguments.warmupSteps = vector["warmup_steps"].get<std::int64_t>();
        arguments.warmupRatio = Number(vector["warmup_ratio"].get<double>());
        const std::string text =
            "get_warmup_steps(num_training_steps=" + std::to_string(vector["num_training_steps"].get<int>()) +
            ")";
        const auto result = callMethod(arguments, text);
        QVERIFY(result.ok());
        QCOMPARE(result->dump().c_str(), vector["result"].dump().c_str());
    }
    TrainingArguments arguments;
    arguments.warmupSteps = 0.5; // put in by set_lr_scheduler: comes back as it is
    QVERIFY(!getWarmupSteps(arguments, 10).isInteger() && getWarmupSteps(arguments, 10) == 0.5);
    arguments.warmupSteps = -4;
    arguments.warmupRatio = Number(0.5);
    QVERIFY(getWarmupSteps(arguments, 10) == 5);
    arguments.warmupRatio.reset();
    QVERIFY(getWarmupSteps(arguments, 10) == 0);
}

void TestArgumentMethods::logLevel()
{
    for (const Json& level : test::law()["enums"]["LogLevel"]["values"]) {
        TrainingArguments arguments;
        arguments.logLevel = fromText<LogLevel>(level["value"].get<std::string>());
        const int expected = level["number"].get<int>();
        QCOMPARE(getProcessLogLevel(arguments), expected < 0 ? 30 : expected);
    }
    TrainingArguments arguments;
    arguments.logLevel = LogLevel::Debug;
    arguments.logLevelReplica = LogLevel::Error;
    RuleContext replica;
    replica.processes = 4;
    replica.processIndex = 2;
    replica.localProcessIndex = 0;
    QCOMPARE(getProcessLogLevel(arguments, replica), 10); // first of its machine
    arguments.logOnEachNode = false;
    QCOMPARE(getProcessLogLevel(arguments, replica), 40);
    arguments.logLevelReplica.reset();
    replica.libraryLogLevel = 20;
    QCOMPARE(getProcessLogLevel(arguments, replica), 20);
}

void TestArgumentMethods::readers()
{
    TrainingArguments arguments;
    QCOMPARE(callMethod(arguments, "to_json_string()")->get<std::string>().c_str(),
             toJsonString(arguments).c_str());
    QVERIFY(*callMethod(arguments, "to_dict()") == toDict(arguments));
    QVERIFY(*callMethod(arguments, " args.to_sanitized_dict( ) ") == toSanitizedDict(arguments));
    QCOMPARE(callMethod(arguments, "get_process_log_level()")->get<int>(), 30);
    QVERIFY(callMethod(arguments, "main_process_first(local=False, desc='x')")->is_null());
    QVERIFY(arguments == TrainingArguments());
    // All fifteen methods of the law can be called.
    for (const Json& method : test::law()["methods"]) {
        const std::string name = method["name"].get<std::string>();
        const std::string text = name + (name == "set_push_to_hub"    ? "('m')"
                                         : name == "get_warmup_steps" ? "(10)"
                                                                      : "()");
        QVERIFY2(callMethod(arguments, text).ok(), text.c_str());
    }
    QCOMPARE(test::law()["methods"].size(), std::size_t(15));
}

void TestArgumentMethods::mainProcessFirst()
{
    std::vector<int> order;
    const auto barrier = [&] { order.push_back(0); };
    {
        const MainProcessFirst alone({}, barrier);
        order.push_back(1);
    }
    QVERIFY(order == std::vector<int>{1}); // nothing to wait for
    RuleContext context;
    context.processes = 2;
    order.clear();
    {
        const MainProcessFirst first(context, barrier);
        order.push_back(1);
    }
    QVERIFY((order == std::vector<int>{1, 0})); // releases the others when it leaves
    context.localProcessIndex = context.processIndex = 1;
    order.clear();
    {
        const MainProcessFirst second(context, barrier);
        order.push_back(1);
    }
    QVERIFY((order == std::vector<int>{0, 1}));
}

void TestArgumentMethods::properties_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("plain");
    QTest::addColumn<QString>("distributed");
    const auto row = [](const char* name, const char* plain, const char* distributed) {
        QTest::newRow(name) << name << plain << distributed;
    };
    // Plain: one process, no GPU. Distributed: process 3 of 4 on a second machine with two GPUs.
    row("train_batch_size", "8", "8");
    row("eval_batch_size", "8", "8");
    row("ddp_timeout_delta", "\"0:30:00\"", "\"0:30:00\"");
    row("device", "\"cpu\"", "\"cuda:1\"");
    row("n_gpu", "0", "1");
    row("parallel_mode", "\"not_parallel\"", "\"distributed\"");
    row("world_size", "1", "4");
    row("process_index", "0", "3");
    row("local_process_index", "0", "1");
    row("should_log", "true", "false");
    row("should_save", "true", "false");
    row("place_model_on_device", "true", "true");
    QCOMPARE(test::law()["properties"].size(), std::size_t(12));
}

void TestArgumentMethods::properties()
{
    QFETCH(QString, name);
    QFETCH(QString, plain);
    QFETCH(QString, distributed);
    TrainingArguments arguments;
    RuleContext four;
    four.gpus = 2;
    four.processes = 4;
    four.processIndex = 3;
    four.localProcessIndex = 1;
    QCOMPARE(getProperty(arguments, name.toStdString())->dump().c_str(), plain.toStdString().c_str());
    QCOMPARE(getProperty(arguments, name.toStdString(), four)->dump().c_str(),
             distributed.toStdString().c_str());
    bool inLaw = false;
    for (const Json& property : test::law()["properties"]) {
        inLaw = inLaw || property["name"] == name.toStdString();
    }
    QVERIFY(inLaw);
}

void TestArgumentMethods::unknownProperty()
{
    TrainingArguments arguments;
    QVERIFY(!getProperty(arguments, "batch").ok());
    QVERIFY(getProperty(arguments, "learning_rate")->get<double>() == 5e-05);
    arguments.hubToken = "hf_x";
    QVERIFY(!getProperty(arguments, "hub_token").ok());

    arguments.perGpuTrainBatchSize = 4; // the old name wins
    QCOMPARE(trainBatchSize(arguments), std::int64_t(4));
    arguments.perGpuTrainBatchSize = 0;
    QCOMPARE(trainBatchSize(arguments), std::int64_t(8));
    RuleContext two;
    two.gpus = 2;
    QCOMPARE(trainBatchSize(arguments, two), std::int64_t(16));
    QCOMPARE(QByteArray(parallelMode(arguments, two).data()), QByteArray("not_distributed"));
    arguments.useCpu = true;
    QCOMPARE(gpuCount(arguments, two), 0);
    QCOMPARE(deviceName(arguments, two).c_str(), "cpu");
    arguments.ddpTimeout = 90061;
    QCOMPARE(getProperty(arguments, "ddp_timeout_delta")->get<std::string>().c_str(), "1 day, 1:01:01");
}

void TestArgumentMethods::literals_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("json");
    const auto row = [](const char* text, const char* json) { QTest::newRow(text) << text << json; };
    row("1_000", "1000");
    row("-5", "-5");
    row("- 5", "-5");
    row("1e-4", "0.0001");
    row(".5", "0.5");
    row("5.", "5.0");
    row("3.", "3.0");
    row("1E3", "1000.0");
    row("9223372036854775807", "9223372036854775807");
    row("True", "true");
    row("None", "null");
    row("'a'", "\"a\"");
    row("\"it's\"", "\"it's\"");
    row("'a\\n\\x41\\u00e4\\U0001F600'", "\"a\\nAä😀\"");
    row("r'\\d+'", "\"\\\\d+\"");
    row("'a' 'b'", "\"ab\"");
    row("\"\"\"two\nlines\"\"\"", "\"two\\nlines\"");
    row("[1, 2.0, 'x',]", "[1,2.0,\"x\"]");
    row("(1, 2)", "[1,2]");
    row("(1)", "1");
    row("()", "[]");
    row("{'a': {'b': [None]}, \"c\": -1e-3}", "{\"a\":{\"b\":[null]},\"c\":-0.001}");
    row("BatchSamplers.NO_DUPLICATES", "\"no_duplicates\"");
    row("[  # comment\n 1]", "[1]");
}

void TestArgumentMethods::literals()
{
    QFETCH(QString, text);
    QFETCH(QString, json);
    const auto parsed = parsePythonCall("f(" + text.toStdString() + ")");
    QVERIFY2(parsed.ok(), parsed ? "" : parsed.error().message.c_str());
    QCOMPARE(parsed->positional.size(), std::size_t(1));
    QCOMPARE(parsed->positional[0].dump().c_str(), json.toStdString().c_str());
}

void TestArgumentMethods::brokenSyntax_data()
{
    QTest::addColumn<QString>("text");
    const char* const texts[] = {"",           "f",           "f(",           "f(1",        "f(1 2)",
                                 "f(a=)",      "f(a=1, a=2)", "f(a=1,2)",     "f('x)",      "f(x)",
                                 "f([1, 2)",   "f({1: 2})",   "f() g()",      "1()",        "f(1.2.3)",
                                 "f('\\xzz')", "f(*args)",    "f('\\ud800')", "f({'a' 1})", "f(--)",
                                 "f.(1)",      "f(1e)",       "f(float())",   "f(\"\"\"a)"};
    for (const char* text : texts) {
        QTest::newRow(text) << text;
    }
    QTest::newRow("deep") << "f(" + QString("[").repeated(100000);
}

void TestArgumentMethods::brokenSyntax()
{
    QFETCH(QString, text);
    const auto parsed = parsePythonCall(text.toStdString());
    QVERIFY(!parsed.ok());
    QVERIFY(!parsed.error().where.empty());
}

QTEST_APPLESS_MAIN(TestArgumentMethods)
#include "tst_argument_methods.moc"
