#include "engine/native/workers.h"

namespace studio {

Workers::Workers(int count) : m_barrier(count > 0 ? count : 1)
{
    for (int worker = 1; worker < count; ++worker)
        m_helpers.emplace_back([this, worker] { help(worker); });
}

Workers::~Workers()
{
    {
        std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_all();
    for (auto& helper : m_helpers)
        helper.join();
}

void Workers::run(const std::function<void(int)>& job)
{
    if (m_helpers.empty()) {
        job(0);
        return;
    }
    {
        std::lock_guard lock(m_mutex);
        m_job = &job;
        m_running = static_cast<int>(m_helpers.size());
        ++m_round;
    }
    m_wake.notify_all();
    job(0);
    std::unique_lock lock(m_mutex);
    m_finished.wait(lock, [this] { return m_running == 0; });
    m_job = nullptr;
}

void Workers::help(int worker)
{
    std::uint64_t seen = 0;
    while (true) {
        const std::function<void(int)>* job = nullptr;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [&] { return m_stop || m_round != seen; });
            if (m_stop) return;
            seen = m_round;
            job = m_job;
        }
        (*job)(worker);
        {
            std::lock_guard lock(m_mutex);
            --m_running;
        }
        m_finished.notify_one();
    }
}

} // namespace studio
