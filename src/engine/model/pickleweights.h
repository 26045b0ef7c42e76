#pragma once

#include "engine/model/mappedfile.h"
#include "engine/model/tensorfile.h"

namespace studio {

/// How deep tensors are looked for.
enum class PickleDepth {
    Flat,   ///< a state dict: text → tensor; anything else in it is passed over
    Nested, ///< also in dictionaries and lists below, under names joined by "/" ("state/0/exp_avg")
};

/// Reader of pytorch_model.bin (torch.save of a state dict, PyTorch 1.6 and later). It runs nothing: a small
/// machine knows the opcodes that a state dict consists of, and the few names that it mentions (OrderedDict,
/// _rebuild_tensor_v2, _rebuild_parameter, Size, the typed storages). Anything else is refused with its
/// offset. Every tensor is checked against its storage, every storage against its zip entry.
class PickleWeights : public TensorFile
{
public:
    static Result<std::shared_ptr<const PickleWeights>> open(const std::filesystem::path& path,
                                                             PickleDepth depth = PickleDepth::Flat);
    static Result<std::shared_ptr<const PickleWeights>> parse(std::span<const std::byte> bytes,
                                                              const std::string& label,
                                                              std::shared_ptr<const void> owner = nullptr,
                                                              PickleDepth depth = PickleDepth::Flat);

    const std::vector<StoredTensor>& tensors() const override { return m_tensors; }
    const std::string& label() const override { return m_label; }

private:
    PickleWeights() = default;

    std::string m_label;
    std::vector<StoredTensor> m_tensors;
    std::vector<std::unique_ptr<std::vector<std::byte>>>
        m_copies; ///< of tensors that are not stored row by row
    std::shared_ptr<const void> m_owner;
};

} // namespace studio
