#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace studio {

/// Similarity and distance functions of sentence-transformers, with its epsilons.
enum class Similarity { Cosine, Dot, Euclidean, Manhattan, Angle };

/// "cosine", "cos_sim", "pairwise_cos_sim", … → the function; the catalog has checked the name.
Similarity similarityNamed(const std::string& name);

/// a [n, dim], b [m, dim] → [n, m]. Distances are negated, so that larger always means closer.
at::Tensor similarityMatrix(Similarity function, const at::Tensor& a, const at::Tensor& b);

/// a, b [n, dim] → [n], row by row.
at::Tensor pairwiseSimilarity(Similarity function, const at::Tensor& a, const at::Tensor& b);

/// Rows divided by max(their L2 norm, 1e-12).
at::Tensor normalizeRows(const at::Tensor& x);

/// Distances of the two vectors of a pair as ContrastiveLoss takes them: "COSINE_DISTANCE" (1 - cosine, norms
/// at least 1e-8), "EUCLIDEAN", "MANHATTAN" (1e-6 is added to each difference, as torch's pairwise_distance
/// does). [n]
at::Tensor siameseDistance(const std::string& name, const at::Tensor& a, const at::Tensor& b);

/// [n, n] distances within a batch as the batch triplet losses take them: "euclidean_distance" (from dot
/// products, clamped at 0, gradient 0 at distance 0) or "cosine_distance".
at::Tensor batchDistance(const std::string& name, const at::Tensor& x);

} // namespace studio
