#pragma once

#include "engine/model/encoder.h"

#include <memory>
#include <vector>

namespace studio {

class ParameterStore;

/// Makes an encoder with kernels of its own over the tensors of a store: `parameters` are the encoder's, in
/// order, named as in the checkpoint. Null when it cannot (another family, device or dtype).
using NativeEncoderMaker = std::unique_ptr<Encoder> (*)(const EncoderConfig& config,
                                                        const std::vector<NamedTensor>& parameters,
                                                        ParameterStore& store);

/// Registers the maker that SentenceModel::load uses; the engine does so once when it starts.
void setNativeEncoderMaker(NativeEncoderMaker maker);
NativeEncoderMaker nativeEncoderMaker();

} // namespace studio
