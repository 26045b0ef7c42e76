#include "engine/model/weightfiles.h"

#include "engine/model/pickleweights.h"
#include "engine/model/safetensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace studio {

namespace {

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kLegacy = "pytorch_model.bin";
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

} // namespace

Result<std::shared_ptr<const TensorFile>> openCheckpoint(const ModelFolder& folder,
                                                         const std::string& subFolder, bool allowLegacy)
{
    for (const char* name : {kWeights, kIndex, kLegacy})
        if (const auto path = folder.resolve(joinName(subFolder, name)); !path) return path.error();
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

    const auto legacy = joinName(subFolder, kLegacy);
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

} // namespace studio
