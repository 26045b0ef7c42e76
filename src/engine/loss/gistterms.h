#pragma once

#include "core/json.h"
#include "engine/loss/loss.h"
#include "engine/loss/lossoptions.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace studio {

/// Options of GISTEmbedLoss and its cached form.
struct GistOptions
{
    std::string guidePath;
    TextEmbedder guide;
    double temperature = 0.01;
    bool relativeMargin = false;
    double margin = 0;
    bool contrastAnchors = true;
    bool contrastPositives = true;
};

/// Reads the options and opens the guide model.
Result<GistOptions> readGistOptions(const LossOptions& options, const LossContext& context, const char* loss);

Json gistConfig(const GistOptions& options, const Json& cached = Json::object());

/// Cross-entropy of each row [begin, end) over [a·p, a·a, p·p, a·n…] / temperature with the own positive as
/// target (GISTEmbed, Solatorio 2024). Candidates that the guide finds closer than its own positive (less the
/// margin) are taken for false negatives and left out. Returns [end − begin].
at::Tensor gistLosses(const GistOptions& options, const LossInput& input, std::int64_t begin,
                      std::int64_t end);

/// The guide's embeddings of the batch's texts, one per column.
std::vector<at::Tensor> embedWithGuide(const GistOptions& options, const LossBatch& batch);

} // namespace studio
