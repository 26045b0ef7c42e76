#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// One scalar of a TensorBoard event file.
struct TfScalar
{
    std::string tag; ///< "train/loss"
    std::int64_t step = 0;
    double time = 0; ///< seconds since the epoch of Unix
    double value = 0;
};

struct TfEventsRead
{
    std::vector<TfScalar> scalars; ///< in the order of the file
    std::size_t damagedRecords = 0; ///< whose checksum or contents are wrong; left out
    std::uint64_t lostBytes = 0;    ///< behind a broken length, or of an unfinished last record
};

/// Reads the scalars of an events.out.tfevents file (docs/run-folder.md tells the format; the writer is
/// tensorboard.h). Both forms that exist are read: `simple_value` and the scalar tensor of the second
/// generation. Every checksum is checked.
TfEventsRead parseTfEvents(std::string_view bytes);
Result<TfEventsRead> readTfEvents(const std::string& path);

} // namespace studio
