#include "engine/model/checkpoint.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstring>

namespace studio {

namespace {

std::optional<std::string> olderName(const std::string& name)
{
    const auto ending = [&](const char* now, const char* then) -> std::optional<std::string> {
        if (!name.ends_with(now)) return std::nullopt;
        return name.substr(0, name.size() - std::strlen(now)) + then;
    };
    if (auto older = ending("LayerNorm.weight", "LayerNorm.gamma")) return older;
    return ending("LayerNorm.bias", "LayerNorm.beta");
}

} // namespace

Result<CheckpointNames> CheckpointNames::of(std::shared_ptr<const TensorFile> file, const std::string& anchor)
{
    CheckpointNames names;
    bool found = false;
    for (const auto& tensor : file->tensors()) {
        if (!tensor.name.ends_with(anchor)) continue;
        auto prefix = tensor.name.substr(0, tensor.name.size() - anchor.size());
        if (!prefix.empty() && prefix.back() != '.') continue;
        if (!found || prefix.size() < names.m_prefix.size()) names.m_prefix = std::move(prefix);
        found = true;
    }
    if (!found)
        return Error{ErrorCode::Malformed,
                     "Cannot use " + file->label() + ": it has no tensor \"" + anchor +
                         "\". The weights do not belong to the architecture that config.json names.",
                     file->label()};
    names.m_file = std::move(file);
    return names;
}

const StoredTensor* CheckpointNames::find(const std::string& name) const
{
    if (const auto* tensor = m_file->find(m_prefix + name)) return tensor;
    const auto older = olderName(name);
    return older ? m_file->find(m_prefix + *older) : nullptr;
}

std::optional<at::ScalarType> scalarTypeOf(TensorType type)
{
    switch (type) {
    case TensorType::F32:
        return at::kFloat;
    case TensorType::F64:
        return at::kDouble;
    case TensorType::F16:
        return at::kHalf;
    case TensorType::BF16:
        return at::kBFloat16;
    default:
        return std::nullopt;
    }
}

std::optional<TensorType> tensorTypeOf(at::ScalarType type)
{
    switch (type) {
    case at::kFloat:
        return TensorType::F32;
    case at::kDouble:
        return TensorType::F64;
    case at::kHalf:
        return TensorType::F16;
    case at::kBFloat16:
        return TensorType::BF16;
    default:
        return std::nullopt;
    }
}

Status copyInto(const StoredTensor& stored, const at::Tensor& target, const std::string& label)
{
    const auto type = scalarTypeOf(stored.type);
    if (!type)
        return Error{ErrorCode::Unsupported,
                     "Cannot use " + label + ": tensor \"" + stored.name + "\" has the type " +
                         tensorTypeName(stored.type) + "; weights may be F32, F16, BF16 or F64.",
                     label};
    at::NoGradGuard noGrad;
    const auto width = c10::elementSize(*type);
    if (stored.bytes.empty()) return {};
    at::Tensor source;
    if (reinterpret_cast<std::uintptr_t>(stored.bytes.data()) % width == 0) {
        source = at::from_blob(const_cast<std::byte*>(stored.bytes.data()), stored.shape, *type);
    } else {
        source = at::empty(stored.shape, *type);
        std::memcpy(source.data_ptr(), stored.bytes.data(), stored.bytes.size());
    }
    target.copy_(source);
    return {};
}

} // namespace studio
