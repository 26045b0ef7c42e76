#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentjson.h"
#include "core/arguments/rules.h"

#include "lawfile.h"
#include "randomarguments.h"

#include <QTest>

#include <charconv>
#include <cmath>

using namespace studio;

class TestArgumentJson : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden();
    void afterConstruction_data();
    void afterConstruction();
    void pythonText();
    void bareWords();
    void secrets();
    void sanitized();
    void strictTypes_data();
    void strictTypes();
    void brokenJson_data();
    void brokenJson();
    void presetIsSmall();
    void unknownKeys();
    void otherGenerations();
    void thousandRandomSets();
};

namespace {

bool hasIssue(const std::vector<Issue>& issues, const std::string& code, const std::string& key)
{
    for (const Issue& issue : issues) {
        if (issue.code == code && std::find(issue.keys.begin(), issue.keys.end(), key) != issue.keys.end()) {
            return true;
        }
    }
    return false;
}

/// The machine of the law's golden values: one process, no GPU, no trackers, a fixed time and host.
RuleContext goldenMachine()
{
    RuleContext context;
    context.startTime = "<start time>";
    context.host = "<host>";
    return context;
}

} // namespace

void TestArgumentJson::golden()
{
    TrainingArguments arguments;
    const auto issues = applyConstruction(arguments, goldenMachine());
    QVERIFY(!hasErrors(issues));
    QCOMPARE(toJsonString(arguments).c_str(),
             test::readFile(test::fixture("core/golden_arguments.txt")).c_str());
    QCOMPARE(toDict(arguments).dump().c_str(), test::law()["golden"]["to_dict"].dump().c_str());

    // What is constructed is not changed by another construction.
    TrainingArguments again = arguments;
    QVERIFY(applyConstruction(again, goldenMachine()).empty());
    QCOMPARE(toJsonString(again).c_str(), toJsonString(arguments).c_str());
}

void TestArgumentJson::afterConstruction_data()
{
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < test::law()["arguments"].size(); ++i) {
        QTest::newRow(test::law()["arguments"][i]["name"].get<std::string>().c_str()) << static_cast<int>(i);
    }
}

void TestArgumentJson::afterConstruction()
{
    QFETCH(int, index);
    static const TrainingArguments constructed = [] {
        TrainingArguments arguments;
        (void)applyConstruction(arguments, goldenMachine());
        return arguments;
    }();
    const Json& law = test::law()["arguments"][static_cast<std::size_t>(index)];
    const Json expected = law.contains("default_after_init") ? law["default_after_init"] : law["default"];
    if (law["name"] == "logging_dir") {
        QCOMPARE(constructed.loggingDir->c_str(), "trainer_output/runs/<start time>_<host>");
    } else {
        QCOMPARE(findField(law["name"].get<std::string>())->get(constructed).dump().c_str(),
                 expected.dump().c_str());
    }
}

void TestArgumentJson::pythonText()
{
    const Json cases = Json::parse(test::readFile(test::fixture("core/python_text.json")))["cases"];
    QVERIFY(cases.size() > 500);
    for (const Json& one : cases) {
        QCOMPARE(pythonJson(one["value"], 2).c_str(), one["dumps"].get<std::string>().c_str());
        QCOMPARE(pythonJson(one["value"], -1).c_str(), one["line"].get<std::string>().c_str());
        QCOMPARE(pythonRepr(one["value"]).c_str(), one["repr"].get<std::string>().c_str());
    }
}

void TestArgumentJson::bareWords()
{
    const auto parsed = parsePythonJson("{\"a\": [NaN, Infinity, -Infinity], \"b\": \"NaN\"}", "x.json");
    QVERIFY(parsed.ok());
    QVERIFY(std::isnan((*parsed)["a"][0].get<double>()));
    QCOMPARE(pythonJson(*parsed, -1).c_str(), "{\"a\": [NaN, Infinity, -Infinity], \"b\": \"NaN\"}");
    QCOMPARE(pythonRepr((*parsed)["a"]).c_str(), "[nan, inf, -inf]");
}

