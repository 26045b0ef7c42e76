#include "ui/measure.h"

#include "session/runmodel.h"
#include "session/scriptedengine.h"
#include "session/trainingsession.h"
#include "ui/monitor/monitorpage.h"

#include <QEventLoop>
#include <QTimer>

#include <atomic>
#include <cmath>
#include <thread>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace studio::bench {
namespace {

/// Threads that compute as the engine's do: at the lowered priority, without a pause.
class BusyThreads
{
public:
    explicit BusyThreads(int count)
    {
        for (int i = 0; i < count; ++i)
            m_threads.emplace_back([this] {
                setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
                double value = 1;
                while (!m_stop.load(std::memory_order_relaxed))
                    for (int j = 0; j < 10000; ++j)
                        value = std::sin(value) + 1e-9;
                m_result.store(value);
            });
    }
    ~BusyThreads()
    {
        m_stop = true;
        for (auto& thread : m_threads)
            thread.join();
    }

private:
    std::atomic<bool> m_stop{false};
    std::atomic<double> m_result{0};
    std::vector<std::thread> m_threads;
};

} // namespace

QJsonObject eventLatency(int stepsPerSecond, int busyThreads, double seconds)
{
    Script script;
    script.steps = 1000000000;
    script.perStep = std::chrono::microseconds(1000000 / stepsPerSecond);
    script.evaluateEvery = 2000;
    ScriptedEngine engine(script);
    setEngineForTesting(&engine);
    std::vector<double> waits;
    std::int64_t steps = 0;
    {
        TrainingSession session;
        MonitorPage page(&session);
        page.resize(1100, 760);
        page.show();
        BusyThreads busy(busyThreads);
        session.start(nullptr, "bench");
        QObject context;
        QTimer probe;
        probe.setInterval(3);
        QObject::connect(&probe, &QTimer::timeout, &context, [&] {
            const double posted = wallMs();
            QMetaObject::invokeMethod(
                &context, [&waits, posted] { waits.push_back(wallMs() - posted); }, Qt::QueuedConnection);
        });
        probe.start();
        QEventLoop loop;
        QTimer::singleShot(static_cast<int>(seconds * 1000), &loop, &QEventLoop::quit);
        loop.exec();
        probe.stop();
        steps = session.run()->step();
    }
    setEngineForTesting(nullptr);
    return {{"steps", static_cast<double>(steps)},
            {"busy_threads", busyThreads},
            {"seconds", seconds},
            {"wait_ms", statistics(waits)}};
}

} // namespace studio::bench
