#include "engine/model/modelloader.h"

#include "engine/model/nativehook.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>

namespace studio {

namespace {

NativeEncoderMaker g_nativeMaker = nullptr;
NativeBf16Switch g_nativeBf16 = nullptr;

/// sentence_bert_config.json and the names it had for other architectures.
constexpr std::array kTransformerConfigs{
    "sentence_bert_config.json",      "sentence_roberta_config.json", "sentence_distilbert_config.json",
    "sentence_camembert_config.json", "sentence_albert_config.json",  "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
};

constexpr std::array kTokenizerFiles{
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "tokenizer.model",
    "chat_template.jinja",
};

Error wrongModel(const std::string& what, const std::string& where)
{
    return {ErrorCode::Unsupported, "Cannot use this model: " + what + ". Choose another model.", where};
}

} // namespace

void setNativeEncoderMaker(NativeEncoderMaker maker, NativeBf16Switch bf16)
{
    g_nativeMaker = maker;
    g_nativeBf16 = bf16;
}

NativeBf16Switch nativeBf16Switch()
{
    return g_nativeBf16;
}

NativeEncoderMaker nativeEncoderMaker()
{
    return g_nativeMaker;
}

SentenceModelLoader::SentenceModelLoader(ModelFolder folder, const LoadOptions& options, at::Device device)
    : m_model(new SentenceModel)
{
    m_model->m_impl = std::make_unique<SentenceModel::Impl>(std::move(folder), options.dtype, device);
    m().options = options;
}

Result<std::unique_ptr<SentenceModel>> SentenceModelLoader::load()
{
    for (const auto step : {&SentenceModelLoader::readModuleChain, &SentenceModelLoader::readModelConfig,
                            &SentenceModelLoader::applyOverrides, &SentenceModelLoader::checkTensors,
                            &SentenceModelLoader::fillTensors, &SentenceModelLoader::chooseEncoder}) {
        if (auto status = (this->*step)(); !status) return status.error();
    }
    settleLength();
    return std::move(m_model);
}

Status SentenceModelLoader::readModuleChain()
{
    auto modules = readModules(m().folder);
    if (!modules) return modules.error();
    m_modules = std::move(*modules);

    const auto& first = m_modules.front();
    m_transformerPath = first.path;
    if (first.kind == ModuleKind::StaticEmbedding) {
        if (auto status = readStaticEmbedding(first); !status) return status;
    } else if (first.kind == ModuleKind::Transformer) {
        if (auto status = readTransformer(first); !status) return status;
    } else {
        return wrongModel(std::string("its first module is ") + moduleClass(first.kind) +
                              ", not a Transformer",
                          "modules.json");
    }
    for (std::size_t i = 1; i < m_modules.size(); ++i)
        if (auto status = readHead(m_modules[i]); !status) return status;

    if (!m().pooling) {
        if (m_modules.size() > 1) return wrongModel("it has no Pooling module", "modules.json");
        const bool lastToken = m().torchEncoder->config().causal;
        m().pooling.emplace(m().torchEncoder->config().hiddenSize,
                            std::vector{lastToken ? PoolingMode::LastToken : PoolingMode::Mean});
        m().notices.push_back("The folder has no modules.json: it is used as a plain transformer with " +
                              m().pooling->description() + " pooling.");
    }
    return readTokenizer(m_transformerPath);
}

Status SentenceModelLoader::readTransformer(const ModuleSpec& spec)
{
    // Adapters stand without the weights that they belong to.
    auto adapters = readAdapters(m().folder, spec.path);
    if (!adapters) return adapters.error();
    m_adapters = std::move(*adapters);
    auto source = m().folder;
    auto sourcePath = spec.path;
    if (m_adapters) {
        auto base = baseModelOf(*m_adapters, m().folder, m().options.adapterBase);
        if (!base) return base.error();
        source = *base;
        sourcePath.clear();
        m_base = std::move(*base);
    }
    const auto configName = joinName(sourcePath, "config.json");
    auto text = source.readText(configName, ModelFolder::kMaxConfig);
    if (!text) return text.error();
    auto json = source.readJson(configName);
    if (!json) return json.error();
    m().configText = std::move(*text);
    m().config = std::move(*json);

    ConfigReader reader(m().config, configName);
    const auto modelType = reader.text("model_type", "");
    if (!reader.ok()) return reader.status();
    const auto* family = familyOf(modelType);
    if (!family)
        return wrongModel(modelType.empty() ? "config.json names no model_type"
                                            : "the architecture \"" + modelType.substr(0, 60) +
                                                  "\" is not supported (supported: " + familyNames() + ")",
                          configName);

    auto file = openCheckpoint(source, sourcePath, m().options.allowLegacyWeights);
    if (!file) return file.error();
    auto names = CheckpointNames::of(*file, family->anchor);
    if (!names) return names.error();
    ParameterBuilder builder(m().store, spec.name + ".model.",
                             [&](const std::string& name) { return names->find(name) != nullptr; });
    m().torchEncoder = family->make(reader, builder);
    if (!reader.ok()) return reader.status();
    m().encoderParameters = builder.registered();
    m().encoderLinears = builder.linears();
    m_sources.push_back({std::move(*names), builder.registered()});
    if (auto status = prepareAdapters(builder, source, sourcePath); !status) return status;
    m().positionLimit = m().torchEncoder->config().usablePositions();
    return readTransformerConfig(spec.path);
}

/// Adapters that are to be trained get tensors of their own; others only wait for the weights.
Status SentenceModelLoader::prepareAdapters(ParameterBuilder& builder, const ModelFolder& base,
                                            const std::string& baseFolder)
{
    if (!m().options.lora) return {};
    std::error_code failure;
    const auto basePath = std::filesystem::weakly_canonical(base.root() / baseFolder, failure).string();
    const EncoderParts encoder{m().encoderParameters, m().encoderLinears};
    auto made = m_adapters ? LoraAdapters::from(*m_adapters, *m().options.lora, basePath, encoder, m().store)
                           : LoraAdapters::fresh(*m().options.lora, m().torchEncoder->config().modelType, basePath, encoder);
    if (!made) return made.error();
    m().lora = std::move(*made);
    m().lora->attach(builder, encoder);
    return {};
}

Status SentenceModelLoader::fillAdapters()
{
    const EncoderParts encoder{m().encoderParameters, m().encoderLinears};
    if (m().lora) {
        if (auto status = m().lora->fill(encoder, m().options.seed); !status) return status;
        m().notices.push_back(m().lora->description());
    } else if (m_adapters) {
        if (auto status = mergeAdapters(*m_adapters, encoder, m().store); !status) return status;
        m().mergedAdapters = true;
        m().notices.push_back("The folder's LoRA adapters were added to the weights of " + m_adapters->base + ".");
    }
    return {};
}

Status SentenceModelLoader::readTransformerConfig(const std::string& path)
{
    for (const auto* name : kTransformerConfigs) {
        const auto full = joinName(path, name);
        if (!m().folder.has(full)) continue;
        auto json = m().folder.readJson(full);
        if (!json) return json.error();
        m().transformerConfig = std::move(*json);
        ConfigReader reader(m().transformerConfig, full);
        if (reader.has("max_seq_length"))
            m_statedLength = static_cast<int>(reader.whole("max_seq_length", 512));
        m().lowerCaseFirst = reader.flag("do_lower_case", false);
        return reader.status();
    }
    return {};
}

/// Only a table of vectors: its weights, its tokenizer and nothing else.
Status SentenceModelLoader::readStaticEmbedding(const ModuleSpec& spec)
{
    m().isStatic = true;
    if (m().options.lora)
        return Error{ErrorCode::InvalidValue,
                     "LoRA needs a transformer: this model is a table of word vectors. Remove model.lora.",
                     "model.lora"};
    auto file = openCheckpoint(m().folder, spec.path, m().options.allowLegacyWeights);
    if (!file) return file.error();
    // "embedding.weight" as sentence-transformers saves it, "embeddings" as model2vec does.
    const std::string name = (*file)->find("embeddings") ? "embeddings" : "embedding.weight";
    auto names = CheckpointNames::of(*file, name);
    if (!names) return names.error();
    const auto& shape = names->find(name)->shape;
    if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1 || shape[0] > 100'000'000 || shape[1] > 65'536)
        return Error{ErrorCode::Malformed,
                     "Cannot use " + (*file)->label() + ": the tensor \"" + name + "\" has the shape " +
                         shapeText(shape) + ", a table of word vectors is needed.",
                     (*file)->label()};
    ParameterBuilder builder(m().store, spec.name + ".", {});
    m().torchEncoder = makeStaticEmbedding(builder, name, shape[0], static_cast<int>(shape[1]));
    m().encoderParameters = builder.registered();
    m_sources.push_back({std::move(*names), builder.registered()});
    m().pooling.emplace(static_cast<int>(shape[1]), std::vector{PoolingMode::Mean});
    return {};
}

Status SentenceModelLoader::readHead(const ModuleSpec& spec)
{
    const auto configName = joinName(spec.path, "config.json");
    Json config;
    if (spec.kind != ModuleKind::Normalize || m().folder.has(configName)) {
        if (spec.path.empty())
            return wrongModel(std::string("its module ") + moduleClass(spec.kind) + " has no folder",
                              "modules.json");
        auto json = m().folder.readJson(configName);
        if (!json) return json.error();
        config = std::move(*json);
    }
    const Json empty = Json::object();
    ConfigReader reader(config.is_null() ? empty : config, configName);

    if (spec.kind == ModuleKind::Pooling) {
        if (m().pooling) return wrongModel("it has more than one Pooling module", "modules.json");
        m().pooling = Pooling::fromConfig(reader, m().torchEncoder->config().hiddenSize);
        m().poolingConfig = std::move(config);
        return reader.status();
    }
    if (spec.kind == ModuleKind::Transformer || spec.kind == ModuleKind::StaticEmbedding)
        return wrongModel(std::string("its module ") + moduleClass(spec.kind) + " is not the first one",
                          "modules.json");
    if (!m().pooling)
        return wrongModel(std::string("its module ") + moduleClass(spec.kind) + " stands before pooling",
                          "modules.json");

    const int in = m().outputDimension();
    HeadSlot slot;
    const bool hasWeights = spec.kind == ModuleKind::Dense || spec.kind == ModuleKind::LayerNorm;
    if (hasWeights) {
        auto file = openCheckpoint(m().folder, spec.path, m().options.allowLegacyWeights);
        if (!file) return file.error();
        auto names =
            CheckpointNames::of(*file, spec.kind == ModuleKind::Dense ? "linear.weight" : "norm.weight");
        if (!names) return names.error();
        ParameterBuilder builder(m().store, spec.name + ".",
                                 [&](const std::string& name) { return names->find(name) != nullptr; });
        slot.module = spec.kind == ModuleKind::Dense ? makeDense(reader, builder, in)
                                                     : makeLayerNorm(reader, builder, in);
        slot.parameters = builder.registered();
        m_sources.push_back({std::move(*names), builder.registered()});
    } else if (spec.kind == ModuleKind::Dropout) {
        slot.module = makeDropout(reader, in, static_cast<int>(m().head.size()) + 1);
    } else {
        slot.module = makeNormalize(in);
    }
    if (!reader.ok()) return reader.status();
    slot.config = std::move(config);
    m().head.push_back(std::move(slot));
    return {};
}

Status SentenceModelLoader::readTokenizer(const std::string& path)
{
    auto source = m().folder;
    auto sourcePath = path;
    // PEFT alone saves adapters without a tokenizer.
    if (m_base && std::none_of(kTokenizerFiles.begin(), kTokenizerFiles.end(),
                               [&](const char* name) { return source.has(joinName(path, name)); })) {
        source = *m_base;
        sourcePath.clear();
    }
    auto folder = source.root();
    if (!sourcePath.empty()) {
        auto resolved = source.resolve(sourcePath);
        if (!resolved) return resolved.error();
        folder = *resolved;
    }
    TokenizerOptions options;
    options.lowerCaseFirst = m().lowerCaseFirst;
    auto tokenizer = Tokenizer::load(folder, options);
    if (!tokenizer) return tokenizer.error();
    m().tokenizer = std::move(*tokenizer);

    // Kept in memory, so that a run can save its model even when the source folder is gone by then.
    for (const auto* name : kTokenizerFiles) {
        const auto full = joinName(sourcePath, name);
        if (!source.has(full)) continue;
        auto text = source.readText(full, ModelFolder::kMaxTokenizerFile);
        if (!text) return text.error();
        m().tokenizerFiles.emplace_back(name, std::move(*text));
    }
    return {};
}

Status SentenceModelLoader::readModelConfig()
{
    constexpr const char* name = "config_sentence_transformers.json";
    if (!m().folder.has(name)) return {};
    auto json = m().folder.readJson(name);
    if (!json) return json.error();
    m().modelConfig = std::move(*json);
    ConfigReader reader(m().modelConfig, name);
    m().similarity = reader.text("similarity_fn_name", "cosine");
    m().defaultPromptName = reader.text("default_prompt_name", "");
    if (reader.has("truncate_dim")) m().truncateDim = static_cast<int>(reader.whole("truncate_dim", 0));
    if (const Json* prompts = reader.find("prompts"); prompts && prompts->is_object()) {
        for (const auto& [key, value] : prompts->items()) {
            if (value.is_string())
                m().prompts.emplace_back(key, value.template get<std::string>());
            else if (!value.is_null())
                reader.refuse(ErrorCode::InvalidValue, std::string("Cannot use ") + name + ": the prompt \"" +
                                                           key.substr(0, 60) + "\" is no text.");
        }
    }
    return reader.status();
}

Status SentenceModelLoader::applyOverrides()
{
    const auto& options = m().options;
    if (!options.pooling.empty() && !m().isStatic) {
        std::vector<PoolingMode> modes;
        for (std::size_t begin = 0; begin <= options.pooling.size();) {
            const auto end = std::min(options.pooling.find_first_of("+,", begin), options.pooling.size());
            const auto mode = poolingModeOf(std::string_view(options.pooling).substr(begin, end - begin));
            if (!mode)
                return Error{ErrorCode::InvalidValue,
                             "The pooling \"" + options.pooling +
                                 "\" is unknown. Use cls, max, mean, "
                                 "mean_sqrt_len_tokens, weightedmean or lasttoken, several joined by \"+\".",
                             "pooling"};
            modes.push_back(*mode);
            begin = end + 1;
        }
        if (modes != m().pooling->modes()) {
            if (!m().head.empty() && modes.size() != m().pooling->modes().size())
                return Error{ErrorCode::InvalidValue,
                             "The pooling \"" + options.pooling +
                                 "\" changes the vectors' size, which the modules behind "
                                 "it do not fit.",
                             "pooling"};
            m().pooling.emplace(m().pooling->dimension(), std::move(modes), m().pooling->includePrompt());
            m().poolingConfig = nullptr;
        }
    }
    if (!options.similarity.empty()) m().similarity = options.similarity;
    constexpr std::array known{"cosine", "dot", "euclidean", "manhattan"};
    if (std::none_of(known.begin(), known.end(), [&](const char* name) { return m().similarity == name; }))
        return Error{ErrorCode::Unsupported,
                     "The similarity function \"" + m().similarity +
                         "\" is unknown. Use cosine, dot, euclidean or manhattan.",
                     "config_sentence_transformers.json"};
    if (options.truncateDim > 0) m().truncateDim = options.truncateDim;
    return {};
}

/// Every parameter must be there with its shape before memory is taken, so that no configuration can ask for
/// more than the weights' file holds.
Status SentenceModelLoader::checkTensors()
{
    for (const auto& source : m_sources) {
        for (const auto& parameter : source.parameters) {
            const auto& entry = m().store.entries()[parameter.entry];
            const auto* stored = source.names.find(parameter.name);
            const auto& label = source.names.file().label();
            if (!stored)
                return Error{ErrorCode::Malformed,
                             "Cannot use " + label + ": the tensor \"" + parameter.name +
                                 "\" is missing. The weights do not belong to this config.json, or the file "
                                 "is incomplete.",
                             label};
            if (stored->shape != entry.shape)
                return Error{ErrorCode::Malformed,
                             "Cannot use " + label + ": the tensor \"" + parameter.name +
                                 "\" has the shape " + shapeText(stored->shape) + ", config.json asks for " +
                                 shapeText(entry.shape) + ".",
                             label};
        }
    }
    return {};
}

Status SentenceModelLoader::fillTensors()
{
    m().store.allocate(m().options.gradients);
    m().storedTypes.assign(m().store.entries().size(), TensorType::F32);
    for (const auto& source : m_sources) {
        for (const auto& parameter : source.parameters) {
            const auto* stored = source.names.find(parameter.name);
            const auto& entry = m().store.entries()[parameter.entry];
            if (auto status = copyInto(*stored, entry.value, source.names.file().label()); !status)
                return status;
            m().storedTypes[parameter.entry] = stored->type;
        }
    }
    m().torchEncoder->adopt(m().encoderParameters, m().store);
    return fillAdapters();
}

Status SentenceModelLoader::chooseEncoder()
{
    const auto choice = m().options.encoder;
    if (choice == EncoderChoice::Torch) return {};
    if (m().lora) {
        if (choice == EncoderChoice::Native)
            return Error{ErrorCode::Unsupported,
                         "The native encoder cannot train LoRA adapters. Choose the torch encoder.", "model.lora"};
        m().notices.push_back("LoRA adapters are trained with torch's own operations; the native encoder has none. "
                              "Encoding with the trained model uses it.");
        return {};
    }
    std::string reason;
    if (const auto make = nativeEncoderMaker()) {
        auto made = make(m().torchEncoder->config(), m().torchEncoder->parameters(), m().store);
        if (made) m().nativeEncoder = std::move(*made);
        else reason = made.error().message;
    }
    if (m().nativeEncoder) return {};
    if (choice == EncoderChoice::Native)
        return Error{ErrorCode::Unsupported,
                     (reason.empty() ? "The native encoder cannot run this model (" +
                                           m().torchEncoder->config().modelType + ")."
                                     : reason) +
                         " Choose the torch encoder.",
                     m().folder.root().string()};
    // On other devices and in double precision nobody expects it.
    if (!reason.empty() && !m().isStatic && m().store.device().is_cpu() && m().store.dtype() == at::kFloat)
        m().notices.push_back(reason + " It runs with torch's own operations, which take more time and memory.");
    return {};
}

/// As Python: the folder's max_seq_length, else the smaller of the tokenizer's and the architecture's.
void SentenceModelLoader::settleLength()
{
    if (m().isStatic) {
        m().maxSeqLength = m().options.maxSeqLength > 0 ? m().options.maxSeqLength
                                                        : m().tokenizer->storedTruncation().value_or(0);
        return;
    }
    const auto& config = m().torchEncoder->config();
    const int limit = m().positionLimit;
    const int advised = config.maxPositions - config.positionOffset;
    const int asked = m().options.maxSeqLength > 0 ? m().options.maxSeqLength : m_statedLength.value_or(0);
    int length = asked > 0 ? asked : std::min(m().tokenizer->modelMaxLength().value_or(advised), advised);
    if (limit > 0 && length > limit) {
        m().notices.push_back("max_seq_length is " + std::to_string(limit) +
                              ", the most that this architecture can take (" + std::to_string(length) +
                              " was asked for).");
        length = limit;
    }
    m().maxSeqLength = length;
}

} // namespace studio
