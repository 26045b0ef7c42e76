#include "core/experiment/evaluationkeys.h"
#include "core/experiment/experiment.h"

#include <QTest>

#include <functional>

using namespace studio;

namespace {

Experiment good()
{
    Experiment e;
    e.name = "good";
    e.model.path = "model";
    DataSpec train;
    train.name = "sts-train";
    train.path = "train.csv";
    train.columns = {{"sentence1", "a"}, {"sentence2", "b"}, {"score", "s"}};
    train.loss = LossSpec{"CosineSimilarityLoss", Json::object()};
    train.prompts = Json::object();
    DataSpec eval = train;
    eval.name = "sts-dev";
    eval.loss.reset();
    e.train = {train};
    e.eval = {eval};
    e.evaluators = {{"EmbeddingSimilarityEvaluator", "", "sts-dev", Json::object()}};
    e.arguments.outputDir = "out";
    e.arguments.evalStrategy = IntervalStrategy::Steps;
    return e;
}

using Edit = std::function<void(Experiment&)>;

std::vector<Issue> ours(const Experiment& e)
{
    // Findings of the arguments' rules have their own tests.
    std::vector<Issue> issues;
    for (const Issue& issue : validateExperiment(e)) {
        if (issue.code.starts_with("experiment.") || issue.code == "loss" || issue.code == "option")
            issues.push_back(issue);
    }
    return issues;
}

} // namespace
Q_DECLARE_METATYPE(Edit)

class TestExperimentCheck : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goodHasNoFindings();
    void findings_data();
    void findings();
    void allAtOnce();
    void argumentRulesAreAsked();
    void keysOfEvaluations();
    void bestMetricFix();
};

void TestExperimentCheck::goodHasNoFindings()
{
    for (const Issue& issue : validateExperiment(good())) {
        QVERIFY2(issue.severity != Severity::Error, issue.message.c_str());
    }
    QVERIFY(ours(good()).empty());
    Experiment e = good();
    e.train[0].columns.clear(); // the columns of the file decide
    QVERIFY(ours(e).empty());
}

