#include "engine/loss/rankingterms.h"

#include "engine/loss/losses.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace studio {

Result<RankingOptions> readRankingOptions(const LossOptions& options, const std::string& loss)
{
    RankingOptions o;
    o.scale = options.number("scale");
    o.similarity = options.text("similarity_fct");
    o.directions = options.list<std::string>("directions");
    o.perDirection = options.text("partition_mode") == "per_direction";
    o.hardnessMode = options.maybeText("hardness_mode");
    o.hardnessStrength = options.number("hardness_strength");
    auto has = [&](const char* direction) {
        return std::find(o.directions.begin(), o.directions.end(), direction) != o.directions.end();
    };
    o.queryToQuery = has("query_to_query");
    o.docToQuery = has("doc_to_query");
    o.docToDoc = has("doc_to_doc");
    if (!(o.scale > 0)) return lossError(loss, "scale must be above 0.");
    if (!has("query_to_doc"))
        return lossError(loss, "directions must hold query_to_doc, which contains the positive pair.");
    if (o.perDirection && (o.queryToQuery || o.docToDoc))
        return lossError(loss,
                         "partition_mode per_direction cannot go with query_to_query or doc_to_doc: their "
                         "candidates never include the positive. Use partition_mode joint.");
    if (o.hardnessStrength < 0) return lossError(loss, "hardness_strength must not be below 0.");
    return o;
}

Json rankingConfig(const RankingOptions& o, const Json& cached)
{
    Json config{{"scale", o.scale}, {"similarity_fct", o.similarity}};
    for (const auto& [key, value] : cached.items())
        config[key] = value;
    config["gather_across_devices"] = false;
    config["directions"] = o.directions;
    config["partition_mode"] = o.perDirection ? "per_direction" : "joint";
    config["hardness_mode"] = o.hardnessMode ? Json(*o.hardnessMode) : Json();
    config["hardness_strength"] = o.hardnessStrength;
    return config;
}

namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

/// What is added to the scaled query-document scores so that hard negatives weigh more: strength times the
/// unscaled similarity, without gradient, on the chosen negatives only.
at::Tensor hardnessWeights(const RankingOptions& o, const at::Tensor& similarities, const at::Tensor& own,
                           std::int64_t rows, std::int64_t docColumns)
{
    auto ownDocs =
        own.repeat({1, docColumns}); // [chunk, docColumns · rows], true at documents of the same row
    auto inFirst = at::zeros({1, docColumns * rows}, own.options());
    inFirst.narrow(1, 0, rows).fill_(true); // the column of positives
    at::Tensor excluded;
    if (*o.hardnessMode == "hard_negatives")
        excluded = at::logical_or(at::logical_not(ownDocs), inFirst);
    else if (*o.hardnessMode == "in_batch_negatives")
        excluded = ownDocs;
    else
        excluded = at::logical_and(ownDocs, inFirst);
    return (o.hardnessStrength * similarities.detach()).masked_fill(excluded, 0.0);
}

} // namespace

at::Tensor rankingLosses(const RankingOptions& o, const std::vector<at::Tensor>& columns, std::int64_t begin,
                         std::int64_t end)
{
    const Similarity function = similarityNamed(o.similarity);
    const at::Tensor& queries = columns[0];
    const at::Tensor& positives = columns[1];
    const std::int64_t rows = queries.size(0);
    const auto docColumns = static_cast<std::int64_t>(columns.size()) - 1;
    auto documents =
        at::cat(std::vector<at::Tensor>(columns.begin() + 1, columns.end())); // [docColumns · rows, dim]
    auto chunk = queries.narrow(0, begin, end - begin);
    auto ownPositives = positives.narrow(0, begin, end - begin);
    // own[i, j]: row begin + i is row j.
    auto own =
        at::eye(rows, queries.options().dtype(at::kBool).requires_grad(false)).narrow(0, begin, end - begin);

    auto queryToDoc = similarityMatrix(function, chunk, documents);
    auto scores = queryToDoc * o.scale;
    if (o.hardnessMode && o.hardnessStrength > 0)
        scores = scores + hardnessWeights(o, queryToDoc, own, rows, docColumns);
    auto positiveScores = scores.narrow(1, begin, end - begin).diagonal();

    std::vector<at::Tensor> matrices{scores};
    if (o.queryToQuery)
        matrices.push_back((similarityMatrix(function, chunk, queries).masked_fill(own, kMinusInfinity)) *
                           o.scale);
    if (o.docToQuery) matrices.push_back(similarityMatrix(function, queries, ownPositives).t() * o.scale);
    if (o.docToDoc)
        matrices.push_back(similarityMatrix(function, documents, ownPositives)
                               .t()
                               .masked_fill(own.repeat({1, docColumns}), kMinusInfinity) *
                           o.scale);
    at::Tensor logZ;
    if (!o.perDirection) {
        logZ = at::logsumexp(matrices.size() == 1 ? matrices[0] : at::cat(matrices, 1), 1);
    } else {
        logZ = at::logsumexp(matrices[0], 1);
        for (std::size_t m = 1; m < matrices.size(); ++m)
            logZ = logZ + at::logsumexp(matrices[m], 1);
        logZ = logZ / static_cast<double>(matrices.size());
    }
    return logZ - positiveScores;
}

} // namespace studio
