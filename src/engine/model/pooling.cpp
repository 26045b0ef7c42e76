#include "engine/model/pooling.h"

#include "engine/model/device.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace studio {

namespace {

struct ModeRow
{
    PoolingMode mode;
    const char* name;
    const char* oldKey;
};

/// In the order that combined modes of the old form are put together.
constexpr std::array<ModeRow, 6> kModes{{
    {PoolingMode::Cls, "cls", "pooling_mode_cls_token"},
    {PoolingMode::Max, "max", "pooling_mode_max_tokens"},
    {PoolingMode::Mean, "mean", "pooling_mode_mean_tokens"},
    {PoolingMode::MeanSqrtLength, "mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"},
    {PoolingMode::WeightedMean, "weightedmean", "pooling_mode_weightedmean_tokens"},
    {PoolingMode::LastToken, "lasttoken", "pooling_mode_lasttoken"},
}};

/// Which tokens pooling looks at, as sequences of consecutive tokens.
struct Selection
{
    std::vector<std::int64_t> tokens;      ///< indices of the tokens; filled only when some are left out
    std::vector<std::int64_t> lengths;     ///< [sequences]
    std::vector<std::int64_t> weights;     ///< position in the sequence, from 1, of each token
    std::vector<std::int64_t> first, last; ///< [sequences], indices into the batch's tokens
};

Selection select(const PackedBatch& batch, bool includePrompt)
{
    Selection chosen;
    const bool skipping = !includePrompt && !batch.promptLength.empty();
    for (std::int64_t s = 0; s < batch.sequences(); ++s) {
        const std::int64_t begin = batch.offsets[s], end = batch.offsets[s + 1];
        const std::int64_t skip = skipping ? std::min<std::int64_t>(batch.promptLength[s], end - begin) : 0;
        chosen.lengths.push_back(end - begin - skip);
        chosen.first.push_back(skip < end - begin ? begin + skip : begin);
        chosen.last.push_back(end - 1);
        for (auto t = begin + skip; t < end; ++t) {
            chosen.weights.push_back(t - begin + 1);
            if (skipping) chosen.tokens.push_back(t);
        }
    }
    return chosen;
}

/// Sums of consecutive rows: x [tokens, d] → [sequences, d].
at::Tensor segmentSum(const at::Tensor& x, const at::Tensor& segment, const at::Tensor& counts)
{
    // On a GPU index_add adds in an order that changes from run to run.
    if (!x.is_cpu()) return at::segment_reduce(x, "sum", counts, std::nullopt, std::nullopt, 0, true, 0);
    return at::zeros({counts.size(0), x.size(1)}, x.options().requires_grad(false)).index_add(0, segment, x);
}

} // namespace

std::optional<PoolingMode> poolingModeOf(std::string_view name)
{
    for (const auto& row : kModes)
        if (name == row.name) return row.mode;
    return std::nullopt;
}

const char* poolingModeName(PoolingMode mode)
{
    return kModes[static_cast<std::size_t>(mode)].name;
}

Pooling::Pooling(int dimension, std::vector<PoolingMode> modes, bool includePrompt)
    : m_dimension(dimension), m_modes(std::move(modes)), m_includePrompt(includePrompt)
{}

Pooling Pooling::fromConfig(ConfigReader& reader, int hiddenSize)
{
    const auto oldSize = reader.whole("word_embedding_dimension", hiddenSize);
    const auto size = static_cast<int>(reader.whole("embedding_dimension", oldSize));
    if (reader.ok() && size != hiddenSize)
        reader.refuse(ErrorCode::InvalidValue, "Cannot use " + reader.file() + ": it pools vectors of size " +
                                                   std::to_string(size) + ", but the encoder gives " +
                                                   std::to_string(hiddenSize) + ".");
    std::vector<PoolingMode> modes;
    const auto add = [&](const Json& value) {
        const auto mode = value.is_string() ? poolingModeOf(value.get<std::string>()) : std::nullopt;
        if (mode) return modes.push_back(*mode);
        reader.unsupported("the pooling mode " +
                           value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60));
    };
    if (const Json* mode = reader.find("pooling_mode")) {
        if (mode->is_array())
            for (const auto& item : *mode)
                add(item);
        else
            add(*mode);
    } else {
        for (const auto& row : kModes)
            if (reader.flag(row.oldKey, false)) modes.push_back(row.mode);
    }
    if (modes.empty()) modes.push_back(PoolingMode::Mean);
    if (modes.size() > 32) reader.unsupported("a list of more than 32 pooling modes");
    return Pooling(hiddenSize, std::move(modes), reader.flag("include_prompt", true));
}

std::string Pooling::description() const
{
    std::string text;
    for (const auto mode : m_modes)
        text += (text.empty() ? "" : "+") + std::string(poolingModeName(mode));
    return text;
}

Json Pooling::toConfig() const
{
    Json config = Json::object();
    config["word_embedding_dimension"] = m_dimension;
    // The order of sentence-transformers' own old files.
    for (const auto mode : {PoolingMode::Cls, PoolingMode::Mean, PoolingMode::Max,
                            PoolingMode::MeanSqrtLength, PoolingMode::WeightedMean, PoolingMode::LastToken})
        config[kModes[static_cast<std::size_t>(mode)].oldKey] =
            std::find(m_modes.begin(), m_modes.end(), mode) != m_modes.end();
    config["include_prompt"] = m_includePrompt;
    return config;
}

at::Tensor Pooling::operator()(const at::Tensor& states, const PackedBatch& batch) const
{
    const auto chosen = select(batch, m_includePrompt);
    const auto sequences = batch.sequences();
    const auto device = states.device();
    const auto indices = [&](const std::vector<std::int64_t>& values) { return onDevice(values, device); };

    const auto tokens = chosen.tokens.empty() ? states : states.index_select(0, indices(chosen.tokens));
    at::Tensor counts, segment, lengths, sum;
    const auto prepare = [&] {
        if (segment.defined()) return;
        counts = indices(chosen.lengths);
        segment = at::repeat_interleave(counts, std::optional(tokens.size(0))); // sequence of each token
        lengths = counts.to(states.scalar_type()).clamp_min(1e-9).unsqueeze(1);
    };
    std::vector<at::Tensor> parts;
    for (const auto mode : m_modes) {
        switch (mode) {
        case PoolingMode::Cls:
            parts.push_back(states.index_select(0, indices(chosen.first)));
            break;
        case PoolingMode::LastToken:
            parts.push_back(states.index_select(0, indices(chosen.last)));
            break;
        case PoolingMode::Mean:
        case PoolingMode::MeanSqrtLength:
            prepare();
            if (!sum.defined()) sum = segmentSum(tokens, segment, counts);
            parts.push_back(sum / (mode == PoolingMode::Mean ? lengths : lengths.sqrt()));
            break;
        case PoolingMode::WeightedMean: {
            prepare();
            const auto weights = indices(chosen.weights).to(states.scalar_type()).unsqueeze(1);
            parts.push_back(segmentSum(tokens * weights, segment, counts) /
                            segmentSum(weights, segment, counts).clamp_min(1e-9));
            break;
        }
        case PoolingMode::Max: {
            prepare();
            const auto floor = at::full({sequences, states.size(1)}, -std::numeric_limits<double>::infinity(),
                                        states.options().requires_grad(false));
            parts.push_back(floor.scatter_reduce(0, segment.unsqueeze(1).expand_as(tokens), tokens, "amax"));
            break;
        }
        }
    }
    return parts.size() == 1 ? parts.front() : at::cat(parts, 1);
}

} // namespace studio
