// Times of the window: process start to first paint, one chart tick, one panned frame, event latency, one
// edit in the forms. bench_ui [--json] [--quick] [--only edits]; QT_QPA_PLATFORM chooses the platform.
#include "ui/measure.h"

#include "session/trainingsession.h"
#include "ui/charts/plotview.h"
#include "ui/monitor/monitorpage.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QJsonArray>
#include <QJsonDocument>
#include <QThread>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sstream>

#include <unistd.h>

namespace studio::bench {

double cpuMs()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double wallMs()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

QJsonObject statistics(std::vector<double> times)
{
    if (times.empty()) return {};
    std::sort(times.begin(), times.end());
    const auto at = [&](double share) {
        return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
    };
    return {{"count", static_cast<int>(times.size())},
            {"best", times.front()},
            {"median", at(0.5)},
            {"p99", at(0.99)},
            {"max", times.back()}};
}

} // namespace studio::bench

namespace {

/// Seconds after boot at which this process was started, to a hundredth (proc(5), field 22 of stat).
double processStart()
{
    std::ifstream file("/proc/self/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string field;
    for (int i = 3; i <= 22; ++i)
        fields >> field;
    return static_cast<double>(std::stoll(field)) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double sinceBoot()
{
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Notes when the first paint of a window is over.
class FirstPaint : public QObject
{
public:
    double at = 0;

protected:
    bool eventFilter(QObject*, QEvent* event) override
    {
        if (event->type() == QEvent::Paint && at == 0)
            QMetaObject::invokeMethod(
                this,
                [this] {
                    if (at == 0) at = sinceBoot();
                },
                Qt::QueuedConnection);
        return false;
    }
};

void printEdits(const QJsonObject& edits)
{
    std::printf("edits with %d rows loaded, one frame is %d ms: %s\n", edits["rows"].toInt(),
                edits["frame_ms"].toInt(), qPrintable(edits["plan"].toString()));
    for (const auto& value : edits["edits"].toArray()) {
        const auto edit = value.toObject();
        for (const char* part : {"values_ms", "painted_ms"}) {
            const auto times = edit[part].toObject();
            std::printf("%-30s %-11s best %6.2f  median %6.2f  p99 %6.2f  max %6.2f ms\n",
                        qPrintable(edit["key"].toString()), part, times["best"].toDouble(),
                        times["median"].toDouble(), times["p99"].toDouble(), times["max"].toDouble());
        }
    }
}

void print(const QJsonObject& result)
{
    const auto line = [](const char* what, const QJsonObject& times) {
        std::printf("%-44s best %7.2f  median %7.2f  p99 %7.2f  max %7.2f ms\n", what,
                    times["best"].toDouble(), times["median"].toDouble(), times["p99"].toDouble(),
                    times["max"].toDouble());
    };
    std::printf("start to first paint %.0f ms (%s)\n", result["start_to_first_paint_ms"].toDouble(),
                qPrintable(result["platform"].toString()));
    for (const auto& value : result["charts"].toArray()) {
        const auto chart = value.toObject();
        const QByteArray name = QStringLiteral("%1 curves of %2")
                                    .arg(chart["curves"].toInt())
                                    .arg(chart["points"].toInt())
                                    .toUtf8();
        line((name + ", tick").constData(), chart["tick_cpu_ms"].toObject());
        line((name + ", tick and paint").constData(), chart["tick_paint_cpu_ms"].toObject());
        line((name + ", panned frame").constData(), chart["frame_cpu_ms"].toObject());
    }
    printEdits(result["edits"].toObject());
    line("QLineSeries, reduced, replace and paint",
         result["line_series"].toObject()["reduced_cpu_ms"].toObject());
    line("event latency, live run and busy cores", result["latency"].toObject()["wait_ms"].toObject());
}

} // namespace

int main(int argc, char** argv)
{
    using namespace studio::bench;
    QApplication app(argc, argv);
    QCommandLineParser parser;
    parser.addHelpOption();
    parser.addOptions({{"json", "Print one JSON object."},
                       {"quick", "Fewer rounds, no million points."},
                       {"only", "One part alone: edits.", "part"}});
    parser.process(app);
    const bool quick = parser.isSet("quick");

    QJsonObject result{{"platform", QGuiApplication::platformName()}};
    if (parser.value("only") == QLatin1String("edits")) {
        const QJsonObject edits = editTime(quick ? 50000 : 500000, quick ? 20 : 60);
        result["edits"] = edits;
        if (parser.isSet("json"))
            std::printf("%s\n", QJsonDocument(result).toJson(QJsonDocument::Compact).constData());
        else
            printEdits(edits);
        return edits["data_ready"].toBool() && edits["within_a_frame"].toBool() ? 0 : 1;
    }
    {
        studio::TrainingSession session;
        studio::MonitorPage page(&session);
        FirstPaint paint;
        page.installEventFilter(&paint);
        page.resize(1100, 760);
        page.show();
        while (paint.at == 0)
            app.processEvents(QEventLoop::WaitForMoreEvents);
        result["start_to_first_paint_ms"] = (paint.at - processStart()) * 1e3;
    }
    QJsonArray charts;
    std::vector<int> sizes{10000, 100000};
    if (!quick) sizes.push_back(1000000);
    for (const int curves : {1, 10})
        for (const int points : sizes)
            charts.append(chartCost(points, curves, 1000, 600, quick ? 10 : 40));
    result["charts"] = charts;
    result["line_series"] = lineSeriesCost(quick ? 100000 : 1000000, 1000, 600, quick ? 5 : 20);
    result["edits"] = editTime(quick ? 50000 : 500000, quick ? 20 : 60);
    result["latency"] = eventLatency(1000, std::max(1, QThread::idealThreadCount()), quick ? 2 : 6);
    if (parser.isSet("json"))
        std::printf("%s\n", QJsonDocument(result).toJson(QJsonDocument::Compact).constData());
    else
        print(result);
    return 0;
}
