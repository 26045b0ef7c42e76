#include "cli/progressbar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace studio::cli {
namespace {

std::size_t terminalWidth()
{
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

void put(const std::string& text)
{
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

} // namespace

std::string durationText(double seconds)
{
    if (!std::isfinite(seconds) || seconds < 0) return "?";
    const auto total = static_cast<std::int64_t>(std::llround(seconds));
    const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    const auto hours = total / 3600, minutes = total / 60 % 60;
    if (hours > 0) return std::to_string(hours) + ":" + two(minutes) + ":" + two(total % 60);
    return std::to_string(minutes) + ":" + two(total % 60);
}

std::string numberText(double value)
{
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 4).ptr;
    return {buffer, end};
}

ProgressBar::ProgressBar(std::string unit, bool quiet)
    : m_unit(std::move(unit)), m_quiet(quiet), m_terminal(isatty(STDERR_FILENO) != 0), m_start(Clock::now())
{
}

ProgressBar::~ProgressBar()
{
    finish();
}

void ProgressBar::update(std::int64_t done, std::int64_t total, const std::string& note)
{
    if (m_quiet) return;
    const auto now = Clock::now();
    if (m_first < 0) {
        m_first = done;
        m_start = now;
    }
    const auto pause = m_terminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
    if (m_visible && (done < total || total <= 0) && now - m_lastDrawn < pause) return;
    m_lastDrawn = now;
    draw(done, total, note);
    m_visible = true;
}

void ProgressBar::draw(std::int64_t done, std::int64_t total, const std::string& note)
{
    const double elapsed = std::chrono::duration<double>(Clock::now() - m_start).count();
    const auto counted = done - m_first;
    const double rate = elapsed > 0 && counted > 0 ? static_cast<double>(counted) / elapsed : 0;

    std::string tail = " " + std::to_string(done) + (total > 0 ? "/" + std::to_string(total) : "") + " " + m_unit;
    if (rate > 0) {
        tail += ", " + numberText(rate) + "/s";
        if (done < total) tail += ", " + durationText(static_cast<double>(total - done) / rate) + " left";
    }
    if (!note.empty()) tail += ", " + note;

    if (!m_terminal) {
        put(tail.substr(1) + "\n");
        return;
    }
    const std::size_t width = terminalWidth();
    const std::size_t room = width > tail.size() + 12 ? std::min<std::size_t>(40, width - tail.size() - 4) : 0;
    std::string bar;
    if (room > 0) {
        const auto filled = total > 0 ? static_cast<std::size_t>(static_cast<double>(room) * static_cast<double>(done) /
                                                                 static_cast<double>(total))
                                      : 0;
        bar = "[" + std::string(std::min(filled, room), '#') + std::string(room - std::min(filled, room), '.') + "]";
    }
    m_lastBar = (bar + tail).substr(0, width - 1);
    put("\r\x1b[K" + m_lastBar);
}

void ProgressBar::printLine(const std::string& line)
{
    if (m_terminal && m_visible) {
        put("\r\x1b[K" + line + "\n" + m_lastBar);
    } else {
        put(line + "\n");
    }
}

void ProgressBar::finish()
{
    if (m_terminal && m_visible) put("\n");
    m_visible = false;
}

} // namespace studio::cli
