#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// Element types of safetensors, in the order that its writer sorts by.
enum class TensorType {
    Bool,
    F4,
    F6E2M3,
    F6E3M2,
    U8,
    I8,
    F8E5M2,
    F8E4M3,
    F8E8M0,
    F8E4M3FNUZ,
    F8E5M2FNUZ,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    C64,
    F64,
    I64,
    U64,
};

const char* tensorTypeName(TensorType type); ///< "F32"
std::optional<TensorType> tensorTypeOf(std::string_view name);
int tensorTypeBits(TensorType type);

/// A stored tensor: bytes in row-major order, little-endian, possibly unaligned, alive as long as its file.
struct StoredTensor
{
    std::string name;
    TensorType type = TensorType::F32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
};

/// A set of stored tensors: one safetensors file, several with an index, or a legacy weights file.
class TensorFile
{
public:
    virtual ~TensorFile() = default;

    virtual const std::vector<StoredTensor>& tensors() const = 0; ///< sorted by name, names distinct
    virtual const std::string& label() const = 0;                 ///< name for messages

    const StoredTensor* find(std::string_view name) const;
};

/// "[30522, 384]"
std::string shapeText(std::span<const std::int64_t> shape);

} // namespace studio
