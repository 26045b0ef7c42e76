#pragma once

#include "engine/model/modelfolder.h"

#include <string>
#include <vector>

namespace studio {

/// The modules that this program knows; a closed table, nothing is ever imported.
enum class ModuleKind { Transformer, StaticEmbedding, Pooling, Normalize, Dense, LayerNorm, Dropout };

struct ModuleSpec
{
    ModuleKind kind = ModuleKind::Transformer;
    std::string name; ///< key in the Python module, "0"
    std::string path; ///< sub-folder, "" for the root
};

/// Reads modules.json, in the type names of all releases. A folder without it is a plain transformer: one
/// Transformer module and nothing else. Unsupported names the class.
Result<std::vector<ModuleSpec>> readModules(const ModelFolder& folder);

const char* moduleClass(ModuleKind kind);                      ///< "Pooling"
std::string moduleTypeForSaving(const std::string& className); ///< "sentence_transformers.models.Pooling"

} // namespace studio
