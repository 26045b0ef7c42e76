#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentjson.h"
#include "core/arguments/methods.h"
#include "core/arguments/rules.h"

#include "lawfile.h"
#include "randomarguments.h"
#include "rulecases.h"

#include <QTest>

#include <set>

using namespace studio;

class TestArgumentRules : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lawAndRulesAgree();
    void everyRuleHasCases();
    void cases_data();
    void cases();
    void unknownWords();
    void allAtOnceAndPure();
    void constructionValues_data();
    void constructionValues();
    void fixesResolve();
    void ranges();
    void severities();
    void neverFails();
};

namespace {

TrainingArguments argumentsOf(const char* json)
{
    const ArgumentsRead read = fromOriginal(Json::parse(json));
    if (!read.issues.empty()) {
        qFatal("%s: %s", json, read.issues[0].message.c_str());
    }
    return read.arguments;
}

bool reports(const std::vector<Issue>& issues, const std::string& id)
{
    return std::any_of(issues.begin(), issues.end(), [&](const Issue& issue) { return issue.code == id; });
}

const char* severityText(Severity severity)
{
    return severity == Severity::Error ? "error" : severity == Severity::Warning ? "warning" : "normalise";
}

const char* originText(RuleOrigin origin)
{
    constexpr const char* kTexts[] = {"post_init", "set_method", "serialisation", "trainer",
                                      "training",  "torch",      "numpy",         "native"};
    return kTexts[static_cast<int>(origin)];
}

} // namespace

void TestArgumentRules::lawAndRulesAgree()
{
    const Json& law = test::law()["rules"];
    QCOMPARE(argumentRules().size(), law.size());
    QCOMPARE(law.size(), std::size_t(133));
    for (std::size_t i = 0; i < law.size(); ++i) {
        const Rule& rule = argumentRules()[i];
        const std::string id(rule.id);
        QCOMPARE(id.c_str(), law[i]["id"].get<std::string>().c_str());
        QCOMPARE(law[i]["order"].get<std::size_t>(), i);
        QVERIFY2(law[i]["severity"] == severityText(rule.severity), id.c_str());
        QVERIFY2(law[i]["origin"] == originText(rule.origin), id.c_str());
        const std::vector<std::string> keys(rule.keys.begin(), rule.keys.end());
        QVERIFY2(law[i]["fields"].get<std::vector<std::string>>() == keys, id.c_str());
    }
}

void TestArgumentRules::everyRuleHasCases()
{
    std::set<std::string> covered;
    for (const test::RuleCase& one : test::ruleCases()) {
        covered.insert(one.id);
    }
    // Arguments that exist cannot show these two: see unknownWords() and tst_argument_methods, zeroSteps().
    covered.insert({"enum_values", "set_steps_zero"});
    for (const Rule& rule : argumentRules()) {
        QVERIFY2(covered.count(std::string(rule.id)), std::string(rule.id).c_str());
    }
    QCOMPARE(covered.size(), std::size_t(133));
}

void TestArgumentRules::cases_data()
{
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < test::ruleCases().size(); ++i) {
        QTest::addRow("%s %zu", test::ruleCases()[i].id, i) << static_cast<int>(i);
    }
}

void TestArgumentRules::cases()
{
    QFETCH(int, index);
    const test::RuleCase& one = test::ruleCases()[static_cast<std::size_t>(index)];
    RuleContext world;
    if (one.world) {
        one.world(world);
    }
    const auto issues = checkArguments(argumentsOf(one.speaks), world);
    QVERIFY(reports(issues, one.id));
    for (const Issue& issue : issues) {
        QVERIFY2(issue.message.ends_with('.') && issue.message.size() > 10, issue.message.c_str());
        QVERIFY(!issue.keys.empty());
        for (const std::string& key : issue.keys) {
            QVERIFY2(findField(key), key.c_str());
        }
        for (const FixEdit& edit : issue.fix ? issue.fix->edits : std::vector<FixEdit>()) {
            TrainingArguments scratch;
            const auto value = parsePythonJson(edit.json, "fix");
            QVERIFY2(value.ok(), edit.json.c_str());
            QVERIFY2(findField(edit.key) && findField(edit.key)->set(scratch, *value).ok(),
                     issue.message.c_str());
        }
    }
    RuleContext quiet;
    if (one.silentWorld) {
        one.silentWorld(quiet);
    } else if (one.world) {
        one.world(quiet);
    }
    QVERIFY(!reports(checkArguments(argumentsOf(one.silent), quiet), one.id));
}

void TestArgumentRules::unknownWords()
{
    for (const std::string_view key : argumentRules()[7].keys) {
        const ArgumentsRead read = fromConstructorJson({{std::string(key), "no such word"}}, {});
        QVERIFY(reports(read.issues, "enum_values"));
        QVERIFY(hasErrors(read.issues));
        const Json valid = findField(key)->defaultValue();
        QVERIFY(!reports(fromConstructorJson({{std::string(key), valid}}, {}).issues, "enum_values"));
    }
}

