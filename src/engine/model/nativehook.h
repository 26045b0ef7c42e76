#pragma once

#include "core/result.h"
#include "engine/model/encoder.h"

#include <memory>
#include <vector>

namespace studio {

class ParameterStore;

/// Makes an encoder with kernels of its own over the tensors of a store: `parameters` are the encoder's, in
/// order, named as in the checkpoint. An Error says why it cannot (another family, device or dtype).
using NativeEncoderMaker = Result<std::unique_ptr<Encoder>> (*)(const EncoderConfig& config,
                                                                const std::vector<NamedTensor>& parameters,
                                                                ParameterStore& store);

/// Switches products of such an encoder to bf16 values (with fp32 sums) and back; false: it cannot.
using NativeBf16Switch = bool (*)(Encoder& encoder, bool on);

/// Registers what SentenceModel uses; the engine does so once when it starts.
void setNativeEncoderMaker(NativeEncoderMaker maker, NativeBf16Switch bf16 = nullptr);
NativeEncoderMaker nativeEncoderMaker();
NativeBf16Switch nativeBf16Switch(); ///< null: none

} // namespace studio