void TestArgumentJson::secrets()
{
    TrainingArguments arguments;
    arguments.hubToken = "hf_secret";
    arguments.pushToHubToken = "hf_other";
    QVERIFY(toJsonString(arguments).find("hf_") == std::string::npos);
    QVERIFY(pythonJson(toPreset(arguments)).find("hf_") == std::string::npos);
    QVERIFY(toPreset(arguments).empty());

    const ArgumentsRead original = fromOriginal(toDict(arguments));
    QVERIFY(original.issues.empty());
    QVERIFY(!original.arguments.hubToken && !original.arguments.pushToHubToken);

    const ArgumentsRead preset = fromPreset({{"hub_token", "hf_secret"}});
    QVERIFY(!preset.arguments.hubToken);
    QVERIFY(hasIssue(preset.issues, "secret_in_file", "hub_token"));
    QVERIFY(preset.issues[0].message.find("hf_secret") == std::string::npos);
}

void TestArgumentJson::sanitized()
{
    TrainingArguments arguments;
    (void)applyConstruction(arguments, goldenMachine());
    arguments.reportTo = TextList(std::vector<std::string>{"tensorboard"});
    arguments.perDeviceTrainBatchSize = 16;
    const Json object = toSanitizedDict(arguments);
    QCOMPARE(object["report_to"].get<std::string>().c_str(), "['tensorboard']");
    QCOMPARE(object["eval_steps"].get<std::string>().c_str(), "None");
    QCOMPARE(object["lr_scheduler_kwargs"].get<std::string>().c_str(), "{}");
    QCOMPARE(object["bf16"].get<bool>(), false);
    QCOMPARE(object["accelerator_config"].get<std::string>().c_str(),
             "{'split_batches': False, 'dispatch_batches': None, 'even_batches': True, "
             "'use_seedable_sampler': True, "
             "'non_blocking': False, 'gradient_accumulation_kwargs': None}");
    QCOMPARE(object["train_batch_size"].get<int>(), 16);
    QCOMPARE(std::prev(object.end()).key().c_str(), "eval_batch_size");
}

void TestArgumentJson::strictTypes_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("json");
    QTest::addColumn<QString>("wanted");
    const auto row = [](const char* key, const char* json, const char* wanted) {
        QTest::addRow("%s %s", key, json) << key << json << wanted;
    };
    row("learning_rate", "\"fast\"", "wanted a number");
    row("learning_rate", "null", "wanted a number");
    row("learning_rate", "true", "wanted a number");
    row("per_device_train_batch_size", "8.0", "wanted a whole number");
    row("per_device_train_batch_size", "18446744073709551615", "wanted a whole number");
    row("bf16", "1", "wanted true or false");
    row("output_dir", "3", "wanted text");
    row("label_names", "\"label\"", "wanted a list of texts");
    row("label_names", "[1]", "wanted a list of texts");
    row("report_to", "{}", "wanted a list of texts, or one text");
    row("lr_scheduler_kwargs", "[]", "wanted an object");
    row("optim", "\"adam\"", "Choose one of adamw_torch");
    row("optim", "4", "wanted text");
    row("lr_scheduler_type", "\"Linear\"", "Choose one of linear");
}

void TestArgumentJson::strictTypes()
{
    QFETCH(QString, key);
    QFETCH(QString, json);
    QFETCH(QString, wanted);
    const Field& field = *findField(key.toStdString());
    TrainingArguments arguments;
    const Status status = field.set(arguments, Json::parse(json.toStdString()));
    QVERIFY(!status.ok());
    QVERIFY(field.isDefault(arguments));
    QVERIFY2(status.error().message.find(key.toStdString()) == 0, status.error().message.c_str());
    QVERIFY2(status.error().message.find(wanted.toStdString()) != std::string::npos,
             status.error().message.c_str());

    const ArgumentsRead read = fromOriginal({{key.toStdString(), Json::parse(json.toStdString())}});
    QVERIFY(hasErrors(read.issues));
    QVERIFY(read.unknown.contains(key.toStdString())); // nothing is dropped
}

void TestArgumentJson::brokenJson_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("where");
    QTest::newRow("comma") << "{\n  \"a\": 1,\n}"
                           << "a.json:3:1";
    QTest::newRow("open") << "{\"a\": 1"
                          << "a.json:1:8";
    QTest::newRow("empty") << ""
                           << "a.json:1:1";
    QTest::newRow("deep") << QString("[").repeated(100000) << "a.json:1:201";
    QTest::newRow("no object") << "[1]"
                               << "a.json";
}

void TestArgumentJson::brokenJson()
{
    QFETCH(QString, text);
    QFETCH(QString, where);
    const auto read = fromOriginalText(text.toStdString(), "a.json");
    QVERIFY(!read.ok());
    QCOMPARE(read.error().where.c_str(), where.toStdString().c_str());
}

