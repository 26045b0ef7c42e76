#include "ui/measure.h"

#include "ui/charts/plotview.h"

#include <QApplication>
#include <QtCharts/QChart>
#include <QtCharts/QChartView>
#include <QtCharts/QLineSeries>
#include <QtCharts/QValueAxis>

#include <cmath>
#include <memory>
#include <random>

namespace studio::bench {
namespace {

/// A noisy, falling loss: the hard case, as every pixel column holds a long vertical stroke.
class Story
{
public:
    double next(double progress)
    {
        return (0.3 + 2 * std::exp(-5 * progress)) * (1 + 0.06 * m_normal(m_random)) +
               0.03 * std::abs(m_normal(m_random));
    }

private:
    std::mt19937 m_random{1};
    std::normal_distribution<double> m_normal;
};

std::unique_ptr<MetricSeries> makeSeries(int points, Story& story)
{
    auto series = std::make_unique<MetricSeries>("loss");
    for (int i = 1; i <= points; ++i)
        series->append({double(i)}, story.next(double(i) / points));
    series->setSmoothing({SmoothingKind::Exponential, 0.98});
    return series;
}

} // namespace

QJsonObject chartCost(int points, int curves, int width, int height, int rounds)
{
    Story story;
    std::vector<std::unique_ptr<MetricSeries>> series;
    std::unique_ptr<PlotView> plot(createPlotView());
    plot->setTitle(QStringLiteral("Loss"));
    for (int c = 0; c < curves; ++c) {
        series.push_back(makeSeries(points, story));
        plot->addCurve({QStringLiteral("run %1").arg(c + 1), series.back().get()});
    }
    plot->resize(width, height);
    plot->show();
    QApplication::processEvents();
    auto* canvas = plot->findChild<QChartView*>()->viewport();

    std::vector<double> ticks, painted, frames;
    int total = points;
    for (int round = 0; round < rounds; ++round) {
        // What one tick of a run with 1,000 steps a second brings.
        for (int i = 0; i < 33; ++i) {
            ++total;
            for (auto& one : series)
                one->append({double(total)}, story.next(1));
        }
        const double begin = cpuMs();
        plot->refresh();
        const double middle = cpuMs();
        canvas->repaint();
        ticks.push_back(middle - begin);
        painted.push_back(cpuMs() - begin);
    }
    const auto drawn = static_cast<int>(plot->drawnPoints());
    for (int round = 0; round < rounds; ++round) {
        const double low = points * 0.2 + round * points * 0.005;
        const double begin = cpuMs();
        plot->setXRange({low, low + points * 0.4});
        canvas->repaint();
        frames.push_back(cpuMs() - begin);
    }
    return {{"points", points},
            {"curves", curves},
            {"drawn", drawn},
            {"tick_cpu_ms", statistics(ticks)},
            {"tick_paint_cpu_ms", statistics(painted)},
            {"frame_cpu_ms", statistics(frames)}};
}

QJsonObject lineSeriesCost(int points, int width, int height, int rounds)
{
    Story story;
    const auto series = makeSeries(points, story);
    auto* chart = new QChart;
    auto* line = new QLineSeries;
    chart->addSeries(line);
    line->setPen(QPen(Qt::blue, 1));
    auto* x = new QValueAxis;
    auto* y = new QValueAxis;
    x->setRange(0, points);
    y->setRange(0, 3);
    chart->addAxis(x, Qt::AlignBottom);
    chart->addAxis(y, Qt::AlignLeft);
    line->attachAxis(x);
    line->attachAxis(y);
    QChartView view(chart);
    view.resize(width, height);
    view.show();
    QApplication::processEvents();
    std::vector<double> times;
    Reduced reduced;
    for (int round = 0; round < rounds; ++round) {
        const double begin = cpuMs();
        series->reduce(
            {AxisKind::Step, 0, double(points), static_cast<int>(chart->plotArea().width()), false}, reduced);
        QList<QPointF> list;
        list.reserve(static_cast<qsizetype>(reduced.points.size()));
        for (const auto& point : reduced.points)
            list.append({point.x, point.y});
        line->replace(list);
        view.viewport()->repaint();
        times.push_back(cpuMs() - begin);
    }
    return {{"points", points},
            {"drawn", static_cast<int>(reduced.points.size())},
            {"reduced_cpu_ms", statistics(times)}};
}

} // namespace studio::bench
