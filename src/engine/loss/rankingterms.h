#pragma once

#include "core/json.h"
#include "core/result.h"
#include "engine/loss/lossoptions.h"
#include "engine/loss/similarity.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// Options of MultipleNegativesRankingLoss and its cached form.
struct RankingOptions
{
    double scale = 20;
    std::string similarity = "cos_sim";
    bool queryToQuery = false;
    bool docToQuery = false;
    bool docToDoc = false;
    std::vector<std::string> directions{"query_to_doc"};
    bool perDirection = false;
    std::optional<std::string> hardnessMode; ///< "in_batch_negatives", "hard_negatives", "all_negatives"
    double hardnessStrength = 0;
};

/// Reads and checks them; `loss` is the name for messages.
Result<RankingOptions> readRankingOptions(const LossOptions& options, const std::string& loss);

/// Their part of get_config_dict, in the original's order; `cached` are the entries that the cached form puts
/// behind similarity_fct.
Json rankingConfig(const RankingOptions& options, const Json& cached = Json::object());

/// −(S[i, i] − logsumexp of row i) for the queries [begin, end), where S is scale·similarity of each query
/// with all documents (all positives first, then each column of negatives), and further directions and
/// hardness weights as the options say. columns[0] are the queries, all [rows, dim]. Returns [end − begin].
at::Tensor rankingLosses(const RankingOptions& options, const std::vector<at::Tensor>& columns,
                         std::int64_t begin, std::int64_t end);

} // namespace studio
