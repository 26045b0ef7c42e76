#pragma once

#include "core/engine_api.h"
#include "core/result.h"
#include "engine/model/modelfile.h"

#include <filesystem>
#include <string>
#include <vector>

namespace studio {

/// Nothing is there yet: asked before the work begins. Error: NotWritable when `output` exists.
Status outputIsFree(const std::filesystem::path& output);

/// Turns the files that define a new model (configuration, tokenizer, weights) into a model folder: they are
/// opened as any model is, so that what cannot be read is never published, and saved in the layout that
/// Python loads, whole or not at all. Errors: NotWritable when `output` exists.
Result<ModelInfo> publishModel(const std::vector<ModelFile>& source, const std::filesystem::path& output);

/// A ModelFile of a text.
ModelFile textModelFile(std::string relativePath, std::string text);

} // namespace studio
