#pragma once

#include "core/series/sampleaxis.h"

#include <cstddef>
#include <vector>

namespace studio {

enum class SmoothingKind {
    None,
    Exponential,  ///< debiased exponential average, as TensorBoard draws it
    TimeWeighted, ///< exponential average whose weight depends on the gap in x, as W&B draws it
    Mean,         ///< mean of the last `window` finite values
};

struct SmoothingSpec
{
    SmoothingKind kind = SmoothingKind::None;
    double weight = 0.6;            ///< Exponential, TimeWeighted: 0 (none) to 0.999
    int window = 20;                ///< Mean: number of values, at least 1
    AxisKind axis = AxisKind::Step; ///< TimeWeighted: the axis whose gaps count
    double xRange = 0;              ///< TimeWeighted: length of the visible axis; 0 turns smoothing off

    bool operator==(const SmoothingSpec&) const = default;
};

/// Smooths a series value by value.
///
/// Exponential (TensorBoard's line chart): s ← w·s + (1 − w)·v from s = 0, drawn as s / (1 − wⁿ) with n the
/// number of finite values so far; values that are not finite pass through and do not count; a series that
/// has been constant so far is left alone.
///
/// TimeWeighted (W&B's documentation of its default): w' = min(√w, 0.999) ^ (Δx / xRange · 1000),
/// s ← w'·s + v, n ← w'·n + 1, drawn as s / n: two runs that log at different intervals are smoothed alike.
///
/// Mean: arithmetic mean of the last `window` finite values (fewer at the beginning).
class Smoother
{
public:
    /// W&B's VIEWPORT_SCALE.
    static constexpr double kViewportScale = 1000;

    Smoother() = default;
    explicit Smoother(const SmoothingSpec& spec);

    /// The smoothed value of the next sample.
    double next(double x, double value);

private:
    double exponential(double value);
    double timeWeighted(double x, double value);
    double mean(double value);

    SmoothingSpec m_spec;
    std::size_t m_count = 0; ///< finite values so far
    double m_sum = 0;
    double m_norm = 0; ///< Exponential: wⁿ; TimeWeighted: sum of weights
    double m_lastX = 0;
    double m_first = 0;
    bool m_constant = true;
    std::vector<double> m_ring;
};

} // namespace studio
