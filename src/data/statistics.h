#pragma once

#include "core/result.h"
#include "data/dataset.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// Rows done and in all, called every few thousand rows on the working thread; return false to stop.
using StatisticsProgress = std::function<bool(std::int64_t done, std::int64_t total)>;

struct TextStatistics
{
    std::string column;
    std::int64_t empty = 0; ///< nothing but white space
    std::int64_t distinct = 0;
    std::int64_t minLength = 0; ///< characters (code points)
    std::int64_t maxLength = 0;
    double meanLength = 0;
    std::int64_t longestRow = 0;
};

struct LabelCount
{
    std::string label; ///< its name, or the number
    std::int64_t rows = 0;
};

struct LabelStatistics
{
    ColumnKind kind = ColumnKind::Integer;
    std::int64_t width = 0; ///< of lists
    double min = 0;
    double max = 0;
    double mean = 0;
    std::int64_t distinct = 0;
    std::vector<LabelCount> counts;      ///< classes, most frequent first; at most kMaxLabelCounts
    std::vector<std::int64_t> histogram; ///< scores: 20 equal bins from min to max
};

inline constexpr std::size_t kMaxLabelCounts = 200;
inline constexpr std::size_t kMaxExamples = 100;

struct DataStatistics
{
    std::int64_t rows = 0;
    std::vector<TextStatistics> inputs;
    std::int64_t duplicateRows = 0; ///< rows whose inputs all equal those of an earlier row
    std::vector<std::pair<std::int64_t, std::int64_t>>
        duplicates;               ///< the first of them, with that earlier row
    std::int64_t equalInputs = 0; ///< rows in which two inputs are the same text
    std::vector<std::int64_t> equalInputRows;
    bool hasLabel = false;
    LabelStatistics label;
};

/// Everything the data page shows about a data set, in one pass over rows (plus one over labels).
/// Error (Busy) when the callback stopped it.
Result<DataStatistics> dataStatistics(const Dataset& dataset, const StatisticsProgress& progress = {});

struct DataOverlap
{
    std::int64_t rows = 0;          ///< evaluation rows whose inputs all occur together in one training row
    std::int64_t texts = 0;         ///< distinct evaluation texts that occur as a training text
    std::int64_t distinctTexts = 0; ///< distinct evaluation texts in all
    std::vector<std::pair<std::int64_t, std::int64_t>> examples; ///< evaluation row, training row
};

/// How much of an evaluation set has been trained on. Order of the inputs does not matter.
Result<DataOverlap> dataOverlap(const Dataset& train, const Dataset& eval,
                                const StatisticsProgress& progress = {});

} // namespace studio
