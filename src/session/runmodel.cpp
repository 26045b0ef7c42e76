#include "session/runmodel.h"

#include <QLocale>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

constexpr double kThroughputWindow = 10; ///< seconds
constexpr std::size_t kMostSteps = 1u << 20;
constexpr std::size_t kMostEvents = 50000;

double valueOf(const MetricList& values, std::initializer_list<const char*> names, double fallback)
{
    for (const char* name : names)
        for (const auto& [key, value] : values)
            if (key == name) return value;
    return fallback;
}

QString number(double value)
{
    return QLocale().toString(value, 'g', 4);
}

/// How long an evaluation took stands in the records; in a line for people it would bury what was measured.
QString listText(const MetricList& values)
{
    QStringList parts;
    for (const auto& [key, value] : values)
        if (const auto name = QString::fromStdString(key); RunModel::isMeasure(name))
            parts << name + QStringLiteral(" ") + number(value);
    return parts.join(QStringLiteral(", "));
}

} // namespace

struct RunModel::Entry
{
    QString key;
    MetricSeries series;
};

RunModel::RunModel(QObject* parent) : QObject(parent)
{
    clear();
}

RunModel::~RunModel() = default;

void RunModel::clear()
{
    // Charts let go of the series before these disappear.
    Q_EMIT cleared();
    m_stepAxis = std::make_shared<SampleAxis>();
    m_series.clear();
    m_evaluationKeys.clear();
    m_marks.clear();
    m_events.clear();
    m_recent.clear();
    m_recentSum = {};
    m_progress.reset();
    m_phase.clear();
    m_runId.clear();
    m_step = m_samples = m_tokens = 0;
    m_epoch = m_epochs = m_updatesPerEpoch = 0;
    for (const char* key : {"loss", "learning_rate", "grad_norm", "samples_per_second", "tokens_per_second"})
        addSeries(QString::fromLatin1(key), m_stepAxis);
    m_dirty = true;
    endBatch();
}

MetricSeries* RunModel::addSeries(const QString& key, std::shared_ptr<SampleAxis> axis)
{
    m_series.push_back(std::make_unique<Entry>(Entry{key, MetricSeries(key.toStdString(), std::move(axis))}));
    return &m_series.back()->series;
}

MetricSeries* RunModel::series(const QString& key) const
{
    for (const auto& entry : m_series)
        if (entry->key == key) return &entry->series;
    return nullptr;
}

double RunModel::epochOf(std::int64_t step) const
{
    if (m_updatesPerEpoch > 0) return static_cast<double>(step) / m_updatesPerEpoch;
    const auto total = m_progress.totalSteps();
    return total > 0 && m_epochs > 0 ? static_cast<double>(step) * m_epochs / static_cast<double>(total)
                                     : 0.0;
}

void RunModel::appendStep(const StepRecord& record, double time)
{
    if (record.step <= m_step && !m_stepAxis->empty()) rewindTo(record.step);
    m_step = record.step;
    m_samples += record.samples;
    m_tokens += record.tokens;
    m_epoch = std::max(epochOf(record.step), m_stepAxis->empty() ? 0.0 : m_epoch);
    m_progress.addStep(record.step, record.seconds);

    m_stepAxis->append({static_cast<double>(record.step), m_epoch, static_cast<double>(m_samples),
                        static_cast<double>(m_tokens), time});
    const double perSecond = record.seconds > 0 ? 1 / record.seconds : 0;
    const double values[] = {record.loss, record.learningRate, record.gradNorm,
                             static_cast<double>(record.samples) * perSecond,
                             static_cast<double>(record.tokens) * perSecond};
    for (std::size_t i = 0; i < std::size(values); ++i)
        m_series[i]->series.append(values[i]);

    if (m_stepAxis->size() >= kMostSteps) thinSteps();

    m_recent.push_back({record.seconds, record.samples, record.tokens});
    m_recentSum.seconds += record.seconds;
    m_recentSum.samples += record.samples;
    m_recentSum.tokens += record.tokens;
    while (m_recent.size() > 1 && m_recentSum.seconds - m_recent.front().seconds >= kThroughputWindow) {
        m_recentSum.seconds -= m_recent.front().seconds;
        m_recentSum.samples -= m_recent.front().samples;
        m_recentSum.tokens -= m_recent.front().tokens;
        m_recent.pop_front();
    }
    m_dirty = true;
}

