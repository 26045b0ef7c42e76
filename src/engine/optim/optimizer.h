#pragma once

#include "core/result.h"
#include "engine/model/encoder.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// Weights that share a learning rate and a decay. Names are those that the original's loss module gives
/// ("model.0.auto_model.encoder.layer.0…"). A weight without gradient (trained false, as BERT's pooler, or an
/// undefined value.grad(), as the head of a loss that this step did not use) stays as it is: no decay, no
/// state.
struct ParamGroup
{
    std::vector<NamedTensor> parameters;
    double learningRate = 5e-5; ///< base rate; the schedule multiplies it
    double weightDecay = 0;
};

using TrainableTensor = NamedTensor;

struct GroupSettings
{
    double learningRate = 5e-5;
    double weightDecay = 0;
    /// Pattern → rate. Patterns are Python-like regular expressions, searched in the name.
    std::vector<std::pair<std::string, double>> learningRateMapping;
};

/// Whether the original decays this weight: not biases, not weights of normalisation layers (names that
/// contain "bias", "layernorm", "rmsnorm", or a part "norm" or "…_norm", in lower case).
bool decays(const std::string& name);

/// The original's groups, in its order: [decayed, not decayed], then for each pattern of the mapping up to
/// two groups (decayed, not decayed) of the weights that it matches. Groups keep the order of the parameters;
/// empty groups are left out except the first two. A pattern that matches nothing is an error, as is a broken
/// pattern.
Result<std::vector<ParamGroup>> makeParamGroups(const std::vector<NamedTensor>& parameters,
                                                const GroupSettings& settings);

/// L2 norm of all gradients, accumulated in double. Undefined gradients count as zero.
double gradNorm(const std::vector<ParamGroup>& groups);

/// What every gradient is multiplied by so that their norm does not exceed maxNorm: min(1, maxNorm / (norm +
/// 1e-6)); 1 when maxNorm is 0.
double clipCoefficient(double norm, double maxNorm);

/// Everything that the choice of an optimizer depends on.
struct OptimizerSettings
{
    std::string name = "adamw_torch"; ///< one of the original's 41 names
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    std::string args;                       ///< optim_args, "rank=64,scale=0.5"
    std::vector<std::string> targetModules; ///< optim_target_modules (GaLore, APOLLO)
    bool targetsAreText = false;            ///< given as one text: an expression on the whole module name
    std::int64_t warmupSteps = 0;           ///< schedule-free optimizers warm up themselves
    double learningRate = 5e-5;             ///< rate of the groups that GaLore and APOLLO make
    std::uint64_t seed = 42;
};

/// Updates weights from their gradients. Mathematics of each name: reference in the .cpp of its family.
class Optimizer
{
public:
    virtual ~Optimizer() = default;

    /// One update. `learningRates` has one entry per group; gradients count as multiplied by gradientScale
    /// (clipping; they are not changed).
    virtual void step(const std::vector<double>& learningRates, double gradientScale = 1.0) = 0;

    const std::vector<ParamGroup>& groups() const { return m_groups; }
    std::vector<double> baseRates() const;

    /// State for checkpoints as named tensors, "<parameter>/exp_avg", "<parameter>/step", …: views, not
    /// copies.
    virtual std::vector<NamedTensor> state() = 0;
    /// Takes a state that state() gave; names or shapes that do not fit are an error and leave the state as
    /// it was.
    virtual Status load(const std::vector<NamedTensor>& state) = 0;

    /// Schedule-free optimizers keep other weights for training than for evaluating and saving; call these
    /// around evaluation and saving. No effect for all others. A fresh optimizer is in training mode.
    virtual void trainMode() {}
    virtual void evalMode() {}

    /// Whether the update ignores gradientScale (LOMO and layer-wise kinds step inside the original's
    /// backward pass).
    virtual bool ignoresClipping() const { return false; }

    /// Sentences worth telling at the start ("paged_adamw_8bit runs as adamw_8bit: …").
    const std::vector<std::string>& notices() const { return m_notices; }
    void addNotice(std::string notice) { m_notices.push_back(std::move(notice)); }

protected:
    explicit Optimizer(std::vector<ParamGroup> groups) : m_groups(std::move(groups)) {}

    std::vector<ParamGroup> m_groups;
    std::vector<std::string> m_notices;
};

/// Pieces "a=1,b=2" with blanks removed, as the original parses optim_args: a piece without exactly one "="
/// is an error, a name given twice keeps its last value.
Result<std::vector<std::pair<std::string, std::string>>> parseOptimArgs(const std::string& text);

/// Makes the optimizer of that name. Unknown names, names that need hardware or libraries which this program
/// does not use, and unusable optim_args are errors that say which name comes nearest. GaLore and APOLLO
/// regroup the parameters as the original does, so read groups() of the result.
Result<std::unique_ptr<Optimizer>> makeOptimizer(const OptimizerSettings& settings,
                                                 std::vector<ParamGroup> groups);

} // namespace studio
