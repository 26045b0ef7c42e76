#include "engine/model/tensorfile.h"

#include <algorithm>
#include <array>

namespace studio {

namespace {

struct TypeRow
{
    const char* name;
    int bits;
};

constexpr std::array<TypeRow, 22> kTypes{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};

} // namespace

const char* tensorTypeName(TensorType type)
{
    return kTypes[static_cast<std::size_t>(type)].name;
}

int tensorTypeBits(TensorType type)
{
    return kTypes[static_cast<std::size_t>(type)].bits;
}

std::optional<TensorType> tensorTypeOf(std::string_view name)
{
    for (std::size_t i = 0; i < kTypes.size(); ++i)
        if (name == kTypes[i].name) return static_cast<TensorType>(i);
    return std::nullopt;
}

const StoredTensor* TensorFile::find(std::string_view name) const
{
    const auto& list = tensors();
    const auto at =
        std::lower_bound(list.begin(), list.end(), name,
                         [](const StoredTensor& tensor, std::string_view key) { return tensor.name < key; });
    return at != list.end() && at->name == name ? &*at : nullptr;
}

std::string shapeText(std::span<const std::int64_t> shape)
{
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

} // namespace studio