/// Half of the steps, so that the extremes of the loss stay where they are.
void RunModel::thinSteps()
{
    const auto losses = m_series[0]->series.values().values();
    std::vector<std::uint32_t> kept;
    kept.reserve(losses.size() / 2 + 4);
    for (std::size_t first = 0; first < losses.size(); first += 4) {
        const std::size_t last = std::min(first + 4, losses.size());
        std::size_t low = last, high = last;
        for (std::size_t i = first; i < last; ++i) {
            if (!std::isfinite(losses[i])) continue;
            if (low == last || losses[i] < losses[low]) low = i;
            if (high == last || losses[i] > losses[high]) high = i;
        }
        for (std::size_t i = first; i < last; ++i)
            if (i == low || i == high || !std::isfinite(losses[i]) || i + 1 == losses.size())
                kept.push_back(static_cast<std::uint32_t>(i));
    }
    for (const auto& entry : m_series)
        if (&entry->series.axis() == m_stepAxis.get()) entry->series.keep(kept);
    m_stepAxis->keep(kept);
}

/// Log lines and phases of long ago.
void RunModel::forgetOldEvents()
{
    const auto half = m_events.begin() + static_cast<std::ptrdiff_t>(m_events.size() / 2);
    const auto kept = std::remove_if(m_events.begin(), half, [](const Event& event) {
        return event.kind == EventKind::Log || event.kind == EventKind::Phase || event.kind == EventKind::Quality;
    });
    m_events.erase(kept, half);
}

/// Forgets everything from `step` on: the run goes on from an earlier checkpoint.
void RunModel::rewindTo(std::int64_t step)
{
    const auto from = static_cast<double>(step);
    const std::size_t keep = m_stepAxis->lowerBound(AxisKind::Step, from);
    for (std::size_t i = 0; i < m_series.size(); ++i) {
        auto& series = m_series[i]->series;
        const bool ofSteps = &series.axis() == m_stepAxis.get();
        // An evaluation at the checkpoint's own step stays.
        series.truncate(ofSteps ? keep : series.axis().lowerBound(AxisKind::Step, from));
    }
    m_stepAxis->truncate(keep);
    std::erase_if(m_marks, [&](const RunMark& mark) { return mark.position.step >= from; });
    m_samples = keep ? static_cast<std::int64_t>(m_stepAxis->value(AxisKind::Samples, keep - 1)) : 0;
    m_tokens = keep ? static_cast<std::int64_t>(m_stepAxis->value(AxisKind::Tokens, keep - 1)) : 0;
    m_epoch = keep ? m_stepAxis->value(AxisKind::Epoch, keep - 1) : 0;
}

SamplePosition RunModel::positionOf(const Event& event) const
{
    const double epoch = event.epoch > 0 ? event.epoch : m_epoch;
    return {static_cast<double>(event.step), epoch, static_cast<double>(m_samples),
            static_cast<double>(m_tokens), event.time};
}

void RunModel::addMark(RunMark::Kind kind, const Event& event)
{
    m_marks.push_back({kind, positionOf(event), eventText(event)});
}

void RunModel::addEvaluation(const Event& event)
{
    for (const auto& [name, value] : event.values) {
        if (name == "epoch") continue;
        const QString key = QString::fromStdString(name);
        auto* target = series(key);
        const bool isNew = !target;
        if (isNew) {
            target = addSeries(key, nullptr);
            m_evaluationKeys << key;
        }
        target->append(positionOf(event), value);
        if (isNew) Q_EMIT seriesAdded(key);
    }
    addMark(RunMark::Kind::Evaluation, event);
}

void RunModel::addEvent(const Event& event)
{
    switch (event.kind) {
    case EventKind::Started:
        m_runId = QString::fromStdString(event.text);
        m_progress.setTotalSteps(
            static_cast<std::int64_t>(valueOf(event.values, {"total_steps", "max_steps", "steps"}, 0)));
        m_epochs = valueOf(event.values, {"epochs", "num_train_epochs"}, 0);
        m_updatesPerEpoch = valueOf(event.values, {"updates_per_epoch"}, 0);
        break;
    case EventKind::Phase:
        m_phase = QString::fromStdString(event.text);
        m_progress.setPhase(event.text, event.time);
        break;
    case EventKind::Evaluation:
        addEvaluation(event);
        break;
    case EventKind::Checkpoint:
        addMark(RunMark::Kind::Checkpoint, event);
        break;
    case EventKind::Finding:
        addMark(RunMark::Kind::Finding, event);
        break;
    case EventKind::ArgumentChanged:
        addMark(RunMark::Kind::Changed, event);
        break;
    case EventKind::Paused:
        addMark(RunMark::Kind::Paused, event);
        break;
    case EventKind::Resumed:
        addMark(RunMark::Kind::Resumed, event);
        break;
    case EventKind::Stopped:
    case EventKind::Failed:
    case EventKind::Completed:
        addMark(RunMark::Kind::End, event);
        break;
    case EventKind::Log:
    case EventKind::Quality:
        break;
    }
    m_events.push_back(event);
    if (m_events.size() > kMostEvents) forgetOldEvents();
    m_dirty = true;
}

