// Reading what PEFT has saved.

#include "engine/model/checkpoint.h"
#include "engine/model/configreader.h"
#include "engine/model/lora.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace studio {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "base_model.model.";

bool isSet(const Json* value)
{
    if (!value || value->is_null()) return false;
    if (value->is_boolean()) return value->get<bool>();
    if (value->is_number()) return value->get<double>() != 0;
    return !value->empty();
}

/// Kinds that change more than this program computes.
void refuseOtherKinds(ConfigReader& reader)
{
    if (const auto kind = reader.text("peft_type", "LORA"); kind != "LORA")
        return reader.unsupported("adapters of the kind " + kind.substr(0, 40) + " (LORA is)");
    for (const char* key : {"use_dora", "fan_in_fan_out", "rank_pattern", "alpha_pattern", "modules_to_save",
                            "lora_bias", "layer_replication", "megatron_config", "trainable_token_indices",
                            "target_parameters", "use_qalora", "alora_invocation_tokens", "use_bdlora", "kasa_config",
                            "velora_config", "monteclora_config", "lora_ga_config", "loftq_config"})
        if (isSet(reader.find(key)))
            return reader.unsupported(std::string("adapters with ") + key + " set in " + reader.file());
    // These begin from other base weights than the stored ones.
    constexpr std::array known{"gaussian", "eva", "orthogonal", "true", "false"};
    if (const Json* init = reader.find("init_lora_weights"); init && init->is_string())
        if (const auto name = init->get<std::string>(); std::find(known.begin(), known.end(), name) == known.end())
            reader.unsupported("adapters begun with init_lora_weights \"" + name.substr(0, 40) + "\"");
}

} // namespace

