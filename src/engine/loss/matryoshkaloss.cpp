#include "engine/loss/matryoshkaloss.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

namespace studio {

std::vector<std::int64_t> drawSome(std::int64_t n, std::int64_t count, std::uint64_t seed, std::uint64_t step)
{
    std::vector<std::int64_t> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), std::int64_t{0});
    std::uint64_t state = seed * 0x9E3779B97F4A7C15u + step;
    for (std::int64_t i = 0; i < count; ++i) {
        state += 0x9E3779B97F4A7C15u; // splitmix64
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        z ^= z >> 31;
        std::swap(all[i], all[i + static_cast<std::int64_t>(z % static_cast<std::uint64_t>(n - i))]);
    }
    all.resize(static_cast<std::size_t>(count));
    std::sort(all.begin(), all.end());
    return all;
}

Result<std::unique_ptr<Loss>> makeInnerLoss(const LossOptions& options, const LossContext& context,
                                            const char* outer, bool allowCached)
{
    const Json given = options.value("loss");
    LossSpec spec{given["type"].get<std::string>(), given.contains("options") ? given["options"] : Json()};
    auto inner = makeLoss(spec, context);
    if (!inner) return inner;
    if (!(*inner)->computable())
        return lossError(outer,
                         spec.type + " needs more than embeddings and cannot stand inside another loss.");
    if (!allowCached && dynamic_cast<CachedLoss*>(inner->get()) && (*inner)->miniBatchSize() > 0)
        return lossError(outer, spec.type +
                                    " embeds in mini-batches, which does not go with layers. Take its plain "
                                    "form.");
    return inner;
}

Result<MatryoshkaOptions> readMatryoshkaOptions(const LossOptions& options, const LossContext& context,
                                                const char* loss)
{
    const auto dims = options.list<std::int64_t>("matryoshka_dims");
    auto weights = options.list<double>("matryoshka_weights");
    if (weights.empty()) weights.assign(dims.size(), 1.0);
    if (weights.size() != dims.size())
        return lossError(loss, "matryoshka_weights must be as many as matryoshka_dims.");
    for (std::int64_t dim : dims) {
        if (dim <= 0) return lossError(loss, "all matryoshka_dims must be above 0.");
        if (context.embeddingDimension > 0 && dim > context.embeddingDimension)
            return lossError(loss, "matryoshka_dims must not exceed the model's size of " +
                                       std::to_string(context.embeddingDimension) + ".");
    }
    std::vector<std::size_t> order(dims.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return dims[a] > dims[b]; });
    MatryoshkaOptions read;
    for (std::size_t i : order) {
        read.dims.push_back(dims[i]);
        read.weights.push_back(weights[i]);
    }
    read.perStep = options.integer("n_dims_per_step");
    return read;
}

Json matryoshkaConfig(const MatryoshkaOptions& options, const char* inner)
{
    Json weights = Json::array();
    for (double weight : options.weights)
        weights.push_back(weight == static_cast<double>(static_cast<std::int64_t>(weight))
                              ? Json(static_cast<std::int64_t>(weight))
                              : Json(weight));
    return {{"loss", inner},
            {"matryoshka_dims", options.dims},
            {"matryoshka_weights", weights},
            {"n_dims_per_step", options.perStep}};
}

MatryoshkaLoss::MatryoshkaLoss(std::unique_ptr<Loss> inner, MatryoshkaOptions options, std::uint64_t seed)
    : m_inner(std::move(inner)), m_options(std::move(options)), m_seed(seed)
{
    if (auto* cached = dynamic_cast<CachedLoss*>(m_inner.get()); cached && m_inner->miniBatchSize() > 0) {
        m_innerIsCached = true;
        cached->cutTo([this](const ForwardContext& context) { return sizes(context); });
    }
}

CachedLoss::Sizes MatryoshkaLoss::sizes(const ForwardContext& context) const
{
    const auto n = static_cast<std::int64_t>(m_options.dims.size());
    const bool some = m_options.perStep > 0 && m_options.perStep < n;
    CachedLoss::Sizes result;
    for (std::int64_t i : drawSome(n, some ? m_options.perStep : n, m_seed, context.step))
        result.emplace_back(m_options.dims[i], m_options.weights[i]);
    return result;
}

at::Tensor MatryoshkaLoss::forward(EmbeddingModel& model, const LossBatch& batch)
{
    m_step = batch.context.step;
    return m_innerIsCached ? m_inner->forward(model, batch) : Loss::forward(model, batch);
}

at::Tensor MatryoshkaLoss::compute(const LossInput& input) const
{
    ForwardContext context;
    context.step = m_step;
    const std::int64_t full = input.embeddings[0].size(-1);
    at::Tensor total;
    for (const auto& [dimension, weight] : sizes(context)) {
        LossInput cut = input;
        for (at::Tensor& column : cut.embeddings)
            column = cutEmbeddings(column, dimension);
        if (cut.labels.defined() && cut.labels.dim() >= 2 && cut.labels.size(-1) == full)
            cut.labels = cut.labels.narrow(-1, 0, dimension);
        auto part = weight * m_inner->compute(cut);
        total = total.defined() ? total + part : part;
    }
    return total;
}

std::vector<NamedTensor> MatryoshkaLoss::parameters()
{
    auto parameters = m_inner->parameters();
    for (NamedTensor& parameter : parameters)
        parameter.name = "loss." + parameter.name;
    return parameters;
}

namespace {

/// Weights of a loss that expect embeddings of full size cannot take cut ones.
Status checkInner(Loss& inner, const char* outer)
{
    if (inner.parameters().empty()) return {};
    return lossError(outer, std::string(inner.name()) +
                                " has weights for embeddings of full size, which cut ones do not fit.");
}

} // namespace

MadeLoss makeMatryoshkaLoss(const LossOptions& options, const LossContext& context)
{
    auto read = readMatryoshkaOptions(options, context, "MatryoshkaLoss");
    if (!read) return read.error();
    auto inner = makeInnerLoss(options, context, "MatryoshkaLoss", true);
    if (!inner) return inner;
    if (Status status = checkInner(**inner, "MatryoshkaLoss"); !status) return status.error();
    return std::unique_ptr<Loss>(new MatryoshkaLoss(std::move(*inner), std::move(*read), context.seed));
}

} // namespace studio