void TestExperimentCheck::findings_data()
{
    QTest::addColumn<Edit>("edit");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("says");
    const auto row = [](const char* name, Edit edit, const char* code, const char* key, const char* says) {
        QTest::newRow(name) << edit << QString(code) << QString(key) << QString(says);
    };
    row(
        "no model", [](Experiment& e) { e.model.path.clear(); }, "experiment.no_model", "model.path",
        "No model");
    row(
        "no data", [](Experiment& e) { e.train.clear(); }, "experiment.no_training_data", "train",
        "nothing to train on");
    row(
        "no file", [](Experiment& e) { e.train[0].path.clear(); }, "experiment.no_file", "train[0].path",
        "names no file");
    row(
        "format", [](Experiment& e) { e.train[0].format = "xls"; }, "experiment.format", "train[0].format",
        "xls");
    row(
        "rows",
        [](Experiment& e) {
            e.train[0].rows = {5, 5};
        },
        "experiment.rows", "train[0].rows", "rows");
    row(
        "divisor", [](Experiment& e) { e.train[0].scoreDivisor = 0; }, "experiment.score_divisor",
        "train[0].score_divisor", "divided by 0");
    row(
        "no loss", [](Experiment& e) { e.train[0].loss.reset(); }, "experiment.no_loss", "train[0].loss.type",
        "CoSENTLoss");
    row(
        "unknown loss", [](Experiment& e) { e.train[0].loss->type = "NiceLoss"; }, "loss",
        "train[0].loss.type", "NiceLoss");
    row(
        "loss option", [](Experiment& e) { e.train[0].loss->options["speed"] = 1; }, "option",
        "train[0].loss.options.speed", "speed");
    row(
        "too few columns", [](Experiment& e) { e.train[0].columns.erase(e.train[0].columns.begin()); },
        "experiment.loss_columns", "train[0].columns",
        "has 1 input column, but CosineSimilarityLoss takes 2 input columns");
    row(
        "no score", [](Experiment& e) { e.train[0].columns.pop_back(); }, "experiment.loss_label",
        "train[0].columns", "needs a score");
    row(
        "unused label", [](Experiment& e) { e.train[0].loss->type = "MultipleNegativesRankingLoss"; },
        "experiment.label_unused", "train[0].columns", "takes no label");
    row(
        "triplet with pairs",
        [](Experiment& e) {
            e.train[0].loss->type = "TripletLoss";
            e.train[0].columns.pop_back();
        },
        "experiment.loss_columns", "train[0].columns", "takes 3 input columns");
    row(
        "loss inside a loss",
        [](Experiment& e) {
            e.train[0].loss = LossSpec{"MatryoshkaLoss", Json{{"loss", Json{{"type", "TripletLoss"}}},
                                                              {"matryoshka_dims", Json::array({64})}}};
            e.train[0].columns.pop_back();
        },
        "experiment.loss_columns", "train[0].columns", "TripletLoss takes 3");
    row(
        "two labels", [](Experiment& e) { e.train[0].columns.emplace_back("label", "x"); },
        "experiment.two_labels", "train[0].columns", "several label columns");
    row(
        "same role", [](Experiment& e) { e.train[0].columns[1].first = "sentence1"; },
        "experiment.duplicate_role", "train[0].columns.sentence1", "twice");
    row(
        "empty column", [](Experiment& e) { e.train[0].columns[1].second.clear(); },
        "experiment.empty_column", "train[0].columns.sentence2", "names no column");
    row(
        "prompt",
        [](Experiment& e) {
            e.train[0].prompts = Json{{"query", "q: "}};
        },
        "experiment.prompt_column", "train[0].prompts", "no such column");
    row(
        "same name", [](Experiment& e) { e.train.push_back(e.train[0]); }, "experiment.duplicate_name",
        "train[1].name", "Two data sets are named \"sts-train\"");
    row(
        "no name",
        [](Experiment& e) {
            e.train.push_back(e.train[0]);
            e.train[1].name.clear();
        },
        "experiment.data_name", "train[1].name", "needs one");
    row(
        "evaluator", [](Experiment& e) { e.evaluators[0].type = "Guess"; }, "experiment.evaluator",
        "evaluators[0].type", "no evaluator \"Guess\"");
    row(
        "evaluator without data", [](Experiment& e) { e.evaluators[0].data.clear(); },
        "experiment.evaluator_data", "evaluators[0].data", "names no data set");
    row(
        "evaluator of nothing", [](Experiment& e) { e.evaluators[0].data = "sts"; },
        "experiment.evaluator_data", "evaluators[0].data", "There are: sts-dev");
    row(
        "evaluator without score", [](Experiment& e) { e.eval[0].columns.pop_back(); },
        "experiment.loss_label", "eval[0].columns", "EmbeddingSimilarityEvaluator needs a score");
    row(
        "evaluator columns", [](Experiment& e) { e.evaluators[0].type = "TripletEvaluator"; },
        "experiment.loss_columns", "eval[0].columns", "TripletEvaluator takes 3");
    row(
        "evaluators of one name", [](Experiment& e) { e.evaluators.push_back(e.evaluators[0]); },
        "experiment.evaluator_name", "evaluators[1].name", "same name");
    row(
        "best metric", [](Experiment& e) { e.arguments.metricForBestModel = "accuracy"; },
        "experiment.best_metric", "metric_for_best_model", "eval_accuracy");
    row(
        "similarity", [](Experiment& e) { e.model.similarity = "angle"; }, "experiment.model_value",
        "model.similarity", "angle");
    row(
        "length", [](Experiment& e) { e.model.maxSeqLength = 0; }, "experiment.model_value",
        "model.max_seq_length", "1 or more");
    const auto lora = [&](const char* key, const char* says, void (*change)(LoraSpec&)) {
        row((std::string("adapters: ") + key).c_str(),
            [change](Experiment& e) {
                e.model.lora.emplace();
                change(*e.model.lora);
            },
            "experiment.lora_value", (std::string("model.lora.") + key).c_str(), says);
    };
    lora("r", "from 1 to 4096", [](LoraSpec& l) { l.r = 0; });
    lora("lora_alpha", "above 0", [](LoraSpec& l) { l.loraAlpha = 0; });
    lora("lora_dropout", "below 1", [](LoraSpec& l) { l.loraDropout = 1; });
    lora("bias", "none, all or lora_only", [](LoraSpec& l) { l.bias = "some"; });
    lora("target_modules", "empty name", [](LoraSpec& l) { l.targetModules = {""}; });
}

