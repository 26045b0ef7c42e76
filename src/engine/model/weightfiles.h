#pragma once

#include "core/result.h"
#include "engine/model/modelfolder.h"
#include "engine/model/tensorfile.h"

#include <memory>
#include <string>

namespace studio {

/// Opens the weights in a folder or sub-folder of a model: model.safetensors, else the shards that
/// model.safetensors.index.json names, else pytorch_model.bin when `allowLegacy`. NotFound names what was
/// looked for.
Result<std::shared_ptr<const TensorFile>> openCheckpoint(const ModelFolder& folder,
                                                         const std::string& subFolder, bool allowLegacy);

} // namespace studio
