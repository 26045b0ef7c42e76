#pragma once

#include <QWidget>

#include <memory>

namespace studio {

class TrainingSession;

/// The page that watches a run: charts of loss, learning rate, gradient norm and evaluation metrics over one
/// linked axis, progress with the time left, throughput, state and log. It reads the session and its run
/// model, and asks for Start and Stop by signal: the window decides what to start.
class MonitorPage : public QWidget
{
    Q_OBJECT

public:
    /// `session` outlives the page.
    explicit MonitorPage(TrainingSession* session, QWidget* parent = nullptr);
    ~MonitorPage() override;

    /// Whether Start may be pressed while nothing runs; `reason` becomes its tool tip when not.
    void setStartAllowed(bool allowed, const QString& reason = {});
    /// The name shown above the charts.
    void setExperimentName(const QString& name);

Q_SIGNALS:
    void startRequested();
    void stopRequested();

private:
    struct Parts;
    std::unique_ptr<Parts> m_parts;
};

} // namespace studio