void TestArgumentRules::allAtOnceAndPure()
{
    const TrainingArguments arguments = argumentsOf(
        R"({"fp16": true, "bf16": true, "learning_rate": -1, "seed": -1, "max_steps": 0, "warmup_ratio": 2})");
    const TrainingArguments before = arguments;
    const auto issues = checkArguments(arguments);
    for (const char* id : {"fp16_bf16_exclusive", "learning_rate_range", "seed_range", "max_steps_zero",
                           "warmup_ratio_range", "fp16_needs_gpu"}) {
        QVERIFY2(reports(issues, id), id);
    }
    QVERIFY(arguments == before);
    // In the order of the rules.
    std::size_t last = 0;
    for (const Issue& issue : issues) {
        for (std::size_t i = 0; i < argumentRules().size(); ++i) {
            if (argumentRules()[i].id == issue.code) {
                QVERIFY(i >= last);
                last = i;
            }
        }
    }
    QVERIFY(!hasErrors(checkArguments(TrainingArguments())));
}

void TestArgumentRules::constructionValues_data()
{
    QTest::addColumn<QString>("given");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("value");
    const auto row = [](const char* given, const char* key, const char* value) {
        QTest::addRow("%s %s", key, given) << given << key << value;
    };
    row(R"({"warmup_steps": 0.1})", "warmup_ratio", "0.1");
    row(R"({"warmup_steps": 0.1})", "warmup_steps", "0");
    row(R"({"warmup_ratio": null})", "warmup_ratio", "0.0");
    row(R"({"lr_scheduler_kwargs": "{\"a\": \"12\", \"b\": \"0.5\", \"c\": \"TRUE\", \"d\": \"1e-3\", \"e\": \"-1\"}"})",
        "lr_scheduler_kwargs", R"({"a":12,"b":0.5,"c":true,"d":"1e-3","e":"-1"})");
    row(R"({"lr_scheduler_kwargs": "{\"a\": \".5\", \"b\": \"5.\", \"c\": [\"1\"], \"d\": {\"e\": \"1\"}}"})",
        "lr_scheduler_kwargs", R"({"a":0.5,"b":5.0,"c":["1"],"d":{"e":1}})");
    row(R"({"prompts": "{\"q\": \"12\"}"})", "prompts", R"({"q":"12"})");
    row(R"({"prompts": "query: "})", "prompts", R"("query: ")");
    row(R"({"output_dir": "~/x"})", "output_dir", R"("/home/me/x")");
    row(R"({"output_dir": "a/"})", "logging_dir", R"("a/runs/<start time>_localhost")");
    row(R"({"output_dir": "a"})", "run_name", R"("a")");
    row(R"({"eval_strategy": "steps", "logging_steps": 10.0})", "eval_steps", "10");
    row(R"({"logging_steps": 10.0})", "logging_steps", "10");
    row(R"({"logging_steps": 1.0})", "logging_steps", "1.0");
    row(R"({"load_best_model_at_end": true})", "metric_for_best_model", R"("loss")");
    row(R"({"load_best_model_at_end": true})", "greater_is_better", "false");
    row(R"({"metric_for_best_model": "eval_map"})", "greater_is_better", "true");
    row(R"({"adafactor": true, "optim": "sgd"})", "optim", R"("adafactor")");
    row(R"({"report_to": "tensorboard"})", "report_to", R"(["tensorboard"])");
    row(R"({"report_to": ["none", "wandb"]})", "report_to", R"(["none","wandb"])");
    row(R"({"report_to": "none"})", "report_to", "[]");
    row(R"({"fsdp": true})", "fsdp", R"(["full_shard"])");
    row(R"({"fsdp": null})", "fsdp", "[]");
    row(R"({"fsdp": "full_shard auto_wrap"})", "fsdp", R"(["full_shard","auto_wrap"])");
    row(R"({"fsdp_min_num_params": 7, "fsdp_config": {"min_num_params": 3, "z": 1}})", "fsdp_config",
        R"({"min_num_params":7,"z":1,"xla":false,"xla_fsdp_v2":false,"xla_fsdp_grad_ckpt":false})");
    row(R"({"fsdp_transformer_layer_cls_to_wrap": "B", "fsdp_config": {"transformer_layer_cls_to_wrap": "A"}})",
        "fsdp_config",
        R"({"transformer_layer_cls_to_wrap":["A","B"],"min_num_params":0,"xla":false,"xla_fsdp_v2":false,)"
        R"("xla_fsdp_grad_ckpt":false})");
    row(R"({"accelerator_config": {"non_blocking": true}})", "accelerator_config",
        R"({"split_batches":false,"dispatch_batches":null,"even_batches":true,"use_seedable_sampler":true,)"
        R"("non_blocking":true,"gradient_accumulation_kwargs":null})");
    row(R"({"tpu_metrics_debug": true, "debug": "underflow_overflow"})", "debug",
        R"(["underflow_overflow","tpu_metrics_debug"])");
    row(R"({"tpu_metrics_debug": true, "debug": ["underflow_overflow"]})", "debug",
        R"(["underflow_overflow","tpu_metrics_debug"])");
    row(R"({"tpu_metrics_debug": true})", "tpu_metrics_debug", "false");
    row(R"({"use_cpu": true})", "dataloader_pin_memory", "false");
    row(R"({"no_cuda": true})", "use_cpu", "true");
    row(R"({"torchdynamo": "eager"})", "torch_compile_backend", R"("eager")");
    row(R"({"torchdynamo": "eager"})", "torch_compile", "true");
    row(R"({"torch_compile": true})", "torch_compile_backend", R"("inductor")");
    row(R"({"push_to_hub_model_id": "m", "push_to_hub_organization": "o"})", "hub_model_id", R"("o/m")");
    row(R"({"push_to_hub_model_id": "m"})", "hub_model_id", R"("m")");
    row(R"({"push_to_hub_organization": "o", "output_dir": "a/b/"})", "hub_model_id", R"("o/b")");
    row(R"({"include_inputs_for_metrics": true})", "include_for_metrics", R"(["inputs"])");
    row(R"({"average_tokens_across_devices": true})", "average_tokens_across_devices", "false");
    row(R"({"router_mapping": null})", "router_mapping", "{}");
    row(R"({"prediction_loss_only": false})", "prediction_loss_only", "true");
    row(R"({"eval_delay": null})", "eval_delay", "null");
    row(R"({"bf16": true})", "half_precision_backend", R"("auto")"); // only the trainer changes it
}

