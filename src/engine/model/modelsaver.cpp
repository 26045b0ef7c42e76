#include "engine/model/modelcard.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"

#include "core/files/jsontext.h"
#include "engine/model/checkpoint.h"
#include "engine/model/sentencemodel_p.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>

namespace studio {

namespace {

ModelFile textFile(std::string path, std::string text)
{
    ModelFile file;
    file.relativePath = std::move(path);
    file.size = text.size();
    file.write = [text = std::move(text)](ByteSink& sink) { return sink.write(text); };
    return file;
}

/// As Python's json.dump writes it.
std::string dumped(const Json& json, int indent)
{
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// Members in the order of their names, as Python's sort_keys=True.
Json sorted(const Json& json)
{
    if (!json.is_object()) return json;
    std::vector<std::pair<std::string, Json>> members;
    for (const auto& [key, value] : json.items())
        members.emplace_back(key, sorted(value));
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    Json result = Json::object();
    for (auto& [key, value] : members)
        result[key] = std::move(value);
    return result;
}

TensorType typeFor(SavePrecision precision, TensorType stored)
{
    switch (precision) {
    case SavePrecision::Float32:
        return TensorType::F32;
    case SavePrecision::Float16:
        return TensorType::F16;
    case SavePrecision::BFloat16:
        return TensorType::BF16;
    case SavePrecision::Stored:
        break;
    }
    return stored;
}

const char* torchName(SavePrecision precision)
{
    switch (precision) {
    case SavePrecision::Float32:
        return "float32";
    case SavePrecision::Float16:
        return "float16";
    case SavePrecision::BFloat16:
        return "bfloat16";
    case SavePrecision::Stored:
        break;
    }
    return nullptr;
}

/// The current values of a parameter, converted piece by piece.
TensorToWrite toWrite(const std::string& name, const at::Tensor& value, TensorType type)
{
    TensorToWrite tensor;
    tensor.name = name;
    tensor.type = type;
    tensor.shape = value.sizes().vec();
    tensor.write = [value, type](ByteSink& sink) -> Status {
        constexpr std::int64_t kPiece = 1 << 20;
        at::NoGradGuard noGrad;
        const auto flat = value.detach().reshape({-1});
        for (std::int64_t at = 0; at < flat.numel(); at += kPiece) {
            const auto piece = flat.narrow(0, at, std::min(kPiece, flat.numel() - at))
                                   .to(at::kCPU, *scalarTypeOf(type))
                                   .contiguous();
            const auto bytes = static_cast<std::size_t>(piece.numel()) * piece.element_size();
            if (auto status = sink.write({static_cast<const char*>(piece.const_data_ptr()), bytes}); !status)
                return status;
        }
        return {};
    };
    return tensor;
}

/// A JSON text with one member set, everything else byte for byte.
std::string withMember(const std::string& text, const std::string& key, const std::string& value)
{
    for (const auto& member : membersAt(text, rootOffset(text))) {
        if (member.key != key) continue;
        return text.substr(0, member.value) + value + text.substr(member.end);
    }
    const auto brace = rootOffset(text);
    if (brace >= text.size() || text[brace] != '{') return text;
    const bool empty = membersAt(text, brace).empty();
    return text.substr(0, brace + 1) + "\"" + key + "\": " + value + (empty ? "" : ", ") +
           text.substr(brace + 1);
}

/// tokenizer_config.json for every release: the length that the model is cut to, and the class by the name
/// that transformers 4 knows too (5 calls it TokenizersBackend).
std::string tokenizerConfigFor(const std::string& text, int maxSeqLength)
{
    auto config = withMember(text, "model_max_length", std::to_string(maxSeqLength));
    for (const auto& member : membersAt(config, rootOffset(config)))
        if (member.key == "tokenizer_class" &&
            config.substr(member.value, member.end - member.value) == "\"TokenizersBackend\"")
            return withMember(config, "tokenizer_class", "\"PreTrainedTokenizerFast\"");
    return config;
}

/// The old form of sentence_bert_config.json: releases up to 5.3 stop at the keys of the new one.
Json transformerConfigFor(const Json& stored, int maxSeqLength, bool lowerCase)
{
    constexpr std::array newKeys{"transformer_task",  "modality_config", "module_output_name",
                                 "processing_kwargs", "unpad_inputs",    "query_length",
                                 "document_length"};
    Json config = Json::object();
    config["max_seq_length"] = maxSeqLength;
    config["do_lower_case"] = lowerCase;
    if (stored.is_object()) {
        for (const auto& [key, value] : stored.items()) {
            const bool isNew =
                std::any_of(newKeys.begin(), newKeys.end(), [&](const char* name) { return key == name; });
            if (!isNew && !config.contains(key)) config[key] = value;
        }
    }
    return config;
}

Json modelConfigFor(const Json& stored, const std::string& similarity, int truncateDim)
{
    Json config = stored.is_object() ? stored : Json::object();
    // The release whose layout is written, whatever the model was read from: an older one warns about a newer
    // number.
    config["__version__"] =
        Json{{"pytorch", "2.8.0"}, {"sentence_transformers", "5.1.0"}, {"transformers", "4.57.0"}};
    if (!config.contains("model_type")) config["model_type"] = "SentenceTransformer";
    if (!config.contains("prompts")) config["prompts"] = Json{{"document", ""}, {"query", ""}};
    if (!config.contains("default_prompt_name")) config["default_prompt_name"] = nullptr;
    config["similarity_fn_name"] = similarity;
    if (truncateDim > 0) config["truncate_dim"] = truncateDim;
    return sorted(config);
}

} // namespace

Result<std::vector<ModelFile>> SentenceModel::files(const SaveOptions& options) const
{
    const auto& m = *m_impl;
    std::vector<ModelFile> files;
    const bool adaptersApart = m.lora && !options.mergeAdapters;
    const auto weights = [&](const std::string& path,
                             const std::vector<ParameterBuilder::Registered>& parameters) -> Status {
        std::vector<TensorToWrite> tensors;
        for (const auto& parameter : parameters) {
            const auto type = typeFor(options.precision, m.storedTypes[parameter.entry]);
            tensors.push_back(toWrite(parameter.name, m.store.entries()[parameter.entry].value, type));
            if (m.lora)
                tensors.back().write = [&m, parameter, type](ByteSink& sink) {
                    const auto sum = m.lora->merged(parameter.entry);
                    return toWrite(parameter.name, sum.defined() ? sum : m.store.entries()[parameter.entry].value, type)
                        .write(sink);
                };
        }
        auto file = safetensorsFile(path, std::move(tensors));
        if (!file) return file.error();
        files.push_back(std::move(*file));
        return {};
    };

    Json modules = Json::array();
    const auto addModule = [&](const std::string& className, const std::string& path) {
        const auto index = modules.size();
        modules.push_back(Json{{"idx", index},
                               {"name", std::to_string(index)},
                               {"path", path},
                               {"type", moduleTypeForSaving(className)}});
    };

    addModule(m.isStatic ? "StaticEmbedding" : "Transformer", "");
    if (!m.isStatic) {
        auto config = m.config;
        for (const char* key : {"dtype", "torch_dtype"})
            if (const auto* name = torchName(options.precision); name && config.contains(key))
                config[key] = name;
        if (adaptersApart)
            files.push_back(textFile(kAdapterConfig, m.lora->configText()));
        else
            files.push_back(
                textFile("config.json", config == m.config ? m.configText : dumped(config, 2) + "\n"));
        files.push_back(
            textFile("sentence_bert_config.json",
                     dumped(transformerConfigFor(m.transformerConfig, m.maxSeqLength, m.lowerCaseFirst), 4)));
        const std::string folder = std::to_string(modules.size()) + "_Pooling";
        addModule("Pooling", folder);
        auto pooling = m.pooling->toConfig();
        if (m.poolingConfig.is_object())
            for (const auto& [key, value] : m.poolingConfig.items())
                if (!pooling.contains(key) && key != "embedding_dimension" && key != "pooling_mode")
                    pooling[key] = value;
        files.push_back(textFile(folder + "/config.json", dumped(pooling, 4)));
    }
    for (const auto& slot : m.head) {
        const std::string folder = std::to_string(modules.size()) + "_" + slot.module->kind();
        addModule(slot.module->kind(), folder);
        if (const auto config = slot.module->toConfig(); config.is_object())
            files.push_back(textFile(folder + "/config.json", dumped(config, 4)));
        if (!slot.parameters.empty())
            if (auto status = weights(folder + "/model.safetensors", slot.parameters); !status)
                return status.error();
    }
    files.push_back(textFile("modules.json", dumped(modules, 2)));
    files.push_back(textFile("config_sentence_transformers.json",
                             dumped(modelConfigFor(m.modelConfig, m.similarity, m.truncateDim), 2)));
    for (const auto& [name, text] : m.tokenizerFiles)
        files.push_back(textFile(name, name == "tokenizer_config.json" && !m.isStatic
                                           ? tokenizerConfigFor(text, m.maxSeqLength)
                                           : text));
    files.push_back(
        textFile("README.md", options.modelCard.empty() ? basicModelCard(*this) : options.modelCard));
    if (!adaptersApart) {
        if (auto status = weights("model.safetensors", m.encoderParameters); !status) return status.error();
        return files;
    }
    std::vector<TensorToWrite> adapters;
    for (const auto& [name, value] : m.lora->tensors())
        adapters.push_back(toWrite(name, value, TensorType::F32));
    auto file = safetensorsFile(kAdapterWeights, std::move(adapters));
    if (!file) return file.error();
    files.push_back(std::move(*file));
    return files;
}

} // namespace studio
