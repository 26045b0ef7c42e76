#include "engine/model/pickleweights.h"

#include "engine/model/picklemachine.h"
#include "engine/model/ziparchive.h"

#include <algorithm>
#include <cstring>

namespace studio {

namespace {

/// Tensors that are not stored row by row are copied: so many bytes of them are let through in any file, beyond that half
/// the file's size.
constexpr std::size_t kFreeCopies = 4u << 20;

bool isRowMajor(const PickleValue& tensor)
{
    std::int64_t expected = 1;
    for (std::size_t d = tensor.shape.size(); d-- > 0;) {
        if (tensor.shape[d] == 0) return true;
        if (tensor.shape[d] != 1 && tensor.strides[d] != expected) return false;
        expected *= tensor.shape[d];
    }
    return true;
}

std::int64_t countOf(const PickleValue& tensor)
{
    std::int64_t count = 1;
    for (const auto size : tensor.shape)
        count *= size;
    return count;
}

/// The elements row by row.
std::vector<std::byte> gathered(const PickleValue& tensor, std::span<const std::byte> storage,
                                std::size_t width)
{
    const auto count = static_cast<std::size_t>(countOf(tensor));
    std::vector<std::byte> result(count * width);
    std::vector<std::int64_t> index(tensor.shape.size());
    for (std::size_t n = 0; n < count; ++n) {
        std::int64_t at = tensor.number;
        for (std::size_t d = 0; d < index.size(); ++d)
            at += index[d] * tensor.strides[d];
        std::memcpy(result.data() + n * width, storage.data() + static_cast<std::size_t>(at) * width, width);
        for (std::size_t d = index.size(); d-- > 0;) {
            if (++index[d] < tensor.shape[d]) break;
            index[d] = 0;
        }
    }
    return result;
}

using NamedValues = std::vector<std::pair<std::string, const PickleValue*>>;

/// Every tensor below `value`, with the keys on the way to it. False: too deep.
bool collect(const PickleValue& value, const std::string& path, int depth, NamedValues& found)
{
    if (depth > 8) return false;
    const auto below = [&](const std::string& key) { return path.empty() ? key : path + "/" + key; };
    if (value.kind == PickleValue::Kind::Tensor) found.emplace_back(path, &value);
    for (const auto& [key, member] : value.members) {
        const bool isText = key->kind == PickleValue::Kind::Text;
        if (!isText && key->kind != PickleValue::Kind::Int) continue;
        if (!collect(*member, below(isText ? key->text : std::to_string(key->number)), depth + 1, found))
            return false;
    }
    for (std::size_t i = 0; i < value.items.size(); ++i)
        if (!collect(*value.items[i], below(std::to_string(i)), depth + 1, found)) return false;
    return true;
}

} // namespace

Result<std::shared_ptr<const PickleWeights>> PickleWeights::open(const std::filesystem::path& path,
                                                                 PickleDepth depth)
{
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    return parse((*file)->bytes(), path.filename().string(), *file, depth);
}

Result<std::shared_ptr<const PickleWeights>> PickleWeights::parse(std::span<const std::byte> bytes,
                                                                  const std::string& label,
                                                                  std::shared_ptr<const void> owner,
                                                                  PickleDepth depth)
{
    const auto broken = [&](const std::string& why) {
        return Error{ErrorCode::Malformed, "Cannot read " + label + ": " + why + ".", label};
    };
    auto entries = readStoredZip(bytes, label);
    if (!entries) return entries.error();
    std::string root;
    bool found = false;
    for (const auto& [name, data] : *entries) {
        if (name != "data.pkl" && !name.ends_with("/data.pkl")) continue;
        if (found) return broken("it has more than one data.pkl");
        root = name.substr(0, name.size() - std::strlen("data.pkl"));
        found = true;
    }
    if (!found) return broken("it has no data.pkl");
    if (const auto order = entries->find(root + "byteorder"); order != entries->end()) {
        const std::string_view text(reinterpret_cast<const char*>(order->second.data()),
                                    order->second.size());
        if (text != "little") return broken("its numbers are not little-endian");
    }

    PickleMachine machine(entries->at(root + "data.pkl"), label);
    const auto result = machine.run();
    if (!result) return result.error();
    if ((*result)->kind != PickleValue::Kind::Dict) return broken("it holds no state dict");

    std::shared_ptr<PickleWeights> weights(new PickleWeights);
    weights->m_label = label;
    weights->m_owner = std::move(owner);
    NamedValues values;
    if (depth == PickleDepth::Nested) {
        if (!collect(**result, "", 0, values)) return broken("it is nested too deeply");
    } else {
        for (const auto& [key, value] : (*result)->members) {
            if (key->kind != PickleValue::Kind::Text)
                return broken("its state dict has a key that is no text");
            if (value->kind == PickleValue::Kind::Tensor) values.emplace_back(key->text, value);
        }
    }
    std::size_t copied = 0;
    for (const auto& [name, value] : values) {
        const auto storage = entries->find(root + "data/" + value->text);
        const auto width = static_cast<std::size_t>(tensorTypeBits(value->type)) / 8;
        if (storage == entries->end() ||
            storage->second.size() / width < static_cast<std::size_t>(value->storageSize))
            return broken("the storage of tensor \"" + name.substr(0, 120) +
                          "\" is missing or too small");
        StoredTensor tensor{name, value->type, value->shape, {}};
        if (isRowMajor(*value)) {
            if (const auto size = static_cast<std::size_t>(countOf(*value)) * width; size > 0)
                tensor.bytes = storage->second.subspan(static_cast<std::size_t>(value->number) * width, size);
        } else {
            // Views of one storage in many shapes must not become many times the file.
            copied += static_cast<std::size_t>(countOf(*value)) * width;
            if (copied > kFreeCopies + bytes.size() / 2)
                return broken("too many of its tensors are not stored row by row");
            weights->m_copies.push_back(
                std::make_unique<std::vector<std::byte>>(gathered(*value, storage->second, width)));
            tensor.bytes = *weights->m_copies.back();
        }
        weights->m_tensors.push_back(std::move(tensor));
    }
    auto& tensors = weights->m_tensors;
    std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(tensors.begin(), tensors.end(),
                                          [](const auto& a, const auto& b) { return a.name == b.name; });
    if (twice != tensors.end()) return broken("tensor \"" + twice->name.substr(0, 120) + "\" occurs twice");
    return std::shared_ptr<const PickleWeights>(std::move(weights));
}

} // namespace studio
