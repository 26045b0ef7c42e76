#include "engine/model/checkpoint.h"

#include "engine/model/pickleweights.h"
#include "engine/model/safetensors.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <map>

namespace studio {

namespace {

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::size_t kMaxShards = 1'000;

/// Several safetensors files joined by an index.
class ShardedFile : public TensorFile
{
public:
    std::vector<StoredTensor> list;
    std::string name;
    std::vector<std::shared_ptr<const SafetensorsFile>> shards;

    const std::vector<StoredTensor>& tensors() const override { return list; }
    const std::string& label() const override { return name; }
};

Error brokenIndex(const std::string& name, const std::string& why)
{
    return {ErrorCode::Malformed, "Cannot read " + name + ": " + why + ". Download the model again.", name};
}

Result<std::shared_ptr<const TensorFile>> openShards(const ModelFolder& folder, const std::string& subFolder,
                                                     const std::string& indexName)
{
    auto index = folder.readJson(indexName, ModelFolder::kMaxIndex);
    if (!index) return index.error();
    if (!index->is_object() || !index->contains("weight_map") || !index->at("weight_map").is_object())
        return brokenIndex(indexName, "it has no weight_map");

    auto joined = std::make_shared<ShardedFile>();
    joined->name = indexName;
    std::map<std::string, std::shared_ptr<const SafetensorsFile>> opened;
    for (const auto& [tensor, shard] : index->at("weight_map").items()) {
        if (!shard.is_string())
            return brokenIndex(indexName, "the file of tensor \"" + tensor + "\" is no text");
        const auto shardName = shard.get<std::string>();
        if (shardName.find_first_of("/\\") != std::string::npos)
            return brokenIndex(indexName, "\"" + shardName + "\" is not the name of a file beside it");
        auto& file = opened[shardName];
        if (!file) {
            if (opened.size() > kMaxShards) return brokenIndex(indexName, "it names more than 1,000 files");
            auto path = folder.resolve(joinName(subFolder, shardName));
            if (!path) return path.error();
            auto read = SafetensorsFile::open(*path);
            if (!read) return read.error();
            file = *read;
            joined->shards.push_back(file);
        }
        const auto* stored = file->find(tensor);
        if (!stored) return brokenIndex(indexName, "tensor \"" + tensor + "\" is not in " + shardName);
        joined->list.push_back(*stored);
    }
    std::sort(joined->list.begin(), joined->list.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::shared_ptr<const TensorFile>(std::move(joined));
}

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

Result<std::shared_ptr<const TensorFile>> openCheckpoint(const ModelFolder& folder,
                                                         const std::string& subFolder, bool allowLegacy)
{
    const auto single = joinName(subFolder, kWeights);
    if (folder.has(single)) {
        auto path = folder.resolve(single);
        if (!path) return path.error();
        auto file = SafetensorsFile::open(*path);
        if (!file) return file.error();
        return std::shared_ptr<const TensorFile>(*file);
    }
    const auto index = joinName(subFolder, kIndex);
    if (folder.has(index)) return openShards(folder, subFolder, index);

    const auto legacy = joinName(subFolder, "pytorch_model.bin");
    if (folder.has(legacy) && allowLegacy) {
        auto path = folder.resolve(legacy);
        if (!path) return path.error();
        auto file = PickleWeights::open(*path);
        if (!file) return file.error();
        return std::shared_ptr<const TensorFile>(*file);
    }
    if (folder.has(legacy))
        return Error{ErrorCode::Unsupported,
                     "Cannot use " + legacy +
                         ": weights in Python's pickle format are read only when legacy weights are "
                         "allowed. Allow them, or convert the model to safetensors.",
                     (folder.root() / legacy).string()};
    return Error{ErrorCode::NotFound,
                 "Cannot find the weights " + single + " in " + folder.root().filename().string() +
                     ". Choose a complete model folder.",
                 folder.root().string()};
}

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
