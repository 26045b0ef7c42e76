#include "core/catalog/catalog.h"
#include "core/experiment/experiment.h"
#include "engine/model/sentencemodel.h"
#include "tinyrun.h"

#include <QTest>

#include <cmath>
#include <random>

#include <nlohmann/json.hpp>

using namespace studio;
using test::TinyRun;

/// Every loss of the catalog through the way of `sentence-train run`: experiment file, checks, training,
/// evaluation.
class TestEveryLoss : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void trains_data();
    void trains();
    void outOfRange_data();
    void outOfRange();
};

namespace {

constexpr int kDimension = 24; // of the tiny model

std::string words(std::mt19937& random)
{
    std::string text;
    for (unsigned i = 0; i < 2 + random() % 6; ++i)
        text += (i ? " w" : "w") + std::to_string(random() % 91);
    return text;
}

Json labelFor(LabelKind kind, int row, int columns)
{
    switch (kind) {
    case LabelKind::Float:
        return 0.1 * (row % 10);
    case LabelKind::Optional:
    case LabelKind::Binary:
        return row % 2;
    case LabelKind::Class:
        return row % 3;
    case LabelKind::Vector: {
        Json vector = Json::array();
        for (int i = 0; i < kDimension; ++i)
            vector.push_back(std::sin(row + 0.3 * i));
        return vector;
    }
    case LabelKind::Scores: {
        Json scores = Json::array();
        for (int i = 0; i + 1 < columns; ++i)
            scores.push_back(2.0 - 0.7 * i + 0.1 * row);
        return scores;
    }
    case LabelKind::None:
        break;
    }
    return {};
}

/// Options that a loss cannot do without, or that make the test quick.
Json optionsOf(const std::string& loss)
{
    const auto model = test::fixture("model/tiny/bert").string();
    if (loss.find("GIST") != std::string::npos) return {{"guide", model}};
    if (loss == "SoftmaxLoss") return {{"num_labels", 3}};
    if (loss == "MatryoshkaLoss" || loss == "Matryoshka2dLoss")
        return {{"loss", {{"type", "CoSENTLoss"}}}, {"matryoshka_dims", {24, 16, 8}}};
    if (loss == "AdaptiveLayerLoss") return {{"loss", {{"type", "CoSENTLoss"}}}};
    return Json::object();
}

/// Rows as JSON lines: the loss's columns, each row another text, and its label.
DataSpec dataFor(const TinyRun& tiny, const LossInfo& info, int rows)
{
    const bool wrapper =
        info.type.find("Matryoshka") != std::string::npos || info.type == "AdaptiveLayerLoss";
    const DataShape shape = wrapper ? findLoss("CoSENTLoss")->shape : info.shape;
    int columns = shape.maxColumns == 0 ? shape.minColumns + 1 : shape.maxColumns;
    if (shape.label == LabelKind::Vector) columns = 1;
    // Their optional label belongs to the forms with two texts.
    if (info.type == "AnglELoss") columns = 2;
    // The catalog takes any number for these; the losses mean 0 and 1.
    const bool binary = info.type == "ContrastiveLoss" || info.type == "OnlineContrastiveLoss";

    std::mt19937 random(7);
    std::string lines;
    DataSpec spec;
    spec.name = "train";
    for (int row = 0; row < rows; ++row) {
        Json line;
        for (int c = 0; c < columns; ++c)
            line["text" + std::to_string(c)] = words(random);
        const auto label = labelFor(binary ? LabelKind::Binary : shape.label, row, columns);
        if (!label.is_null()) line["label"] = label;
        lines += line.dump() + "\n";
    }
    for (int c = 0; c < columns; ++c)
        spec.columns.emplace_back("text" + std::to_string(c), "text" + std::to_string(c));
    if (shape.label != LabelKind::None) spec.columns.emplace_back("label", "label");
    spec.path = (tiny.folder() / "train.jsonl").string();
    test::writeFile(spec.path, lines);
    spec.loss = LossSpec{info.type, optionsOf(info.type)};
    return spec;
}

/// The experiment as the terminal program gets it: written, read, checked.
QString passThroughFile(TinyRun& tiny)
{
    const auto file = tiny.folder() / "tiny.experiment.json";
    if (const auto saved = saveExperiment(tiny.experiment, file); !saved) return saved.error().text().c_str();
    const auto loaded = loadExperiment(file);
    if (!loaded) return loaded.error().text().c_str();
    tiny.experiment = absolutePaths(loaded->experiment, tiny.folder());
    for (const auto& issue : validateExperiment(tiny.experiment))
        if (issue.severity == Severity::Error) return QString::fromStdString(issue.message);
    return {};
}

} // namespace

