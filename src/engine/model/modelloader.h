#pragma once

#include "engine/model/checkpoint.h"
#include "engine/model/sentencemodel_p.h"

#include <memory>
#include <optional>
#include <vector>

namespace studio {

/// Reads a folder into a SentenceModel, step by step.
class SentenceModelLoader
{
public:
    SentenceModelLoader(ModelFolder folder, const LoadOptions& options, at::Device device);

    Result<std::unique_ptr<SentenceModel>> load();

private:
    /// Where the tensors of some parameters come from.
    struct Source
    {
        CheckpointNames names;
        std::vector<ParameterBuilder::Registered> parameters;
    };

    Status readModuleChain();
    Status readTransformer(const ModuleSpec& spec);
    Status prepareAdapters(ParameterBuilder& builder, const ModelFolder& base, const std::string& baseFolder);
    Status fillAdapters();
    Status readStaticEmbedding(const ModuleSpec& spec);
    Status readTransformerConfig(const std::string& path);
    Status readHead(const ModuleSpec& spec);
    Status readTokenizer(const std::string& path);
    Status readModelConfig();
    Status applyOverrides();
    Status checkTensors();
    Status fillTensors();
    Status chooseEncoder();
    void settleLength();

    SentenceModel::Impl& m() { return *m_model->m_impl; }

    std::unique_ptr<SentenceModel> m_model;
    std::vector<Source> m_sources;
    std::vector<ModuleSpec> m_modules;
    std::string m_transformerPath;
    std::optional<StoredAdapters> m_adapters; ///< of the folder
    std::optional<ModelFolder> m_base;        ///< of these adapters
    std::optional<int> m_statedLength; ///< max_seq_length of sentence_bert_config.json
};

} // namespace studio
