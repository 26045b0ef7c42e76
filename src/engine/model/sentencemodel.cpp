#include "engine/model/sentencemodel.h"

#include "engine/model/modelloader.h"
#include "engine/model/nativehook.h"
#include "engine/model/sentencemodel_p.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <algorithm>

namespace studio {

SentenceModel::SentenceModel() = default;
SentenceModel::~SentenceModel() = default;

Result<std::unique_ptr<SentenceModel>> SentenceModel::load(const std::filesystem::path& folder,
                                                           const LoadOptions& options)
{
    auto source = ModelFolder::open(folder);
    if (!source) return source.error();
    try {
        SentenceModelLoader loader(std::move(*source), options, at::Device(options.device));
        return loader.load();
    } catch (const c10::Error& error) {
        return Error{ErrorCode::Internal,
                     "Cannot load the model " + folder.filename().string() + ": " +
                         error.what_without_backtrace(),
                     folder.string()};
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::OutOfMemory,
                     "There is not enough memory for the model " + folder.filename().string() + ".",
                     folder.string()};
    }
}

const Tokenizer& SentenceModel::tokenizer() const
{
    return *m_impl->tokenizer;
}

const EncoderConfig& SentenceModel::config() const
{
    return m_impl->encoder().config();
}

const Encoder& SentenceModel::encoder() const
{
    return m_impl->encoder();
}

const std::filesystem::path& SentenceModel::folder() const
{
    return m_impl->folder.root();
}

int SentenceModel::maxSeqLength() const
{
    return m_impl->maxSeqLength;
}

void SentenceModel::setMaxSeqLength(int length)
{
    const int limit = m_impl->positionLimit;
    m_impl->maxSeqLength = std::max(1, limit > 0 ? std::min(length, limit) : length);
}

int SentenceModel::trainingDimension() const
{
    return m_impl->outputDimension();
}

int SentenceModel::dimension() const
{
    const int full = trainingDimension();
    return m_impl->truncateDim > 0 ? std::min(full, m_impl->truncateDim) : full;
}

int SentenceModel::truncateDim() const
{
    return m_impl->truncateDim;
}

std::string SentenceModel::similarityName() const
{
    return m_impl->similarity;
}

const std::vector<std::pair<std::string, std::string>>& SentenceModel::prompts() const
{
    return m_impl->prompts;
}

std::string SentenceModel::defaultPromptName() const
{
    return m_impl->defaultPromptName;
}

std::optional<std::string> SentenceModel::prompt(const std::string& name) const
{
    for (const auto& [key, text] : m_impl->prompts)
        if (key == name) return text;
    return std::nullopt;
}

const std::vector<std::string>& SentenceModel::notices() const
{
    return m_impl->notices;
}

const LoadOptions& SentenceModel::loadOptions() const
{
    return m_impl->options;
}

bool SentenceModel::mergedAdapters() const
{
    return m_impl->mergedAdapters;
}

bool SentenceModel::trainsAdapters() const
{
    return m_impl->lora != nullptr;
}

ModelInfo SentenceModel::info() const
{
    ModelInfo info;
    const auto& config = m_impl->config;
    info.architecture = m_impl->encoder().config().modelType;
    if (config.is_object() && config.contains("architectures") && config.at("architectures").is_array() &&
        !config.at("architectures").empty() && config.at("architectures").front().is_string())
        info.architecture = config.at("architectures").front().get<std::string>();
    info.parameters = m_impl->store.valueCount();
    info.dimension = dimension();
    info.maxSeqLength = maxSeqLength();
    info.pooling = m_impl->pooling->description();
    info.similarity = similarityName();
    info.modules.push_back(m_impl->isStatic ? "StaticEmbedding" : "Transformer");
    if (!m_impl->isStatic) info.modules.push_back("Pooling");
    for (const auto& slot : m_impl->head)
        info.modules.push_back(slot.module->kind());
    return info;
}

int promptTokens(const Tokenizer& tokenizer, const std::string& prompt, int maxLength)
{
    if (prompt.empty()) return 0;
    const auto ids = tokenizer.encode(prompt, maxLength);
    const bool endsSpecial = !ids.empty() && tokenizer.isSpecial(ids.back());
    return static_cast<int>(ids.size()) - (endsSpecial ? 1 : 0);
}

