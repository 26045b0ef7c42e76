#pragma once

// Insides of SentenceModel, shared by the files that implement it.

#include "engine/model/headmodules.h"
#include "engine/model/lora.h"
#include "engine/model/modelfolder.h"
#include "engine/model/modulelist.h"
#include "engine/model/parameterstore.h"
#include "engine/model/pooling.h"
#include "engine/model/sentencemodel.h"
#include "engine/model/tensorfile.h"
#include "engine/model/torchencoder.h"

#include "core/json.h"
#include "text/tokenizer.h"

#include <nlohmann/json.hpp>

namespace studio {

/// A module of the chain with what belongs to its files.
struct HeadSlot
{
    HeadModulePtr module;
    Json config; ///< as it was read, or null
    std::vector<ParameterBuilder::Registered> parameters;
};

struct SentenceModel::Impl
{
    explicit Impl(ModelFolder source, at::ScalarType dtype, at::Device device)
        : folder(std::move(source)), store(dtype, device)
    {}

    ModelFolder folder;
    LoadOptions options;
    ParameterStore store;
    std::shared_ptr<const Tokenizer> tokenizer;
    std::unique_ptr<TorchEncoder> torchEncoder;
    std::unique_ptr<Encoder> nativeEncoder; ///< set when it is the one in use
    std::optional<Pooling> pooling;
    std::vector<HeadSlot> head;
    std::optional<at::ScalarType> autocast; ///< precision of forward passes; none: that of the weights
    bool isStatic = false;       ///< StaticEmbedding: no special tokens, its pooling is part of the module
    bool lowerCaseFirst = false; ///< do_lower_case of sentence_bert_config.json
    int maxSeqLength = 0;
    int positionLimit = 0; ///< most tokens that the architecture can take; 0: no limit
    int truncateDim = 0;
    std::string similarity = "cosine";
    std::vector<std::pair<std::string, std::string>> prompts;
    std::string defaultPromptName;
    std::vector<std::string> notices;

    // What saving needs.
    Json config;            ///< config.json
    std::string configText; ///< its bytes
    Json transformerConfig; ///< sentence_bert_config.json, or null
    Json modelConfig;       ///< config_sentence_transformers.json, or null
    Json poolingConfig;     ///< 1_Pooling/config.json, or null
    std::vector<ParameterBuilder::Registered> encoderParameters;
    std::vector<ParameterBuilder::RegisteredLinear> encoderLinears;
    bool mergedAdapters = false;
    std::unique_ptr<LoraAdapters> lora; ///< adapters that are trained; null: none
    std::vector<TensorType> storedTypes;                             ///< of each entry of the store
    std::vector<std::pair<std::string, std::string>> tokenizerFiles; ///< name, bytes

    Encoder& encoder() { return nativeEncoder ? *nativeEncoder : *torchEncoder; }
    const Encoder& encoder() const { return nativeEncoder ? *nativeEncoder : *torchEncoder; }
    int outputDimension() const
    {
        return head.empty() ? pooling->outputDimension() : head.back().module->outputDimension();
    }
};

/// Autocast for the calling thread as long as it lives; without a type it does nothing.
class AutocastScope
{
public:
    AutocastScope(const std::optional<at::ScalarType>& type, at::DeviceType device);
    ~AutocastScope();
    AutocastScope(const AutocastScope&) = delete;
    AutocastScope& operator=(const AutocastScope&) = delete;

private:
    bool m_on;
    bool m_before = false;
    at::DeviceType m_device;
};

/// Tokens of a prompt that pooling leaves out when it excludes prompts: with the leading special token,
/// without the trailing one.
int promptTokens(const Tokenizer& tokenizer, const std::string& prompt, int maxLength);

} // namespace studio
