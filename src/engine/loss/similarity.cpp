#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

namespace studio {

Similarity similarityNamed(const std::string& name)
{
    if (name.find("angle") != std::string::npos) return Similarity::Angle;
    if (name.find("dot") != std::string::npos) return Similarity::Dot;
    if (name.find("euclidean") != std::string::npos) return Similarity::Euclidean;
    if (name.find("manhattan") != std::string::npos) return Similarity::Manhattan;
    return Similarity::Cosine;
}

at::Tensor normalizeRows(const at::Tensor& x)
{
    return x / at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}, true).clamp_min(1e-12).expand_as(x);
}

at::Tensor similarityMatrix(Similarity function, const at::Tensor& a, const at::Tensor& b)
{
    switch (function) {
    case Similarity::Dot:
        return at::mm(a, b.t());
    case Similarity::Euclidean:
        return -at::cdist(a, b, 2.0);
    case Similarity::Manhattan:
        return -at::cdist(a, b, 1.0);
    case Similarity::Cosine:
    case Similarity::Angle:
        break;
    }
    return at::mm(normalizeRows(a), normalizeRows(b).t());
}

namespace {

/// Angle of two vectors read as complex numbers (first half real, second half imaginary): the absolute value
/// of the summed real and imaginary parts of x/y, both scaled to unit norm (AnglE, Li and Li 2023).
at::Tensor pairwiseAngle(at::Tensor x, at::Tensor y)
{
    if (x.size(1) % 2 != 0) {
        x = at::constant_pad_nd(x, {0, 1}, 0);
        y = at::constant_pad_nd(y, {0, 1}, 0);
    }
    x = normalizeRows(x);
    y = normalizeRows(y);
    auto cosines = (x * y).sum(1);
    const std::int64_t half = x.size(1) / 2;
    auto sines =
        (x.narrow(1, half, half) * y.narrow(1, 0, half) - x.narrow(1, 0, half) * y.narrow(1, half, half))
            .sum(1);
    return (cosines + sines).abs();
}

} // namespace

at::Tensor pairwiseSimilarity(Similarity function, const at::Tensor& a, const at::Tensor& b)
{
    switch (function) {
    case Similarity::Dot:
        return (a * b).sum(-1);
    case Similarity::Euclidean:
        return -at::linalg_vector_norm(a - b, 2, at::IntArrayRef{-1});
    case Similarity::Manhattan:
        return -(a - b).abs().sum(-1);
    case Similarity::Angle:
        return pairwiseAngle(a, b);
    case Similarity::Cosine:
        break;
    }
    return (normalizeRows(a) * normalizeRows(b)).sum(-1);
}

at::Tensor siameseDistance(const std::string& name, const at::Tensor& a, const at::Tensor& b)
{
    if (name == "EUCLIDEAN") return at::pairwise_distance(a, b, 2.0);
    if (name == "MANHATTAN") return at::pairwise_distance(a, b, 1.0);
    return 1 - at::cosine_similarity(a, b);
}

at::Tensor batchDistance(const std::string& name, const at::Tensor& x)
{
    if (name == "cosine_distance") return 1 - similarityMatrix(Similarity::Cosine, x, x);
    auto dots = at::mm(x, x.t());
    auto squares = dots.diagonal();
    auto distances = squares.unsqueeze(0) - 2.0 * dots + squares.unsqueeze(1);
    // The square root has no gradient at 0, so exact zeros are lifted for the root and masked after it.
    distances = distances.masked_fill(distances.detach() < 0, 0);
    auto zero = distances.detach().eq(0).to(distances.scalar_type());
    return (1.0 - zero) * (distances + zero * 1e-16).sqrt();
}

} // namespace studio
