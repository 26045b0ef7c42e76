#pragma once

#include "engine/optim/tensoroptimizer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace studio {

/// On which side of the gradient the projection stands.
enum class ProjectionSide { Right, Left, Full };

struct LowRankOptions
{
    std::int64_t rank = 128;
    std::int64_t gap = 200; ///< steps between two projections
    double scale = 0.25;
    std::string type = "std";     ///< std, reverse_std, right, left, full
    bool adafactor = false;       ///< GaLore only
    bool randomProjection = true; ///< APOLLO only; else by SVD
    bool perChannel = true;       ///< APOLLO only; else one factor for the tensor
    bool layerwise = false;
};

/// Side for a gradient of this shape.
ProjectionSide projectionSide(const std::string& type, std::int64_t rows, std::int64_t columns);

/// GaLore (Zhao et al. 2024). On the weights of the second group G [rows, columns]: every `gap` steps the
/// projection Q is renewed from the singular vectors of G (float32); R is G projected; Adam (betas 0.9/0.999,
/// eps 1e-6) or Adafactor on R; p -= lr · scale · back(step of R). The moments stay when Q changes. All other
/// weights (first group): the same without projection. No decay.
class GaLore final : public TensorOptimizer
{
public:
    GaLore(std::vector<ParamGroup> groups, LowRankOptions options)
        : TensorOptimizer(std::move(groups)), m_options(std::move(options))
    {}
    bool ignoresClipping() const override { return m_options.layerwise; }

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;

private:
    LowRankOptions m_options;
};

/// APOLLO (Zhu et al. 2024). R is G projected by a random normal matrix / sqrt(rank) (renewed every `gap`
/// steps) or by singular vectors; N is Adam's direction on R; G is scaled per channel, or as a whole, by
/// norm(N) / norm(R), its norm may grow by at most 1 % a step; p -= lr · sqrt(scale) · that.
class Apollo final : public TensorOptimizer
{
public:
    Apollo(std::vector<ParamGroup> groups, LowRankOptions options)
        : TensorOptimizer(std::move(groups)), m_options(std::move(options))
    {}
    bool ignoresClipping() const override { return m_options.layerwise; }

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;

private:
    at::Tensor projected(const Update& u, const at::Tensor& gradient) const;

    LowRankOptions m_options;
};

/// Splits the weights of all groups into [others, targets] as the original does for GaLore and APOLLO, both
/// at the given rate and without decay. `targets`: "all-linear", an expression for the whole module name
/// (isText), or a list of names, parts of names, and expressions. Only matrices of linear layers count; none
/// found is an error.
Result<std::vector<ParamGroup>> splitTargets(const std::vector<ParamGroup>& groups,
                                             const std::vector<std::string>& targets, bool isText,
                                             double rate);

} // namespace studio