void TestExperimentCheck::findings()
{
    QFETCH(Edit, edit);
    QFETCH(QString, code);
    QFETCH(QString, key);
    QFETCH(QString, says);
    Experiment e = good();
    edit(e);
    const auto issues = ours(e);
    QByteArray all;
    bool found = false;
    for (const Issue& issue : issues) {
        all += QByteArray::fromStdString(issue.code + " " + issue.keys.front() + " " + issue.message + "\n");
        const bool keyed =
            std::find(issue.keys.begin(), issue.keys.end(), key.toStdString()) != issue.keys.end();
        found = found || (issue.code == code.toStdString() && keyed &&
                          issue.message.find(says.toStdString()) != std::string::npos);
    }
    QVERIFY2(found, all.constData());
    QVERIFY2(issues.size() == 1 || code == "experiment.evaluator_name", all.constData());
}

void TestExperimentCheck::allAtOnce()
{
    Experiment e = good();
    e.model.path.clear();
    e.train[0].path.clear();
    e.train[0].loss->type = "X";
    e.evaluators[0].data = "nowhere";
    QCOMPARE(ours(e).size(), std::size_t(4));
    QVERIFY(hasErrors(validateExperiment(Experiment())));
}

void TestExperimentCheck::argumentRulesAreAsked()
{
    Experiment e = good();
    e.eval.clear();
    e.evaluators.clear();
    bool found = false;
    for (const Issue& issue : validateExperiment(e)) {
        found =
            found || issue.message.find("neither an evaluation set nor an evaluator") != std::string::npos;
    }
    QVERIFY(found);
}

void TestExperimentCheck::keysOfEvaluations()
{
    Experiment e = good();
    auto known = evaluationKeys(e);
    QVERIFY(known.complete);
    const auto has = [&](const char* key) {
        return std::find(known.keys.begin(), known.keys.end(), key) != known.keys.end();
    };
    QVERIFY(has("eval_loss"));
    QVERIFY(has("eval_sts-dev_spearman_cosine"));
    QVERIFY(has("eval_sts-dev_pearson_dot")); // the model's folder decides
    e.model.similarity = "cosine";
    known = evaluationKeys(e);
    QVERIFY(!has("eval_sts-dev_pearson_dot"));
    e.evaluators = {
        {"InformationRetrievalEvaluator", "nq", "sts-dev", Json{{"ndcg_at_k", Json::array({20})}}}};
    known = evaluationKeys(e);
    QVERIFY(has("eval_nq_cosine_ndcg@20"));
    QVERIFY(!has("eval_nq_cosine_ndcg@10"));
    QVERIFY(has("eval_nq_cosine_map@100"));
    e.evaluators[0].type = "FutureEvaluator";
    QVERIFY(!evaluationKeys(e).complete);
}

void TestExperimentCheck::bestMetricFix()
{
    Experiment e = good();
    for (const char* fine : {"loss", "eval_loss", "sts-dev_spearman_cosine", "eval_sts-dev_pearson_cosine"}) {
        e.arguments.metricForBestModel = fine;
        QVERIFY2(ours(e).empty(), fine);
    }
    e.arguments.metricForBestModel = "sts_spearman_cosine";
    const auto issues = ours(e);
    QCOMPARE(issues.size(), std::size_t(1));
    QVERIFY(issues[0].fix.has_value());
    const Json value = Json::parse(issues[0].fix->edits[0].json);
    e.arguments.metricForBestModel = value.get<std::string>();
    QVERIFY(ours(e).empty());
}

QTEST_APPLESS_MAIN(TestExperimentCheck)
#include "tst_experimentcheck.moc"
