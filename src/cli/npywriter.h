#pragma once

#include "core/engine_api.h"

#include <filesystem>

namespace studio::cli {

/// Writes embeddings as a NumPy file, format 1.0, '<f4', C order.
/// Format: NumPy Enhancement Proposal "A Simple File Format for NumPy Arrays".
Status writeNpy(const Embeddings& embeddings, const std::filesystem::path& file);

} // namespace studio::cli
