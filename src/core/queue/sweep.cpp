#include "core/queue/sweep.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <random>
#include <set>

namespace studio {
namespace {

constexpr std::size_t kMostRuns = 10000;
constexpr std::size_t kOthersNeeded = 3;

std::optional<double> numberOf(std::string_view text)
{
    double value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

bool isWhole(std::string_view text)
{
    return text.find_first_of(".eE") == std::string_view::npos;
}

/// What is no JSON is a text: linear, steps.
std::string jsonOf(const std::string& text)
{
    return nlohmann::json::accept(text) ? text : nlohmann::json(text).dump();
}

Error badAxis(const std::string& text, const std::string& why)
{
    return {ErrorCode::InvalidValue, text + ": " + why + " Write KEY=VALUE,VALUE,… or KEY=LOW..HIGH.", text};
}

/// [0, 1), the same on every standard library.
double uniform(std::mt19937_64& random)
{
    return static_cast<double>(random() >> 11) * 0x1.0p-53;
}

std::string draw(const SweepAxis& axis, std::mt19937_64& random)
{
    if (!axis.values.empty()) return axis.values[random() % axis.values.size()];
    const double share = uniform(random);
    double value = axis.logarithmic ? axis.low * std::pow(axis.high / axis.low, share)
                                    : axis.low + (axis.whole ? axis.high - axis.low + 1 : axis.high - axis.low) * share;
    if (axis.whole)
        return std::to_string(std::clamp(static_cast<std::int64_t>(std::floor(value)),
                                         static_cast<std::int64_t>(axis.low), static_cast<std::int64_t>(axis.high)));
    // Three digits are what a person would write and compare.
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 3).ptr;
    return std::string(text, end);
}

double meanUntil(const std::vector<Measured>& run, std::int64_t step)
{
    double sum = 0;
    int count = 0;
    for (const Measured& one : run) {
        if (one.step > step || !std::isfinite(one.value)) continue;
        sum += one.value;
        ++count;
    }
    return count ? sum / count : std::nan("");
}

} // namespace

Result<SweepAxis> parseSweepAxis(const std::string& text)
{
    const auto sign = text.find('=');
    if (sign == std::string::npos || sign == 0) return badAxis(text, "there is no key.");
    SweepAxis axis;
    axis.key = text.substr(0, sign);
    const std::string list = text.substr(sign + 1);
    if (const auto dots = list.find(".."); dots != std::string::npos) {
        const std::string low = list.substr(0, dots), high = list.substr(dots + 2);
        const auto from = numberOf(low), to = numberOf(high);
        if (!from || !to || *from >= *to) return badAxis(text, "the range needs two numbers, the smaller one first.");
        axis.low = *from;
        axis.high = *to;
        axis.whole = isWhole(low) && isWhole(high);
        axis.logarithmic = !axis.whole && *from > 0 && *to / *from >= 100;
        return axis;
    }
    // Commas inside of brackets, braces and quotes belong to a value.
    std::string value;
    int depth = 0;
    bool quoted = false;
    for (const char c : list + ",") {
        if (c == ',' && depth == 0 && !quoted) {
            if (value.empty()) return badAxis(text, "a value is empty.");
            axis.values.push_back(jsonOf(value));
            value.clear();
            continue;
        }
        if (c == '"') quoted = !quoted;
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        value += c;
    }
    if (axis.values.empty()) return badAxis(text, "there are no values.");
    return axis;
}

Result<std::vector<SweepPoint>> sweepPoints(const Sweep& sweep)
{
    const auto tooMany = [](double runs) {
        return Error{ErrorCode::InvalidValue,
                     "This sweep has " + std::to_string(static_cast<std::int64_t>(runs)) +
                         " runs; 10,000 is the most. Name fewer values, or draw some at random.",
                     "sweep"};
    };
    if (sweep.axes.empty()) return Error{ErrorCode::InvalidValue, "A sweep needs at least one argument to vary.", "sweep"};
    for (const SweepAxis& axis : sweep.axes)
        if (axis.values.empty() && sweep.draws == 0)
            return badAxis(axis.key, "a range can only be drawn from at random: a grid needs a list of values.");

    std::vector<SweepPoint> points;
    if (sweep.draws == 0) {
        double runs = 1;
        for (const SweepAxis& axis : sweep.axes)
            runs *= static_cast<double>(axis.values.size());
        if (runs > static_cast<double>(kMostRuns)) return tooMany(runs);
        points.emplace_back();
        for (const SweepAxis& axis : sweep.axes) {
            std::vector<SweepPoint> longer;
            for (const SweepPoint& point : points) {
                for (const std::string& value : axis.values) {
                    longer.push_back(point);
                    longer.back().emplace_back(axis.key, value);
                }
            }
            points = std::move(longer);
        }
        return points;
    }
    if (sweep.draws > static_cast<std::int64_t>(kMostRuns)) return tooMany(static_cast<double>(sweep.draws));
    std::mt19937_64 random(sweep.seed);
    std::set<SweepPoint> seen;
    // A small space is exhausted some time: then the draws end.
    for (std::int64_t misses = 0; std::ssize(points) < sweep.draws && misses < 1000;) {
        SweepPoint point;
        for (const SweepAxis& axis : sweep.axes)
            point.emplace_back(axis.key, draw(axis, random));
        if (seen.insert(point).second) {
            points.push_back(std::move(point));
            misses = 0;
        } else {
            ++misses;
        }
    }
    return points;
}

bool endsByMedianRule(const std::vector<Measured>& run, const std::vector<std::vector<Measured>>& others,
                      bool greaterIsBetter)
{
    if (run.empty()) return false;
    const std::int64_t step = run.back().step;
    double best = std::nan("");
    for (const Measured& one : run) {
        if (!std::isfinite(one.value)) continue;
        if (std::isnan(best) || (greaterIsBetter ? one.value > best : one.value < best)) best = one.value;
    }
    std::vector<double> means;
    for (const auto& other : others) {
        if (other.empty() || other.back().step < step) continue;
        if (const double mean = meanUntil(other, step); std::isfinite(mean)) means.push_back(mean);
    }
    if (means.size() < kOthersNeeded) return false;
    // Nothing finite so far is worse than anything.
    if (std::isnan(best)) return true;
    std::sort(means.begin(), means.end());
    const std::size_t middle = means.size() / 2;
    const double median = means.size() % 2 ? means[middle] : (means[middle - 1] + means[middle]) / 2;
    return greaterIsBetter ? best < median : best > median;
}

} // namespace studio
