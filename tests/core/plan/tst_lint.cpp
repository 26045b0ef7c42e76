#include "core/plan/lint.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentjson.h"
#include "core/arguments/rules.h"

#include <QTest>

#include <set>

using namespace studio;

/// One test a rule: a run that it speaks about and one that it does not, and its fix when it has one.
class TestLint : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void codesAreStable();
    void chance();
    void doubles();
    void evaluationNeverReached();
    void fewLogPoints();
    void warmupTakesTheRun();
    void savesMissEvaluations();
    void bestMayBePruned();
    void accumulationForNegatives();
    void duplicatesInBatch();
    void columnOrder();
    void scoresOutOfRange();
    void oneClass();
    void truncatedRows();
    void trainEvalOverlap();
    void lastBatchOfOne();
    void plateauWithoutEvaluation();
    void noEffect();
    void nanFilterOn();
    void publicUpload();
    void missingToken();
    void tooLittleDisk();
    void outputNotEmpty();
};

namespace {

TrainingArguments with(const char* json)
{
    return fromOriginal(Json::parse(json)).arguments;
}

/// Facts of a run with so many batches an epoch.
LintFacts planned(const TrainingArguments& arguments, std::int64_t batches = 100)
{
    LintFacts facts;
    facts.plan = *planRun(arguments, batches);
    return facts;
}

LintFacts data(const LintDataSet& set)
{
    LintFacts facts;
    facts.train = {set};
    return facts;
}

const Issue* find(const std::vector<Issue>& issues, const char* code)
{
    for (const Issue& issue : issues) {
        if (issue.code == code) {
            return &issue;
        }
    }
    return nullptr;
}

bool speaks(const char* code, const TrainingArguments& arguments, const LintFacts& facts)
{
    const auto issues = lint(arguments, facts);
    const Issue* issue = find(issues, code);
    return issue && issue->message.ends_with('.') && !issue->keys.empty();
}

/// Applies the fix of the finding and plans anew.
bool fixHelps(const char* code, TrainingArguments arguments, LintFacts facts)
{
    const auto issues = lint(arguments, facts);
    const Issue* issue = find(issues, code);
    if (!issue || !issue->fix) {
        return false;
    }
    for (const FixEdit& edit : issue->fix->edits) {
        if (!findField(edit.key) ||
            !findField(edit.key)->set(arguments, *parsePythonJson(edit.json, "fix")).ok()) {
            return false;
        }
    }
    if (facts.plan) {
        facts.plan = *planRun(arguments, facts.plan->batchesPerEpoch);
    }
    return !speaks(code, arguments, facts);
}

} // namespace

void TestLint::codesAreStable()
{
    QCOMPARE(lintRules().size(), std::size_t(20));
    for (std::size_t i = 0; i < lintRules().size(); ++i) {
        const std::string code = std::string(i < 9 ? "L0" : "L") + std::to_string(i + 1);
        QCOMPARE(std::string(lintRules()[i].code).c_str(), code.c_str());
    }
    std::set<std::string_view> ids;
    for (const Rule& rule : argumentRules()) {
        ids.insert(rule.id);
    }
    for (const LintRule& rule : lintRules()) {
        QVERIFY(rule.sameAs.empty() || ids.count(rule.sameAs));
    }
}

void TestLint::chance()
{
    const std::vector<std::int64_t> different(100, 1);
    QCOMPARE(collisionChance(different), 0.0);
    const std::vector<std::int64_t> equal = {10};
    QCOMPARE(collisionChance(equal), 1.0);
    const std::vector<std::int64_t> pairs = {2, 2};
    QCOMPARE(collisionChance(pairs), 4.0 / 12.0);
    QCOMPARE(collisionChance({}), 0.0);
}

/// What the argument rules say is not said twice.
void TestLint::doubles()
{
    const TrainingArguments a =
        with(R"({"lr_scheduler_type": "reduce_lr_on_plateau", "torch_compile": true})");
    QVERIFY(find(lint(a, {}), "L14") && find(lint(a, {}), "L15"));
    const auto rest = lint(a, {}, checkArguments(a));
    QVERIFY(!find(rest, "L14") && !find(rest, "L15"));
}

