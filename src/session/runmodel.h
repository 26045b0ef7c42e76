#pragma once

#include "core/records/record.h"
#include "core/series/metricseries.h"
#include "session/progressestimate.h"

#include <QObject>
#include <QString>
#include <QStringList>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// Something worth a mark under a chart.
struct RunMark
{
    enum class Kind { Evaluation, Checkpoint, Finding, Changed, Paused, Resumed, End };

    Kind kind = Kind::Evaluation;
    SamplePosition position;
    QString text; ///< what the mark says when pointed at
};

/// Everything that one run has told, ready for charts: a series per metric, marks, events and running totals.
/// It lives on the GUI thread; charts keep pointers to its series, which stay valid until cleared() is
/// emitted.
///
/// Memory is bounded: beyond a million steps the curves of steps are thinned to half, keeping the least and the greatest
/// loss of every four and all that is not finite; the oldest log and phase events go. The run's own files keep everything.
///
/// Series of steps: "loss", "learning_rate", "grad_norm", "samples_per_second", "tokens_per_second". Series
/// of evaluations carry the original's keys ("eval_loss", "eval_sts-dev_spearman_cosine").
class RunModel : public QObject
{
    Q_OBJECT

public:
    explicit RunModel(QObject* parent = nullptr);
    ~RunModel() override;

    void clear();

    /// Adds a step; `time` is in seconds since the epoch of Unix. A step that was seen before (a run resumed
    /// from an earlier checkpoint) replaces everything from there on.
    void appendStep(const StepRecord& record, double time);
    void addEvent(const Event& event);
    /// Tells listeners once about everything since the last call.
    void endBatch();

    /// The series of that key, or null.
    MetricSeries* series(const QString& key) const;
    /// Keys of all evaluation metrics, in the order in which the run reported them.
    const QStringList& evaluationKeys() const { return m_evaluationKeys; }

    /// Whether a key is worth a curve: durations and speeds of the evaluation itself are not.
    static bool isMeasure(const QString& key);
    /// The metric that tells the best evaluation; by default chosen among the reported ones (a correlation or
    /// an accuracy before the loss). An empty key restores that.
    void setBestMetric(const QString& key, bool greaterIsBetter);
    struct Best
    {
        QString key;
        double value = 0;
        SamplePosition position;
    };
    /// The best evaluation so far; nothing before the first.
    std::optional<Best> best() const;

    /// In the order of their arrival.
    const std::vector<RunMark>& marks() const { return m_marks; }
    const std::vector<Event>& events() const { return m_events; }
    /// One line of the log, without time: "Evaluation at step 200: …". Empty when an event says nothing new.
    static QString eventText(const Event& event);

    QString phase() const { return m_phase; }
    QString runId() const { return m_runId; }
    const ProgressEstimate& progress() const { return m_progress; }
    std::int64_t step() const { return m_step; }
    std::int64_t samples() const { return m_samples; }
    std::int64_t tokens() const { return m_tokens; }
    double epoch() const { return m_epoch; }
    double epochs() const { return m_epochs; } ///< planned; 0 when unknown
    /// Rows and tokens per second over about the last ten seconds of training, without evaluation and saving.
    double samplesPerSecond() const;
    double tokensPerSecond() const;
    /// Mean wall time of a step over the same stretch; 0 before the first.
    double secondsPerStep() const;
    std::int64_t nonFiniteLosses() const;

Q_SIGNALS:
    void cleared();
    /// A metric was reported for the first time.
    void seriesAdded(const QString& key);
    /// At most once a tick: new values, marks or events.
    void changed();

private:
    struct Entry;
    struct Recent
    {
        double seconds;
        std::int64_t samples;
        std::int64_t tokens;
    };

    MetricSeries* addSeries(const QString& key, std::shared_ptr<SampleAxis> axis);
    void rewindTo(std::int64_t step);
    void thinSteps();
    void forgetOldEvents();
    void addEvaluation(const Event& event);
    void addMark(RunMark::Kind kind, const Event& event);
    SamplePosition positionOf(const Event& event) const;
    double epochOf(std::int64_t step) const;

    std::shared_ptr<SampleAxis> m_stepAxis;
    std::vector<std::unique_ptr<Entry>> m_series;
    QStringList m_evaluationKeys;
    QString m_bestKey;
    bool m_greaterIsBetter = true;
    std::vector<RunMark> m_marks;
    std::vector<Event> m_events;
    std::deque<Recent> m_recent;
    Recent m_recentSum{};
    ProgressEstimate m_progress;
    QString m_phase;
    QString m_runId;
    std::int64_t m_step = 0;
    std::int64_t m_samples = 0;
    std::int64_t m_tokens = 0;
    double m_epoch = 0;
    double m_epochs = 0;
    double m_updatesPerEpoch = 0;
    bool m_dirty = false;
};

} // namespace studio
