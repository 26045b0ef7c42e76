#include "engine/optim/adamw.h"
#include "engine/optim/optimargs.h"
#include "engine/optim/optimizer.h"

namespace studio {

Result<std::unique_ptr<Optimizer>> makeOptimizer(const OptimizerSettings& settings,
                                                 std::vector<ParamGroup> groups)
{
    auto args = OptimArgs::parse(settings.args, settings.name);
    if (!args) return args.error();
    if (settings.name == "adamw_torch" || settings.name == "adamw_torch_fused")
        return std::unique_ptr<Optimizer>(
            new AdamW(std::move(groups), {settings.beta1, settings.beta2, settings.epsilon}));
    return Error{ErrorCode::Unsupported, "The optimizer " + settings.name + " does not exist.", "optim"};
}

} // namespace studio