void TestLint::evaluationNeverReached()
{
    TrainingArguments a = with(R"({"max_steps": 100, "eval_strategy": "steps", "eval_steps": 500})");
    QVERIFY(speaks("L01", a, planned(a)));
    QVERIFY(fixHelps("L01", a, planned(a)));
    a = with(R"({"max_steps": 100, "eval_strategy": "steps", "eval_steps": 10, "eval_delay": 200})");
    QVERIFY(speaks("L01", a, planned(a)));
    QVERIFY(fixHelps("L01", a, planned(a)));
    a = with(R"({"max_steps": 100, "eval_strategy": "steps", "eval_steps": 100})");
    QVERIFY(!speaks("L01", a, planned(a)));
    a = with(R"({"max_steps": 100})");
    QVERIFY(!speaks("L01", a, planned(a)));
}

void TestLint::fewLogPoints()
{
    TrainingArguments a = with(R"({"max_steps": 300})");
    QVERIFY(speaks("L02", a, planned(a)));
    QVERIFY(fixHelps("L02", a, planned(a)));
    a = with(R"({"max_steps": 300, "logging_steps": 10})");
    QVERIFY(!speaks("L02", a, planned(a)));
    a = with(R"({"max_steps": 300, "logging_strategy": "no"})");
    QVERIFY(!speaks("L02", a, planned(a)));
}

void TestLint::warmupTakesTheRun()
{
    TrainingArguments a = with(R"({"max_steps": 100, "warmup_steps": 100})");
    QVERIFY(speaks("L03", a, planned(a)));
    QVERIFY(fixHelps("L03", a, planned(a)));
    a = with(R"({"max_steps": 100, "warmup_steps": 99})");
    QVERIFY(!speaks("L03", a, planned(a)));
}

void TestLint::savesMissEvaluations()
{
    TrainingArguments a =
        with(R"({"max_steps": 1000, "eval_strategy": "steps", "eval_steps": 70, "save_steps": 100})");
    QVERIFY(speaks("L04", a, planned(a)));
    QVERIFY(fixHelps("L04", a, planned(a)));
    a = with(R"({"max_steps": 1000, "eval_strategy": "steps", "eval_steps": 50, "save_steps": 100})");
    QVERIFY(!speaks("L04", a, planned(a)));
}

void TestLint::bestMayBePruned()
{
    TrainingArguments a =
        with(R"({"max_steps": 1000, "eval_strategy": "epoch", "save_steps": 100, "save_total_limit": 2})");
    QVERIFY(speaks("L05", a, planned(a)));
    QVERIFY(fixHelps("L05", a, planned(a)));
    a.metricForBestModel = "loss";
    QVERIFY(!speaks("L05", a, planned(a)));
}

void TestLint::accumulationForNegatives()
{
    const TrainingArguments a = with(R"({"gradient_accumulation_steps": 4})");
    QVERIFY(speaks("L06", a, data({.name = "a", .loss = "MultipleNegativesRankingLoss"})));
    QVERIFY(!speaks("L06", a, data({.name = "a", .loss = "CosineSimilarityLoss"})));
    QVERIFY(!speaks("L06", TrainingArguments(), data({.name = "a", .loss = "MultipleNegativesRankingLoss"})));
}

void TestLint::duplicatesInBatch()
{
    TrainingArguments a = with(R"({"per_device_train_batch_size": 64})");
    const LintDataSet set{.name = "a", .loss = "MultipleNegativesRankingLoss", .collisionChance = 0.001};
    QVERIFY(speaks("L07", a, data(set))); // 2016 pairs, two of them equal
    QVERIFY(fixHelps("L07", a, data(set)));
    a.perDeviceTrainBatchSize = 8;
    QVERIFY(!speaks("L07", a, data(set)));
}

void TestLint::columnOrder()
{
    QVERIFY(speaks("L08", {}, data({.name = "a", .columns = {"positive", "anchor"}})));
    QVERIFY(!speaks("L08", {}, data({.name = "a", .columns = {"anchor", "positive", "negative"}})));
    QVERIFY(!speaks("L08", {}, data({.name = "a", .columns = {"sentence2", "sentence1"}})));
}

void TestLint::scoresOutOfRange()
{
    LintDataSet set{.name = "a", .loss = "CosineSimilarityLoss", .minLabel = 0, .maxLabel = 5};
    QVERIFY(speaks("L09", {}, data(set)));
    set.maxLabel = 1;
    QVERIFY(!speaks("L09", {}, data(set)));
    set.loss = "CoSENTLoss";
    set.maxLabel = 5;
    QVERIFY(!speaks("L09", {}, data(set)));
}

