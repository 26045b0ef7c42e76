#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace studio::cli {

/// A line on standard error that says how far a job is: a bar with rate and time left on a terminal (redrawn at
/// most ten times a second), a plain line every few seconds otherwise.
class ProgressBar
{
public:
    explicit ProgressBar(std::string unit, bool quiet = false);
    ~ProgressBar();

    /// `note` stands behind the bar ("loss 0.0312"). A total of 0 is one that nobody knows.
    void update(std::int64_t done, std::int64_t total, const std::string& note = {});

    /// Prints a whole line above the bar.
    void printLine(const std::string& line);

    /// Leaves the finished bar standing.
    void finish();

private:
    using Clock = std::chrono::steady_clock;

    void draw(std::int64_t done, std::int64_t total, const std::string& note);

    std::string m_unit;
    bool m_quiet;
    bool m_terminal;
    bool m_visible = false;
    std::string m_lastBar;
    Clock::time_point m_start;
    Clock::time_point m_lastDrawn;
    std::int64_t m_first = -1;
};

/// "1:05", "2:03:10".
std::string durationText(double seconds);

/// Four significant digits, as the progress line shows numbers: "0.03124", "2e-05".
std::string numberText(double value);

} // namespace studio::cli
