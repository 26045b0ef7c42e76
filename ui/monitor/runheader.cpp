#include "ui/monitor/runheader.h"

#include "session/runmodel.h"
#include "ui/charts/axisticks.h"
#include "ui/widgets/icons.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QThread>
#include <QVBoxLayout>

#include <cmath>

namespace studio {
namespace {

using State = TrainingSession::State;

constexpr qint64 kShowEveryMs = 250;

QString whole(double number)
{
    return QLocale().toString(static_cast<qlonglong>(std::llround(number)));
}

/// Screen readers read a label's text: a name of its own would hide it.
QLabel* makeLabel(const char* objectName, QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setObjectName(QLatin1String(objectName));
    return label;
}

} // namespace

RunHeader::RunHeader(QWidget* parent)
    : QWidget(parent),
      m_name(makeLabel("experimentName", this)),
      m_state(makeLabel("runState", this)),
      m_start(new QPushButton(studioIcon(QStringLiteral("start")), tr("&Start"), this)),
      m_stop(new QPushButton(studioIcon(QStringLiteral("stop")), tr("S&top"), this)),
      m_progress(new QProgressBar(this)),
      m_timeLeft(makeLabel("timeLeft", this)),
      m_speed(makeLabel("throughput", this)),
      m_machine(makeLabel("machine", this)),
      m_trouble(makeLabel("trouble", this))
{
    m_start->setObjectName(QStringLiteral("startButton"));
    m_stop->setObjectName(QStringLiteral("stopButton"));
    m_progress->setObjectName(QStringLiteral("runProgress"));
    QFont title = font();
    title.setBold(true);
    title.setPointSizeF(title.pointSizeF() * 1.25);
    m_name->setFont(title);
    m_progress->setAccessibleName(tr("Progress of the run"));
    m_progress->setRange(0, 1000);
    m_progress->setTextVisible(true);
    m_trouble->setWordWrap(true);
    m_trouble->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_trouble->setFocusPolicy(Qt::NoFocus);
    m_trouble->hide();

    auto* top = new QHBoxLayout;
    top->addWidget(m_name, 1);
    top->addWidget(m_state);
    top->addSpacing(12);
    top->addWidget(m_start);
    top->addWidget(m_stop);
    auto* numbers = new QHBoxLayout;
    numbers->addWidget(m_timeLeft, 1);
    numbers->addWidget(m_speed);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(top);
    layout->addWidget(m_progress);
    layout->addLayout(numbers);
    m_machine->setAlignment(Qt::AlignRight);
    m_machine->hide();
    layout->addWidget(m_machine);
    layout->addWidget(m_trouble);

    connect(m_start, &QPushButton::clicked, this, &RunHeader::startRequested);
    connect(m_stop, &QPushButton::clicked, this, &RunHeader::stopRequested);
    setName({});
    setState(State::Idle, {});
}

void RunHeader::setName(const QString& name)
{
    m_name->setText(name.isEmpty() ? tr("No run yet") : name);
}

void RunHeader::setStartAllowed(bool allowed, const QString& reason)
{
    m_allowed = allowed;
    m_reason = reason;
    updateButtons();
}

void RunHeader::updateButtons()
{
    const bool active = TrainingSession::isActive(m_runState);
    m_start->setEnabled(m_allowed && !active);
    m_start->setToolTip(active      ? tr("A run is active.")
                        : m_allowed ? tr("Train as the designer says.")
                                    : m_reason);
    m_stop->setEnabled(active && m_runState != State::Stopping);
    m_stop->setToolTip(tr("End after the current step and keep the model."));
}

void RunHeader::setState(State state, const TrainOutcome& outcome)
{
    m_runState = state;
    m_state->setText(TrainingSession::stateText(state));
    m_failure = state == State::Failed ? QString::fromStdString(outcome.error.text()) : QString();
    updateButtons();
    if (state == State::Idle) {
        m_progress->setRange(0, 1000);
        m_progress->setValue(0);
        m_progress->setFormat(QString());
        m_timeLeft->setText(tr("Press Start to train the experiment of the designer."));
        m_speed->clear();
    }
    if (state == State::Starting) {
        m_shown.invalidate();
        m_progress->setRange(0, 0);
        m_progress->setFormat(QString());
        m_timeLeft->setText(tr("Starting…"));
        m_speed->clear();
    }
}

void RunHeader::showRun(const RunModel& run, bool now)
{
    if (m_runState == State::Idle) return;
    if (!now && m_shown.isValid() && m_shown.elapsed() < kShowEveryMs) return;
    m_shown.start();
    showProgress(run);
    showTrouble(run);
    showMachine(run);
    if (run.samplesPerSecond() > 0)
        m_speed->setText(tr("%1 samples/s · %2 tokens/s")
                             .arg(whole(run.samplesPerSecond()), whole(run.tokensPerSecond())));
}

void RunHeader::showProgress(const RunModel& run)
{
    const bool ended = !TrainingSession::isActive(m_runState);
    const auto total = run.progress().totalSteps();
    const auto fraction = run.progress().fraction();
    if (!fraction && !ended) {
        m_progress->setRange(0, 0);
    } else {
        m_progress->setRange(0, 1000);
        // All steps done is not the end: files are still being written until the state says so.
        const int done = static_cast<int>(std::floor(fraction.value_or(0) * 1000));
        m_progress->setValue(m_runState == State::Completed ? 1000 : std::min(done, 999));
    }
    QStringList parts;
    if (run.step() > 0 || total > 0)
        parts << (total > 0 ? tr("Step %1 of %2").arg(whole(run.step()), whole(static_cast<double>(total)))
                            : tr("Step %1").arg(whole(run.step())));
    if (run.epochs() > 0)
        parts << tr("epoch %1 of %2")
                     .arg(QLocale().toString(run.epoch(), 'f', 2), QLocale().toString(run.epochs(), 'g', 4));
    if (!ended && !run.phase().isEmpty()) parts << run.phase();
    m_progress->setFormat(parts.join(QStringLiteral(" · ")));

    if (ended) {
        const double seconds =
            run.series(QStringLiteral("loss"))->empty()
                ? 0
                : run.series(QStringLiteral("loss"))
                      ->axis()
                      .value(AxisKind::Elapsed, run.series(QStringLiteral("loss"))->size() - 1);
        QString text = tr("%1 after %2").arg(TrainingSession::stateText(m_runState), durationText(seconds));
        if (const auto best = run.best())
            text += tr(" · best %1 %2 at step %3")
                        .arg(best->key, valueText(best->value), whole(best->position.step));
        m_timeLeft->setText(text);
        return;
    }
    const auto left = run.progress().timeLeft();
    if (m_runState == State::Stopping)
        m_timeLeft->setText(tr("Stopping after the current step…"));
    else if (m_runState == State::Pausing)
        m_timeLeft->setText(tr("Pausing after the current step…"));
    else if (m_runState == State::Paused)
        m_timeLeft->setText(tr("Paused with everything in memory. Resume goes on."));
    else if (!left)
        m_timeLeft->setText(run.step() > 0 ? tr("Measuring the time left…") : tr("Starting…"));
    else if (left->high - left->low < 0.1 * left->seconds || left->high < 60)
        m_timeLeft->setText(tr("About %1 left").arg(durationText(left->seconds)));
    else
        m_timeLeft->setText(
            tr("About %1 left (%2 to %3)")
                .arg(durationText(left->seconds), durationText(left->low), durationText(left->high)));
}

/// Step time and gradient norm of the last step, and what the process takes of the computer meanwhile.
void RunHeader::showMachine(const RunModel& run)
{
    m_machine->setVisible(TrainingSession::isActive(m_runState));
    if (!TrainingSession::isActive(m_runState)) return;
    QStringList parts;
    const auto& norms = *run.series(QStringLiteral("grad_norm"));
    if (!norms.empty()) {
        if (run.secondsPerStep() > 0) parts << tr("%1 ms a step").arg(valueText(run.secondsPerStep() * 1e3));
        parts << tr("gradient norm %1").arg(valueText(norms.values()[norms.size() - 1]));
    }
    if (const auto usage = m_usage.sample())
        parts << tr("memory %1").arg(QLocale().formattedDataSize(usage->residentBytes, 1))
              << tr("CPU %1 of %2 cores")
                     .arg(QLocale().toString(usage->cpuShare, 'f', 1))
                     .arg(QThread::idealThreadCount());
    m_machine->setText(parts.join(QStringLiteral(" · ")));
}

void RunHeader::showTrouble(const RunModel& run)
{
    QStringList sentences;
    if (!m_failure.isEmpty()) sentences << m_failure;
    if (const auto bad = run.nonFiniteLosses()) {
        const auto& loss = *run.series(QStringLiteral("loss"));
        const double first = loss.axis().value(AxisKind::Step, loss.values().nonFinite().front());
        const QString where = whole(first);
        const QString cure = tr("Lower the learning rate, or clip gradients.");
        sentences << (bad == 1 ? tr("The loss of step %1 is not finite. %2").arg(where, cure)
                               : tr("%1 losses are not finite, the first at step %2. %3")
                                     .arg(whole(static_cast<double>(bad)), where, cure));
    }
    m_trouble->setVisible(!sentences.isEmpty());
    if (sentences.isEmpty()) return;
    m_trouble->setText(sentences.join(QLatin1Char('\n')));
    colourTrouble();
}

void RunHeader::colourTrouble()
{
    QPalette ink = palette();
    ink.setColor(QPalette::WindowText, m_failure.isEmpty() ? warningColour(ink) : errorColour(ink));
    m_trouble->setPalette(ink);
}

void RunHeader::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) colourTrouble();
}

} // namespace studio
