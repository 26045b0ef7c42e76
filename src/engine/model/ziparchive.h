#pragma once

#include "core/result.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace studio {

/// The directory of a zip archive whose entries are stored uncompressed, as torch.save writes them. Entries
/// point into the given bytes. Refused: compressed or encrypted entries, names that occur twice, entries that
/// lie outside the file, overlap the directory or disagree with their local header, more than 100,000
/// entries.
Result<std::map<std::string, std::span<const std::byte>>> readStoredZip(std::span<const std::byte> bytes,
                                                                        const std::string& label);

} // namespace studio