void TestEveryLoss::trains_data()
{
    QTest::addColumn<QString>("type");
    for (const auto& info : lossCatalog())
        QTest::newRow(info.type.c_str()) << info.type.c_str();
}

void TestEveryLoss::trains()
{
    QFETCH(QString, type);
    const auto& info = *findLoss(type.toStdString());
    // Nine rows in batches of four: the last batch has one row, which no loss may turn into NaN.
    TinyRun tiny;
    auto train = dataFor(tiny, info, 9);
    tiny.experiment.train = {train};
    auto dev = train;
    dev.name = "dev";
    dev.loss.reset();
    tiny.experiment.eval = {dev};
    tiny.experiment.arguments.evalStrategy = IntervalStrategy::Epoch;
    tiny.experiment.arguments.saveStrategy = SaveStrategy::Epoch;
    const auto problem = passThroughFile(tiny);
    QVERIFY2(problem.isEmpty(), qPrintable(problem));

    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QCOMPARE(tiny.told.steps.size(), std::size_t(3));
    QVERIFY(tiny.told.found("single row"));
    for (const auto& step : tiny.told.steps) {
        QVERIFY(std::isfinite(step.loss));
        QVERIFY(std::isfinite(step.gradNorm));
    }
    QVERIFY(tiny.told.steps.front().gradNorm > 0);
    QCOMPARE(tiny.told.steps.back().samples, 1);
    const auto evaluations = tiny.told.of(EventKind::Evaluation);
    QCOMPARE(evaluations.size(), std::size_t(1));
    QVERIFY(std::isfinite(tiny.told.value(evaluations.front(), "eval_loss")));

    // The model that was written is another one than at the start, and can be read.
    auto before = SentenceModel::load(test::fixture("model/tiny/bert"));
    auto after = SentenceModel::load(outcome.finalModel);
    QVERIFY2(after.ok(), after ? "" : after.error().text().c_str());
    const std::vector<std::string> text{"w1 w2 w3"};
    const auto a = (*before)->encode(text), b = (*after)->encode(text);
    QVERIFY(a.ok() && b.ok());
    QVERIFY(a->values != b->values);
    for (const float value : b->values)
        QVERIFY(std::isfinite(value));
}

void TestEveryLoss::outOfRange_data()
{
    QTest::addColumn<QString>("loss");
    QTest::addColumn<QString>("options");
    QTest::addColumn<QString>("label"); // of one row
    QTest::addColumn<QString>("says");
    QTest::newRow("class beyond num_labels") << "SoftmaxLoss"
                                             << R"({"num_labels": 3})"
                                             << "3"
                                             << "num_labels";
    QTest::newRow("negative class") << "SoftmaxLoss"
                                    << R"({"num_labels": 3})"
                                    << "-1"
                                    << "num_labels";
    QTest::newRow("vector of another size") << "MSELoss"
                                            << "{}"
                                            << "[1.0, 2.0]"
                                            << "Data set train";
}

/// Named before the first step, with the data set and what to do; nothing is trained.
void TestEveryLoss::outOfRange()
{
    QFETCH(QString, loss);
    QFETCH(QString, options);
    QFETCH(QString, label);
    QFETCH(QString, says);
    TinyRun tiny;
    auto train = dataFor(tiny, *findLoss(loss.toStdString()), 8);
    train.loss->options = Json::parse(options.toStdString());
    std::string text;
    for (const auto& line : test::readLines(train.path)) {
        auto json = Json::parse(line);
        // A list of another length in one row would be a mistake of the file; here every row has it.
        if (text.empty() || label.startsWith('[')) json["label"] = Json::parse(label.toStdString());
        text += json.dump() + "\n";
    }
    test::writeFile(train.path, text);
    tiny.experiment.train = {train};
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find(says.toStdString()) != std::string::npos,
             outcome.error.text().c_str());
    QVERIFY2(outcome.error.text().find("train") != std::string::npos, outcome.error.text().c_str());
    QVERIFY(tiny.told.steps.empty());
    QCOMPARE(tiny.told.events.back().kind, EventKind::Failed);
}

QTEST_GUILESS_MAIN(TestEveryLoss)
#include "tst_everyloss.moc"