void TestArgumentRules::constructionValues()
{
    QFETCH(QString, given);
    QFETCH(QString, key);
    QFETCH(QString, value);
    RuleContext context;
    context.home = "/home/me";
    const ArgumentsRead read = fromConstructorJson(Json::parse(given.toStdString()), context);
    QCOMPARE(findField(key.toStdString())->get(read.arguments).dump().c_str(), value.toStdString().c_str());
}

/// Applying the fix of a finding removes that finding.
void TestArgumentRules::fixesResolve()
{
    int tried = 0;
    for (const test::RuleCase& one : test::ruleCases()) {
        RuleContext world;
        if (one.world) {
            one.world(world);
        }
        TrainingArguments arguments = argumentsOf(one.speaks);
        for (int round = 0; round < 4; ++round) {
            for (const Issue& issue : checkArguments(arguments, world)) {
                if (issue.code != one.id || !issue.fix) {
                    continue;
                }
                for (const FixEdit& edit : issue.fix->edits) {
                    QVERIFY(findField(edit.key)->set(arguments, *parsePythonJson(edit.json, "fix")).ok());
                }
                ++tried;
            }
        }
        for (const Issue& issue : checkArguments(arguments, world)) {
            QVERIFY2(issue.code != one.id || !issue.fix, one.id);
        }
    }
    QVERIFY(tried > 60);
}

void TestArgumentRules::ranges()
{
    const auto issues = checkArguments(argumentsOf(R"({"eval_accumulation_steps": 0, "past_index": -2})"));
    int found = 0;
    for (const Issue& issue : issues) {
        found += issue.code == "argument_range" && issue.severity == Severity::Warning;
    }
    QCOMPARE(found, 1); // past_index is already marked as without effect
    QVERIFY(!reports(checkArguments(TrainingArguments()), "argument_range"));
    QVERIFY(!reports(checkArguments(argumentsOf(R"({"warmup_steps": 0.5, "save_steps": 0.1})")),
                     "argument_range"));
}

void TestArgumentRules::severities()
{
    // Rules that the law calls errors of the original, but mild here.
    const auto severityOf = [](const char* json, const std::string& id) {
        for (const Issue& issue : checkArguments(argumentsOf(json))) {
            if (issue.code == id) {
                return issue.severity;
            }
        }
        return Severity::Error;
    };
    QVERIFY(severityOf(R"({"use_liger_kernel": true})", "liger_installed") == Severity::Warning);
    QVERIFY(severityOf(R"({"eval_delay": null, "eval_strategy": "epoch"})", "eval_delay_null") ==
            Severity::Normalise);
}

void TestArgumentRules::neverFails()
{
    test::RandomArguments random(99);
    RuleContext world;
    world.train = {{.name = "a", .rows = 100, .columns = {"text", "label"}}};
    world.evalSets = 1;
    world.parameterNames = {"a.weight"};
    world.linearLayers = {"a"};
    for (int i = 0; i < 500; ++i) {
        TrainingArguments arguments = random.next();
        (void)checkArguments(arguments, world);
        (void)applyConstruction(arguments, world);
        // Constructing twice changes nothing more, but for lists that old switches append to.
        arguments.includeInputsForMetrics = false;
        arguments.fsdpTransformerLayerClsToWrap.reset();
        TrainingArguments again = arguments;
        (void)applyConstruction(again, world);
        QCOMPARE(toJsonString(again).c_str(), toJsonString(arguments).c_str());
    }
}

QTEST_APPLESS_MAIN(TestArgumentRules)
#include "tst_argument_rules.moc"
