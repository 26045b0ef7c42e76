// Time of one edit in the forms with a large data set loaded: value set → validation, lint, plan, markers →
// painted.

#include "ui/measure.h"

#include "ui/designer/datafacts.h"
#include "ui/designer/designerpage.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/planstrip.h"
#include "ui/designer/runfacts.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QUndoStack>

#include <fstream>

namespace studio::bench {

namespace {

void writeRows(const std::string& path, int rows)
{
    std::ofstream file(path);
    file << "sentence1,sentence2,score\n";
    for (int i = 0; i < rows; ++i)
        file << "a man plays the guitar number " << i << ",someone plays an instrument " << i % 5000 << ','
             << i % 6 << '\n';
}

bool waitFor(const std::function<bool()>& done, int seconds)
{
    QElapsedTimer clock;
    clock.start();
    while (!done()) {
        QApplication::processEvents(QEventLoop::AllEvents, 20);
        if (clock.elapsed() > seconds * 1000) return false;
    }
    return true;
}

} // namespace

QJsonObject editTime(int rows, int edits)
{
    QTemporaryDir folder;
    const std::string path = folder.path().toStdString() + "/rows.csv";
    writeRows(path, rows);
    ExperimentDocument document;
    DesignerPage designer(&document);
    designer.resize(1280, 820);
    designer.show();
    designer.buildAll();
    document.setValue(QStringLiteral("train"), Json::parse(R"([{"name":"large","path":")" + path +
                                                           R"(","columns":{"sentence1":"sentence1",
                          "sentence2":"sentence2","score":"score"},"score_divisor":5,
                          "loss":{"type":"CosineSimilarityLoss"}}])"));
    const auto* plan = designer.findChild<PlanStrip*>();
    const auto* facts = designer.findChild<DataFacts*>();
    const bool ready = waitFor([&] { return plan->summary().contains(QStringLiteral("steps")); }, 60) &&
                       waitFor(
                           [&] {
                               const Experiment all = document.resolved();
                               return facts->find(const_cast<DataFacts*>(facts)->question(
                                          all, QStringLiteral("train"), 0)) != nullptr;
                           },
                           60);
    QApplication::processEvents();

    QJsonArray kinds;
    struct Kind
    {
        const char* page;
        const char* key;
        std::function<Json(int)> value;
    };
    const Kind list[] = {
        {"set_training", "learning_rate", [](int i) { return Json(1e-05 * (i + 1)); }},
        {"set_training", "per_device_train_batch_size", [](int i) { return Json(8 + i); }},
        {"set_lr_scheduler", "warmup_ratio", [](int i) { return Json(0.001 * i); }},
        {"set_evaluate", "eval_steps", [](int i) { return Json(100 + i); }},
        {"data", "train[0].score_divisor", [](int i) { return Json(5 + i); }},
        {"model", "model.max_seq_length", [](int i) { return Json(64 + i); }},
    };
    double worstMedian = 0;
    for (const Kind& kind : list) {
        designer.showPage(QString::fromLatin1(kind.page));
        QApplication::processEvents();
        std::vector<double> whole;
        std::vector<double> logic;
        for (int i = 0; i < edits; ++i) {
            const double start = wallMs();
            document.setValue(QString::fromLatin1(kind.key), kind.value(i));
            document.validateNow();
            logic.push_back(wallMs() - start);
            QApplication::processEvents(QEventLoop::ExcludeUserInputEvents); // layout and paint
            whole.push_back(wallMs() - start);
        }
        const QJsonObject painted = statistics(whole);
        worstMedian = std::max(worstMedian, painted["median"].toDouble());
        kinds.append(
            QJsonObject{{"key", kind.key}, {"values_ms", statistics(logic)}, {"painted_ms", painted}});
    }
    document.undoStack()->setClean();
    return {{"rows", rows},
            {"data_ready", ready},
            {"edits", kinds},
            {"frame_ms", 16},
            {"worst_median_ms", worstMedian},
            {"within_a_frame", worstMedian <= 16},
            {"plan", plan->summary()}};
}

} // namespace studio::bench
