#include "engine/loss/gistterms.h"

#include "engine/loss/losses.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

namespace studio {

Result<GistOptions> readGistOptions(const LossOptions& options, const LossContext& context, const char* loss)
{
    GistOptions read;
    read.guidePath = options.text("guide");
    read.temperature = options.number("temperature");
    read.relativeMargin = options.text("margin_strategy") == "relative";
    read.margin = options.number("margin");
    read.contrastAnchors = options.flag("contrast_anchors");
    read.contrastPositives = options.flag("contrast_positives");
    if (read.temperature == 0) return lossError(loss, "temperature must not be 0.");
    if (!context.loadGuide) return lossError(loss, "a guide model cannot be opened here.");
    auto guide = context.loadGuide(read.guidePath);
    if (!guide) return guide.error();
    read.guide = std::move(*guide);
    return read;
}

Json gistConfig(const GistOptions& o, const Json& cached)
{
    Json config{{"guide", o.guidePath}, {"temperature", o.temperature}};
    for (const auto& [key, value] : cached.items())
        config[key] = value;
    config["margin_strategy"] = o.relativeMargin ? "relative" : "absolute";
    config["margin"] = o.margin;
    config["contrast_anchors"] = o.contrastAnchors;
    config["contrast_positives"] = o.contrastPositives;
    config["gather_across_devices"] = false;
    return config;
}

std::vector<at::Tensor> embedWithGuide(const GistOptions& options, const LossBatch& batch)
{
    at::NoGradGuard guard;
    std::vector<at::Tensor> columns;
    for (const std::vector<std::string>& texts : *batch.texts)
        columns.push_back(options.guide(texts).detach());
    return columns;
}

namespace {

/// Rows divided by max(norm, 1e-8), torch's cosine_similarity as a product of matrices.
at::Tensor unitRows(const at::Tensor& x)
{
    return x / at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}, true).clamp_min(1e-8);
}

/// [n, m] cosines, each pair computed by itself: equal texts give equal bits wherever they stand, which the
/// strict comparison with the own positive needs. A few rows at a time, since the broadcast is n·m·dim
/// numbers.
at::Tensor exactCosines(const at::Tensor& a, const at::Tensor& b)
{
    std::vector<at::Tensor> parts;
    const std::int64_t step = std::max<std::int64_t>(1, (1 << 22) / std::max<std::int64_t>(1, b.numel()));
    for (std::int64_t begin = 0; begin < a.size(0); begin += step) {
        auto rows = a.narrow(0, begin, std::min(step, a.size(0) - begin));
        parts.push_back(at::cosine_similarity(rows.unsqueeze(1), b.unsqueeze(0), -1));
    }
    return at::cat(parts);
}

} // namespace

at::Tensor gistLosses(const GistOptions& o, const LossInput& input, std::int64_t begin, std::int64_t end)
{
    const auto& columns = input.embeddings;
    const auto& guides = input.guide;
    const std::int64_t rows = columns[0].size(0);
    std::vector<at::Tensor> units;
    for (const at::Tensor& column : columns)
        units.push_back(unitRows(column));
    auto chunkOf = [&](const at::Tensor& x) { return x.narrow(0, begin, end - begin); };
    auto own =
        at::eye(rows, at::TensorOptions(columns[0].device()).dtype(at::kBool)).narrow(0, begin, end - begin);

    auto guideToPositive = exactCosines(chunkOf(guides[0]), guides[1]);
    auto positive = guideToPositive.narrow(1, begin, end - begin).diagonal().unsqueeze(1); // [chunk, 1]
    auto threshold = o.relativeMargin ? positive - positive.abs() * o.margin : positive - o.margin;

    std::vector<at::Tensor> scores;
    auto add = [&](const at::Tensor& similarities, const at::Tensor& guided, bool keepOwn) {
        auto drop = guided > threshold;
        if (keepOwn) drop = at::logical_and(drop, at::logical_not(own));
        scores.push_back(similarities.masked_fill(drop, -std::numeric_limits<double>::infinity()));
    };
    add(at::mm(chunkOf(units[0]), units[1].t()), guideToPositive, true);
    if (o.contrastAnchors)
        add(at::mm(chunkOf(units[0]), units[0].t()), exactCosines(chunkOf(guides[0]), guides[0]), false);
    if (o.contrastPositives)
        add(at::mm(chunkOf(units[1]), units[1].t()), exactCosines(chunkOf(guides[1]), guides[1]), false);
    for (std::size_t c = 2; c < columns.size(); ++c)
        add(at::mm(chunkOf(units[0]), units[c].t()), exactCosines(chunkOf(guides[0]), guides[c]), false);
    auto all = at::cat(scores, 1) / o.temperature;
    auto targets = at::arange(begin, end, at::TensorOptions(columns[0].device()).dtype(at::kLong));
    return at::cross_entropy_loss(all, targets, {}, at::Reduction::None);
}

} // namespace studio
