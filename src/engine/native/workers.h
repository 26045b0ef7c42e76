#pragma once

#include <atomic>
#include <barrier>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace studio {

/// The threads that compute: the caller and count - 1 helpers, which sleep between jobs and inherit the
/// caller's priority. One job at a time.
class Workers
{
public:
    explicit Workers(int count);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    int count() const { return static_cast<int>(m_helpers.size()) + 1; }

    /// Calls job(worker) on every worker, worker 0 being the caller, and returns when all are done.
    void run(const std::function<void(int)>& job);

    /// Inside a job: waits for all workers.
    void barrier() { m_barrier.arrive_and_wait(); }

private:
    void help(int worker);

    std::barrier<> m_barrier;
    std::vector<std::thread> m_helpers;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::condition_variable m_finished;
    const std::function<void(int)>* m_job = nullptr;
    std::uint64_t m_round = 0;
    int m_running = 0;
    bool m_stop = false;
};

/// Hands out the numbers 0 … count - 1 once each, to whichever worker asks. Results must not depend on who
/// gets what.
class Tickets
{
public:
    void reset() { m_next.store(0, std::memory_order_relaxed); }
    int take() { return m_next.fetch_add(1, std::memory_order_relaxed); }

private:
    std::atomic<int> m_next{0};
};

} // namespace studio