void TestLint::oneClass()
{
    QVERIFY(speaks("L10", {}, data({.name = "a", .classes = 1})));
    QVERIFY(!speaks("L10", {}, data({.name = "a", .classes = 2})));
    QVERIFY(!speaks("L10", {}, data({.name = "a"})));
}

void TestLint::truncatedRows()
{
    QVERIFY(speaks("L11", {}, data({.name = "a", .truncatedShare = 0.125})));
    QVERIFY(!speaks("L11", {}, data({.name = "a", .truncatedShare = 0.01})));
}

void TestLint::trainEvalOverlap()
{
    QVERIFY(speaks("L12", {}, data({.name = "a", .rowsInEval = 3})));
    QVERIFY(!speaks("L12", {}, data({.name = "a", .rowsInEval = 0})));
    // A row in a thousand is worth a note, not a warning.
    const auto severity = [&](std::int64_t rows) {
        for (const Issue& issue : lint({}, data({.name = "a", .rowsInEval = rows, .evalRows = 1000}))) {
            if (issue.code == "L12") return issue.severity;
        }
        return Severity::Error;
    };
    QCOMPARE(severity(1), Severity::Normalise);
    QCOMPARE(severity(4), Severity::Normalise);
    QCOMPARE(severity(5), Severity::Warning);
}

void TestLint::lastBatchOfOne()
{
    QVERIFY(speaks("L13", {}, data({.name = "a", .rows = 81})));
    QVERIFY(fixHelps("L13", {}, data({.name = "a", .rows = 81})));
    QVERIFY(!speaks("L13", {}, data({.name = "a", .rows = 82})));
}

void TestLint::plateauWithoutEvaluation()
{
    const TrainingArguments a = with(R"({"lr_scheduler_type": "reduce_lr_on_plateau"})");
    QVERIFY(speaks("L14", a, {}));
    QVERIFY(fixHelps("L14", a, {}));
    QVERIFY(!speaks("L14", {}, {}));
}

void TestLint::noEffect()
{
    const TrainingArguments a = with(R"({"torch_compile": true})");
    QVERIFY(speaks("L15", a, {}));
    QVERIFY(fixHelps("L15", a, {}));
    QVERIFY(!speaks("L15", {}, {}));
}

void TestLint::nanFilterOn()
{
    QVERIFY(speaks("L16", {}, {}));
    QVERIFY(fixHelps("L16", {}, {}));
    QVERIFY(find(lint({}, {}), "L16")->severity == Severity::Normalise); // the default is no reason to warn
    QVERIFY(!speaks("L16", with(R"({"logging_strategy": "no"})"), {}));
}

void TestLint::publicUpload()
{
    const TrainingArguments a = with(R"({"push_to_hub": true})");
    QVERIFY(speaks("L17", a, {}));
    QVERIFY(fixHelps("L17", a, {}));
    QVERIFY(!speaks("L17", {}, {}));
}

void TestLint::missingToken()
{
    TrainingArguments a = with(R"({"push_to_hub": true})");
    LintFacts facts;
    QVERIFY(!speaks("L18", a, facts)); // not known
    facts.hubLogin = false;
    QVERIFY(speaks("L18", a, facts));
    QVERIFY(fixHelps("L18", a, facts));
    a.hubToken = "hf_x";
    QVERIFY(!speaks("L18", a, facts));
}

void TestLint::tooLittleDisk()
{
    TrainingArguments a = with(R"({"max_steps": 1000, "save_steps": 100})");
    LintFacts facts = planned(a);
    facts.freeBytes = 1'000'000'000;
    facts.checkpointBytes = 270'000'000;
    QVERIFY(speaks("L19", a, facts)); // ten of them
    QVERIFY(fixHelps("L19", a, facts));
    a.saveTotalLimit = 2;
    QVERIFY(!speaks("L19", a, facts));
}

void TestLint::outputNotEmpty()
{
    LintFacts facts;
    facts.outputNotEmpty = true;
    QVERIFY(speaks("L20", {}, facts));
    QVERIFY(fixHelps("L20", {}, facts));
    facts.outputNotEmpty = false;
    QVERIFY(!speaks("L20", {}, facts));
}

QTEST_APPLESS_MAIN(TestLint)
#include "tst_lint.moc"
