#pragma once

#include "core/series/sampleaxis.h"
#include "core/series/valuecolumn.h"

#include <cstdint>
#include <vector>

namespace studio {

/// The part of a series to draw: x in [x0, x1], in so many pixel columns.
struct ReduceRequest
{
    AxisKind axis = AxisKind::Step;
    double x0 = 0;
    double x1 = 1;
    int columns = 1000;
    bool positiveOnly = false; ///< a logarithmic y axis: values ≤ 0 cannot be shown
};

/// What remains to draw, with an account of what does not.
struct Reduced
{
    struct Point
    {
        double x = 0;
        double y = 0;
        std::uint32_t index = 0; ///< of the sample in its series
    };

    std::vector<Point> points;         ///< finite, x ascending
    std::vector<std::uint32_t> edges;  ///< where each column's samples end; empty when all were passed on
    std::vector<std::uint32_t> breaks; ///< a new line begins at these points: NaN or infinity lie before them
    std::size_t samples = 0;           ///< samples with x in [x0, x1]
    std::size_t nonFinite = 0;         ///< … of which NaN or infinite
    std::size_t notPositive = 0;       ///< … of which finite and ≤ 0, left out when positiveOnly
    double yMin = 0;                   ///< extremes of the shown samples in [x0, x1]; yMin > yMax when none
    double yMax = -1;
};

/// Reduces a series to the first, the lowest, the highest and the last sample of every pixel column (M4:
/// Jugel et al., VLDB 2014), so at most 4 · columns points inside [x0, x1] plus one neighbour on each side
/// that leads the line out of the picture. A 1-pixel line through them is the line through all samples; every
/// extreme of every column survives. Series with no more samples than that are passed on whole. `out` is
/// reused. `twin` may be the result of the same request for another series of as many samples on the same
/// axis: its columns are taken over instead of being searched again.
void reduceSeries(const SampleAxis& axis, const ValueColumn& values, const ReduceRequest& request,
                  Reduced& out, const Reduced* twin = nullptr);

} // namespace studio
