#pragma once

#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// One argument of a sweep: a list of values, or a range to draw from.
struct SweepAxis
{
    std::string key;                 ///< an argument, or a path into the experiment
    std::vector<std::string> values; ///< JSON; empty: the range
    double low = 0;
    double high = 0;
    bool logarithmic = false;
    bool whole = false;
};

/// "learning_rate=1e-5,3e-5" or "learning_rate=1e-6..1e-4" (logarithmic when both ends are positive and a hundredfold or
/// more apart; whole numbers when both ends are written as such).
Result<SweepAxis> parseSweepAxis(const std::string& text);

struct Sweep
{
    std::vector<SweepAxis> axes;
    std::int64_t draws = 0; ///< 0: the grid of all values; else so many random combinations
    std::uint64_t seed = 0; ///< of the draws
};

/// Key and value (JSON) of every argument of one run.
using SweepPoint = std::vector<std::pair<std::string, std::string>>;

/// The runs in their order: a grid varies its last argument fastest; random draws never repeat a combination, so a
/// small space gives fewer than asked for. The same sweep always gives the same runs. Error when an axis has no
/// values, or a range stands in a grid, or there are more than 10,000 runs.
Result<std::vector<SweepPoint>> sweepPoints(const Sweep& sweep);

/// An evaluation of a run: its step and the value of the metric.
struct Measured
{
    std::int64_t step = 0;
    double value = 0;
};

/// Median rule (Golovin et al., Vizier, KDD 2017): a run ends early when its best value up to a step is worse than
/// the median of the running means of the other runs up to that step. Needs at least three others that came that far.
bool endsByMedianRule(const std::vector<Measured>& run, const std::vector<std::vector<Measured>>& others,
                      bool greaterIsBetter);

} // namespace studio