bool SentenceModel::addsSpecialTokens() const
{
    return !m_impl->isStatic;
}

bool SentenceModel::skipsPrompts() const
{
    return !m_impl->pooling->includePrompt();
}

int SentenceModel::skippedTokens(const std::string& prompt) const
{
    return promptTokens(tokenizer(), prompt, maxSeqLength());
}

PackedBatch SentenceModel::pack(std::span<const TextColumn> columns) const
{
    PackedBatch batch;
    const bool skipsPrompts = !m_impl->pooling->includePrompt();
    std::vector<std::int32_t> ids;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        const auto& column = columns[c];
        const int skipped = skipsPrompts ? skippedTokens(column.prompt) : 0;
        for (std::size_t r = 0; r < column.texts.size(); ++r) {
            ids.clear();
            const bool special = !m_impl->isStatic;
            if (column.prompt.empty())
                tokenizer().encodeTo(column.texts[r], maxSeqLength(), special, ids);
            else
                tokenizer().encodeTo(column.prompt + column.texts[r], maxSeqLength(), special, ids);
            batch.append(ids, static_cast<int>(c), static_cast<int>(r));
            if (skipsPrompts) batch.promptLength.push_back(skipped);
        }
    }
    return batch;
}

PackedBatch SentenceModel::pack(std::span<const std::string> texts, const std::string& prompt) const
{
    const TextColumn column{texts, prompt};
    return pack(std::span(&column, 1));
}

at::Tensor SentenceModel::tokenStates(const PackedBatch& batch, const ForwardContext& context)
{
    const AutocastScope autocast(m_impl->autocast, m_impl->store.device().type());
    if (m_impl->lora) m_impl->lora->beginPass(context);
    return m_impl->encoder().forward(batch, context);
}

at::Tensor SentenceModel::headOf(const at::Tensor& states, const PackedBatch& batch,
                                 const ForwardContext& context)
{
    const AutocastScope autocast(m_impl->autocast, m_impl->store.device().type());
    auto x = (*m_impl->pooling)(states, batch);
    for (const auto& slot : m_impl->head)
        x = slot.module->forward(x, context);
    return m_impl->autocast ? x.to(m_impl->store.dtype()) : x;
}

at::Tensor SentenceModel::embed(const PackedBatch& batch, const ForwardContext& context)
{
    const AutocastScope autocast(m_impl->autocast, m_impl->store.device().type());
    return headOf(tokenStates(batch, context), batch, context);
}

std::vector<NamedTensor> SentenceModel::parameters() const
{
    return m_impl->store.parameters();
}

ParameterStore& SentenceModel::store()
{
    return m_impl->store;
}

void SentenceModel::zeroGrad()
{
    m_impl->store.zeroGrad();
}

void SentenceModel::useTorchEncoder()
{
    m_impl->nativeEncoder.reset();
}

void SentenceModel::setAutocast(at::ScalarType type)
{
    // The native encoder's bf16 is its own: the same rounding of the products' operands, packed and in one pass.
    const auto bf16 = nativeBf16Switch();
    if (type == at::kBFloat16 && m_impl->nativeEncoder && bf16 && bf16(*m_impl->nativeEncoder, true)) return;
    useTorchEncoder();
    m_impl->autocast = type;
}

AutocastScope::AutocastScope(const std::optional<at::ScalarType>& type, at::DeviceType device)
    : m_on(type.has_value()), m_device(device)
{
    if (!m_on) return;
    m_before = at::autocast::is_autocast_enabled(m_device);
    at::autocast::set_autocast_enabled(m_device, true);
    at::autocast::set_autocast_dtype(m_device, *type);
    at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope()
{
    if (!m_on) return;
    // Casts of the weights are kept for one pass: the next one may have others.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(m_device, m_before);
}

void SentenceModel::setDropout(double hidden, double attention)
{
    m_impl->torchEncoder->setDropout(hidden, attention);
    if (m_impl->nativeEncoder) m_impl->nativeEncoder->setDropout(hidden, attention);
}

} // namespace studio
