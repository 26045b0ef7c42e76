#pragma once

#include "session/trainingsession.h"
#include "ui/monitor/processusage.h"

#include <QElapsedTimer>
#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace studio {

/// What a run is doing, in a few lines: name, state, progress with the time left, throughput, trouble; and
/// the buttons that start and stop it.
class RunHeader : public QWidget
{
    Q_OBJECT

public:
    explicit RunHeader(QWidget* parent = nullptr);

    void setName(const QString& name);
    void setStartAllowed(bool allowed, const QString& reason);
    void setState(TrainingSession::State state, const TrainOutcome& outcome);
    /// Shows the model's numbers: at most four times a second unless `now`, else nobody could read them.
    void showRun(const RunModel& run, bool now);

Q_SIGNALS:
    void startRequested();
    void stopRequested();

protected:
    void changeEvent(QEvent* event) override;

private:
    void updateButtons();
    void colourTrouble();
    void showProgress(const RunModel& run);
    void showTrouble(const RunModel& run);
    void showMachine(const RunModel& run);

    QLabel* m_name;
    QLabel* m_state;
    QPushButton* m_start;
    QPushButton* m_stop;
    QProgressBar* m_progress;
    QLabel* m_timeLeft;
    QLabel* m_speed;
    QLabel* m_machine;
    QLabel* m_trouble;
    ProcessUsage m_usage;
    QElapsedTimer m_shown;
    TrainingSession::State m_runState = TrainingSession::State::Idle;
    QString m_failure;
    QString m_reason;
    bool m_allowed = true;
};

} // namespace studio