void RunModel::endBatch()
{
    if (!m_dirty) return;
    m_dirty = false;
    Q_EMIT changed();
}

bool RunModel::isMeasure(const QString& key)
{
    for (const char* ending :
         {"_runtime", "_samples_per_second", "_steps_per_second", "_jit_compilation_time"})
        if (key.endsWith(QLatin1String(ending))) return false;
    return key != QLatin1String("epoch");
}

void RunModel::setBestMetric(const QString& key, bool greaterIsBetter)
{
    m_bestKey = key;
    m_greaterIsBetter = greaterIsBetter;
}

std::optional<RunModel::Best> RunModel::best() const
{
    QString key = m_bestKey;
    bool greater = m_greaterIsBetter;
    // The library's own primary metrics, most telling first.
    for (const char* part : {"spearman_cosine", "cosine_ndcg@10", "ndcg@10", "cosine_accuracy", "cosine_ap",
                             "_ap", "accuracy", "map", "v_measure", "spearman"}) {
        if (!key.isEmpty()) break;
        for (const auto& reported : m_evaluationKeys)
            if (key.isEmpty() && reported.contains(QLatin1String(part))) key = reported;
        greater = true;
    }
    if (key.isEmpty() && m_evaluationKeys.contains(QStringLiteral("eval_loss"))) {
        key = QStringLiteral("eval_loss");
        greater = false;
    }
    const auto* metric = key.isEmpty() ? nullptr : series(key);
    if (!metric) return std::nullopt;
    const auto extremes = metric->values().extremes(0, metric->size());
    const std::size_t index = greater ? extremes.max : extremes.min;
    if (index == ValueColumn::npos) return std::nullopt;
    const auto& axis = metric->axis();
    return Best{key,
                metric->values()[index],
                {axis.value(AxisKind::Step, index), axis.value(AxisKind::Epoch, index),
                 axis.value(AxisKind::Samples, index), axis.value(AxisKind::Tokens, index),
                 axis.value(AxisKind::Wall, index)}};
}

double RunModel::samplesPerSecond() const
{
    return m_recentSum.seconds > 0 ? static_cast<double>(m_recentSum.samples) / m_recentSum.seconds : 0;
}

double RunModel::tokensPerSecond() const
{
    return m_recentSum.seconds > 0 ? static_cast<double>(m_recentSum.tokens) / m_recentSum.seconds : 0;
}

double RunModel::secondsPerStep() const
{
    return m_recent.empty() ? 0 : m_recentSum.seconds / static_cast<double>(m_recent.size());
}

std::int64_t RunModel::nonFiniteLosses() const
{
    return static_cast<std::int64_t>(m_series[0]->series.values().nonFinite().size());
}

QString RunModel::eventText(const Event& event)
{
    const QString text = QString::fromStdString(event.text);
    const QString step = QLocale().toString(static_cast<qlonglong>(event.step));
    const QString values = listText(event.values);
    switch (event.kind) {
    case EventKind::Started:
        return tr("Run %1 started: %2").arg(text, values);
    case EventKind::Phase:
        return text.isEmpty() ? QString() : text.left(1).toUpper() + text.mid(1);
    case EventKind::Log:
        return tr("Step %1: %2").arg(step, values);
    case EventKind::Evaluation:
        return tr("Evaluation at step %1: %2").arg(step, values);
    case EventKind::Quality:
        return {}; // many numbers: for charts
    case EventKind::Checkpoint:
        return tr("Checkpoint at step %1: %2").arg(step, text);
    case EventKind::Finding:
        return text;
    case EventKind::ArgumentChanged:
        return tr("Changed at step %1: %2").arg(step, text);
    case EventKind::Paused:
        return text.isEmpty() ? tr("Paused at step %1").arg(step) : tr("Paused at step %1: %2").arg(step, text);
    case EventKind::Resumed:
        return tr("Resumed at step %1").arg(step);
    case EventKind::Stopped:
        return tr("Stopped at step %1: %2").arg(step, text);
    case EventKind::Failed:
        return tr("Failed at step %1: %2").arg(step, text);
    case EventKind::Completed:
        return tr("Completed at step %1: %2").arg(step, values.isEmpty() ? text : values);
    }
    return text;
}

} // namespace studio
