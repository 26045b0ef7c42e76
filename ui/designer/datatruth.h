#pragma once

#include "core/experiment/experiment.h"
#include "data/reader.h"
#include "data/statistics.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// How many tokens the rows of a data set have: of each row its longest input, special tokens and prompts
/// included, nothing cut off.
struct TokenLengths
{
    std::vector<std::int64_t> rowsOfLength; ///< [tokens] → rows with so many
    std::int64_t counted = 0;               ///< rows looked at
    std::int64_t total = 0;                 ///< rows there are; more than counted: an even sample was taken
    std::string problem;                    ///< why there are no numbers (no model, no tokenizer)

    /// Share of the counted rows that a limit of so many tokens cuts, 0 to 1.
    double truncatedShare(int limit) const;
    int longest() const { return static_cast<int>(rowsOfLength.size()) - 1; }
    /// The smallest limit that cuts at most this share.
    int limitFor(double share) const;
};

/// How much of an evaluation set is in the training set.
struct SharedRows
{
    std::string eval; ///< its name
    std::int64_t evalRows = 0;
    DataOverlap overlap;
};

/// Everything worth knowing about a data set before it is trained on. Plain values: made in a worker.
struct DataTruth
{
    std::string problem; ///< why there is nothing else (the file cannot be read)
    std::vector<std::string> remarks;
    std::int64_t badRowCount = 0;
    std::vector<BadRow> badRows; ///< the first of them
    DataStatistics statistics;
    /// Lines in the file of statistics.duplicates: the row, the earlier one; 0 where the format has no lines.
    std::vector<std::pair<std::int64_t, std::int64_t>> duplicateLines;
    TokenLengths tokens;
    std::vector<SharedRows> shared;
    std::optional<double> collisionChance; ///< that two rows have the same positive, see lint.h
};

/// What to look at. All paths are absolute.
struct DataQuestion
{
    DataSpec data;
    std::vector<DataSpec> eval; ///< compared with a training set; empty for an evaluation set
    std::string tokenizerFolder;
    bool lowerCaseFirst = false;
    Json prompts; ///< of the arguments; the data set's own come first
    bool severalSets = false;
};

/// Rows whose tokens are counted at most; larger sets are sampled evenly.
inline constexpr std::int64_t kTokenRows = 40000;

/// Reads the whole file. Bad rows are left out and listed. Stops early, with what it has, when `cancelled` is
/// set.
DataTruth examineData(const DataQuestion& question, const std::atomic<bool>& cancelled);

} // namespace studio