Result<std::optional<StoredAdapters>> readAdapters(const ModelFolder& folder, const std::string& subFolder)
{
    const auto configName = joinName(subFolder, kAdapterConfig);
    if (!folder.has(configName)) return std::optional<StoredAdapters>();
    auto json = folder.readJson(configName);
    if (!json) return json.error();
    StoredAdapters stored;
    stored.config = std::move(*json);
    ConfigReader reader(stored.config, configName);
    refuseOtherKinds(reader);
    stored.base = reader.text("base_model_name_or_path", "");
    stored.spec.r = static_cast<int>(reader.whole("r", 8, 1, 65'536));
    stored.spec.loraAlpha = reader.number("lora_alpha", 8, 0, 1e9);
    stored.spec.loraDropout = reader.number("lora_dropout", 0, 0, 0.999);
    stored.spec.bias = reader.text("bias", "none");
    stored.spec.useRslora = reader.flag("use_rslora", false);
    if (!reader.ok()) return reader.status().error();

    const auto weightsName = joinName(subFolder, kAdapterWeights);
    if (!folder.has(weightsName))
        return Error{ErrorCode::NotFound,
                     "Cannot use this model: it has " + configName + " but no " + weightsName +
                         ". Save the adapters as safetensors.",
                     folder.root().string()};
    auto path = folder.resolve(weightsName);
    if (!path) return path.error();
    auto file = SafetensorsFile::open(*path);
    if (!file) return file.error();
    stored.file = std::move(*file);
    return std::optional<StoredAdapters>(std::move(stored));
}

Result<ModelFolder> baseModelOf(const StoredAdapters& adapters, const ModelFolder& own, const std::string& chosen)
{
    const fs::path named = chosen.empty() ? adapters.base : chosen;
    std::error_code failure;
    for (const auto& path : {named, own.root() / named}) {
        if (named.empty() || !fs::is_regular_file(path / "config.json", failure)) continue;
        return ModelFolder::open(fs::weakly_canonical(path, failure));
    }
    return Error{ErrorCode::NotFound,
                 "The adapters belong to the model \"" + named.string() +
                     "\", which is no model folder here. Download it and name its folder as "
                     "base_model_name_or_path in " +
                     kAdapterConfig + ".",
                 own.root().string()};
}

namespace {

Error odd(const StoredAdapters& adapters, const std::string& tensor, const std::string& what)
{
    return {ErrorCode::Malformed,
            "Cannot use " + adapters.file->label() + ": the tensor \"" + tensor + "\" " + what + ".",
            adapters.file->label()};
}

bool namesModule(const std::string& full, const std::string& module)
{
    return full == module || full.ends_with("." + module);
}

} // namespace

Result<StoredLayers> layersOf(const StoredAdapters& adapters, const EncoderParts& encoder,
                              const ParameterStore& store)
{
    StoredLayers found;
    for (const auto& tensor : adapters.file->tensors()) {
        if (!tensor.name.starts_with(kPrefix)) return odd(adapters, tensor.name, "does not begin with base_model.model");
        auto name = tensor.name.substr(kPrefix.size());
        if (name.ends_with(".lora_A.weight")) {
            const auto stem = name.substr(0, name.size() - std::string_view(".lora_A.weight").size());
            const auto other = std::string(kPrefix) + stem + ".lora_B.weight";
            const auto* b = adapters.file->find(other);
            if (!b) return odd(adapters, tensor.name, "has no lora_B");
            const auto linear = std::find_if(encoder.linears.begin(), encoder.linears.end(),
                                             [&](const auto& each) { return namesModule(stem, each.name); });
            if (linear == encoder.linears.end())
                return odd(adapters, tensor.name, "belongs to no linear layer of the base model");
            const std::vector<std::int64_t> shapeA{adapters.spec.r, linear->in}, shapeB{linear->out, adapters.spec.r};
            if (tensor.shape != shapeA)
                return odd(adapters, tensor.name, "has the shape " + shapeText(tensor.shape) + " instead of " + shapeText(shapeA));
            if (b->shape != shapeB)
                return odd(adapters, other, "has the shape " + shapeText(b->shape) + " instead of " + shapeText(shapeB));
            found.layers.push_back({static_cast<std::size_t>(linear - encoder.linears.begin()), &tensor, b});
        } else if (name.ends_with(".lora_B.weight")) {
            continue; // taken with its lora_A
        } else if (name.ends_with(".bias")) {
            if (const auto at = name.find(".base_layer."); at != std::string::npos) name.erase(at, 11);
            const auto parameter =
                std::find_if(encoder.parameters.begin(), encoder.parameters.end(),
                             [&](const auto& each) { return namesModule(name, each.name); });
            if (parameter == encoder.parameters.end())
                return odd(adapters, tensor.name, "belongs to no layer of the base model");
            if (tensor.shape != store.entries()[parameter->entry].shape)
                return odd(adapters, tensor.name, "has the shape " + shapeText(tensor.shape));
            found.biases.push_back({parameter->entry, &tensor});
        } else {
            return odd(adapters, tensor.name, "is neither lora_A, lora_B nor a bias");
        }
    }
    if (found.layers.empty())
        return Error{ErrorCode::Malformed, "Cannot use " + adapters.file->label() + ": it holds no adapters.",
                     adapters.file->label()};
    // In the encoder's order, whatever the file's is.
    std::sort(found.layers.begin(), found.layers.end(),
              [](const auto& x, const auto& y) { return x.linear < y.linear; });
    return found;
}

Status mergeAdapters(const StoredAdapters& adapters, const EncoderParts& encoder, ParameterStore& store)
{
    auto found = layersOf(adapters, encoder, store);
    if (!found) return found.error();
    const at::NoGradGuard noGrad;
    const auto& label = adapters.file->label();
    const auto options = at::TensorOptions().dtype(store.dtype()).device(store.device());
    for (const auto& layer : found->layers) {
        auto a = at::empty(layer.a->shape, options);
        auto b = at::empty(layer.b->shape, options);
        if (auto status = copyInto(*layer.a, a, label); !status) return status;
        if (auto status = copyInto(*layer.b, b, label); !status) return status;
        const auto& weight = store.entries()[encoder.linears[layer.linear].weightEntry].value;
        weight.add_(at::matmul(b, a) * loraScale(adapters.spec));
    }
    for (const auto& bias : found->biases)
        if (auto status = copyInto(*bias.tensor, store.entries()[bias.entry].value, label); !status) return status;
    return {};
}

double loraScale(const LoraSpec& spec)
{
    return spec.loraAlpha / (spec.useRslora ? std::sqrt(static_cast<double>(spec.r)) : spec.r);
}

} // namespace studio