void TestArgumentJson::presetIsSmall()
{
    TrainingArguments arguments;
    QVERIFY(toPreset(arguments).empty());
    arguments.learningRate = 2e-05;
    arguments.seed = 7;
    arguments.weightDecay = 0; // the same value in another form
    QCOMPARE(pythonJson(toPreset(arguments), -1).c_str(), "{\"learning_rate\": 2e-05, \"seed\": 7}");
    QVERIFY(fromPreset(toPreset(arguments)).arguments == arguments);
}

void TestArgumentJson::unknownKeys()
{
    const Json object = {{"learning_rate", 1e-4}, {"lerning_rate", 2e-4}};
    const ArgumentsRead preset = fromPreset(object);
    QVERIFY(!hasErrors(preset.issues));
    QVERIFY(hasIssue(preset.issues, "argument_unknown", "lerning_rate"));
    QCOMPARE(preset.unknown.dump().c_str(), "{\"lerning_rate\":0.0002}");
    QVERIFY(preset.arguments.learningRate == 1e-4);
    QVERIFY(hasErrors(fromConstructorJson(object, {}).issues));
    QVERIFY(hasErrors(fromPreset(Json::array()).issues));
}

void TestArgumentJson::otherGenerations()
{
    // Older names.
    ArgumentsRead read = fromOriginal({{"evaluation_strategy", "epoch"},
                                       {"optim", "adamw_hf"},
                                       {"dispatch_batches", true},
                                       {"xpu_backend", "gloo"}});
    QVERIFY(read.arguments.evalStrategy == IntervalStrategy::Epoch);
    QVERIFY(read.arguments.optim == OptimizerName::AdamwTorch);
    QVERIFY(read.arguments.ddpBackend == DdpBackend::Gloo);
    QCOMPARE(read.arguments.acceleratorConfig.dump().c_str(), "{\"dispatch_batches\":true}");
    QVERIFY(hasIssue(read.issues, "argument_renamed", "eval_strategy"));
    QVERIFY(hasIssue(read.issues, "argument_renamed", "optim"));
    QVERIFY(read.unknown.empty());

    // Names of transformers 5.
    read = fromOriginal({{"activation_checkpointing", true},
                         {"gradient_checkpointing", nullptr},
                         {"warmup_steps", 0.1},
                         {"warmup_ratio", nullptr},
                         {"include_num_input_tokens_seen", "all"},
                         {"train_sampling_strategy", "group_by_length"},
                         {"fsdp", nullptr},
                         {"project", "huggingface"},
                         {"use_cache", true},
                         {"optim", "stable_adamw"}});
    QVERIFY(read.arguments.warmupSteps == 0.1);
    QVERIFY(read.arguments.groupByLength);
    QVERIFY(read.arguments.includeNumInputTokensSeen == true);
    QVERIFY(!read.arguments.gradientCheckpointing); // the name of today wins
    QVERIFY(hasIssue(read.issues, "argument_removed", "project"));
    QVERIFY(hasIssue(read.issues, "argument_removed", "use_cache"));
    QVERIFY(hasIssue(read.issues, "enum_values", "optim"));
    for (const char* kept : {"project", "use_cache", "optim"}) {
        QVERIFY(read.unknown.contains(kept));
    }
    // The fraction becomes the ratio when the arguments are constructed.
    TrainingArguments constructed = read.arguments;
    (void)applyConstruction(constructed, {});
    QVERIFY(*constructed.warmupRatio == 0.1 && constructed.warmupSteps == 0);
}

void TestArgumentJson::thousandRandomSets()
{
    test::RandomArguments random(20240601);
    for (int i = 0; i < 1000; ++i) {
        const TrainingArguments arguments = random.next();
        const std::string original = toJsonString(arguments);
        const auto read = fromOriginalText(original, "random");
        QVERIFY(read.ok());
        QVERIFY2(read->issues.empty(), read->issues.empty() ? "" : read->issues[0].message.c_str());
        QCOMPARE(toJsonString(read->arguments).c_str(), original.c_str());

        const std::string preset = pythonJson(toPreset(arguments));
        const ArgumentsRead again = fromPreset(*parsePythonJson(preset, "random"));
        QVERIFY(again.issues.empty());
        QCOMPARE(pythonJson(toPreset(again.arguments)).c_str(), preset.c_str());
        TrainingArguments withoutTokens = arguments;
        withoutTokens.hubToken.reset();
        withoutTokens.pushToHubToken.reset();
        QVERIFY(again.arguments == withoutTokens);
    }
}

QTEST_APPLESS_MAIN(TestArgumentJson)
#include "tst_argument_json.moc"
