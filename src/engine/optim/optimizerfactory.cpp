#include "engine/optim/adafactor.h"
#include "engine/optim/adamw.h"
#include "engine/optim/elementwise.h"
#include "engine/optim/lowrank.h"
#include "engine/optim/optimargs.h"
#include "engine/optim/schedulefree.h"

#include <algorithm>
#include <utility>

namespace studio {
namespace {

using Groups = std::vector<ParamGroup>;
using Made = Result<std::unique_ptr<TensorOptimizer>>;

/// Names that the original knows and this program does not run, with the nearest that it does and the reason.
struct Refused
{
    const char* name;
    const char* nearest;
    const char* why;
};

const Refused kRefused[] = {
    {"adamw_torch_xla", "adamw_torch", "it needs torch_xla and a TPU"},
    {"adamw_torch_npu_fused", "adamw_torch_fused", "it needs torch_npu and an Ascend processor"},
    {"adamw_apex_fused", "adamw_torch_fused", "it needs NVIDIA's Apex library; the mathematics is the same"},
    {"adamw_torch_4bit", "adamw_torch_8bit", "state in 4 bits is not offered here"},
    {"adamw_hf", "adamw_torch", "transformers removed it in 4.50"},
};

const char* const kNames[] = {"adamw_torch",
                              "adamw_torch_fused",
                              "adafactor",
                              "adamw_anyprecision",
                              "adamw_torch_8bit",
                              "ademamix",
                              "sgd",
                              "adagrad",
                              "adamw_bnb_8bit",
                              "adamw_8bit",
                              "ademamix_8bit",
                              "lion_8bit",
                              "lion_32bit",
                              "paged_adamw_32bit",
                              "paged_adamw_8bit",
                              "paged_ademamix_32bit",
                              "paged_ademamix_8bit",
                              "paged_lion_32bit",
                              "paged_lion_8bit",
                              "rmsprop",
                              "rmsprop_bnb",
                              "rmsprop_bnb_8bit",
                              "rmsprop_bnb_32bit",
                              "galore_adamw",
                              "galore_adamw_8bit",
                              "galore_adafactor",
                              "galore_adamw_layerwise",
                              "galore_adamw_8bit_layerwise",
                              "galore_adafactor_layerwise",
                              "lomo",
                              "adalomo",
                              "grokadamw",
                              "schedule_free_radam",
                              "schedule_free_adamw",
                              "schedule_free_sgd",
                              "apollo_adamw",
                              "apollo_adamw_layerwise"};

bool contains(const std::string& text, const char* part)
{
    return text.find(part) != std::string::npos;
}

template <typename T>
Made made(T* optimizer)
{
    return std::unique_ptr<TensorOptimizer>(optimizer);
}

Made makeAdEmaMix(const OptimizerSettings& s, OptimArgs& args, Groups groups)
{
    AdEmaMixOptions o;
    o.beta1 = args.number("beta1", s.beta1);
    o.beta2 = args.number("beta2", s.beta2);
    o.beta3 = args.number("beta3", 0.9999);
    o.alpha = args.number("alpha", 5);
    o.epsilon = args.number("eps", s.epsilon);
    const double tAlpha = args.number("t_alpha", 0);
    const double tBeta3 = args.number("t_beta3", 0);
    if (tAlpha > 0) o.tAlpha = tAlpha;
    if (tBeta3 > 0) o.tBeta3 = tBeta3;
    return made(new AdEmaMix(std::move(groups), o));
}

at::ScalarType precisionOf(const std::string& name)
{
    return name == "bfloat16" ? at::kBFloat16 : name == "float16" ? at::kHalf : at::kFloat;
}

Made makeAnyPrecision(const OptimizerSettings& s, OptimArgs& args, Groups groups)
{
    const std::vector<std::string> precisions{"float32", "bfloat16", "float16"};
    AnyPrecisionOptions o{s.beta1, s.beta2, s.epsilon};
    o.kahan = args.flag("use_kahan_summation", false);
    o.momentum = precisionOf(args.choice("momentum_dtype", "float32", precisions));
    o.variance = precisionOf(args.choice("variance_dtype", "float32", precisions));
    o.compensation = precisionOf(args.choice("compensation_buffer_dtype", "bfloat16", precisions));
    return made(new AnyPrecisionAdamW(std::move(groups), o));
}

Made makeScheduleFree(const OptimizerSettings& s, OptimArgs& args, Groups groups)
{
    ScheduleFreeOptions o;
    o.kind = contains(s.name, "radam") ? ScheduleFreeKind::RAdam
             : contains(s.name, "sgd") ? ScheduleFreeKind::Sgd
                                       : ScheduleFreeKind::AdamW;
    o.beta1 = o.kind == ScheduleFreeKind::Sgd ? 0.9 : s.beta1;
    o.beta2 = s.beta2;
    o.epsilon = s.epsilon;
    o.warmupSteps = o.kind == ScheduleFreeKind::RAdam ? 0 : s.warmupSteps;
    o.weightLrPower = args.number("weight_lr_power", 2);
    o.r = args.number("r", 0);
    return made(new ScheduleFree(std::move(groups), o));
}

Made makeLowRank(const OptimizerSettings& s, OptimArgs& args, const Groups& groups)
{
    const bool apollo = contains(s.name, "apollo");
    LowRankOptions o;
    o.rank = args.integer("rank", 128);
    o.gap = args.integer("update_proj_gap", 200);
    o.scale = args.number("scale", apollo ? 1.0 : 0.25);
    std::vector<std::string> types{"std", "reverse_std", "right", "left"};
    if (!apollo) types.push_back("full");
    o.type = args.choice("proj_type", "std", types);
    if (apollo) {
        o.randomProjection = args.choice("proj", "random", {"random", "svd"}) == "random";
        o.perChannel = args.choice("scale_type", "channel", {"channel", "tensor"}) == "channel";
    }
    o.adafactor = contains(s.name, "adafactor");
    o.layerwise = contains(s.name, "layerwise");
    if (o.rank < 1 || o.gap < 1)
        return Error{ErrorCode::InvalidValue, "optim_args: rank and update_proj_gap must be at least 1.",
                     "optim_args"};
    auto split = splitTargets(groups, s.targetModules, s.targetsAreText, s.learningRate);
    if (!split) return split.error();
    if (apollo) return made(new Apollo(std::move(*split), o));
    return made(new GaLore(std::move(*split), o));
}

Made makeByFamily(const OptimizerSettings& s, OptimArgs& args, Groups groups)
{
    const std::string& name = s.name;
    if (contains(name, "galore") || contains(name, "apollo")) return makeLowRank(s, args, groups);
    if (contains(name, "schedule_free")) return makeScheduleFree(s, args, std::move(groups));
    if (contains(name, "ademamix")) return makeAdEmaMix(s, args, std::move(groups));
    if (contains(name, "lion")) return made(new Lion(std::move(groups), s.beta1, s.beta2));
    if (contains(name, "rmsprop_bnb"))
        return made(new RmsProp(std::move(groups), {args.number("alpha", 0.99), args.number("eps", 1e-8),
                                                    args.number("momentum", 0)}));
    if (name == "rmsprop") return made(new RmsProp(std::move(groups), {}));
    if (name == "sgd") return made(new Sgd(std::move(groups), true, false));
    if (name == "lomo") return made(new Sgd(std::move(groups), false, true));
    if (name == "adalomo") return made(new Adafactor(std::move(groups), true));
    if (name == "adafactor") return made(new Adafactor(std::move(groups), false));
    if (name == "adagrad") return made(new Adagrad(std::move(groups)));
    if (name == "adamw_anyprecision") return makeAnyPrecision(s, args, std::move(groups));
    if (name == "grokadamw")
        return made(new GrokAdamW(std::move(groups),
                                  {args.number("alpha_init", 0.98), args.number("lamb", 2),
                                   args.number("gamma", 0.1), args.number("gradient_clipping", 1)}));
    return made(new AdamW(std::move(groups), {s.beta1, s.beta2, s.epsilon}));
}

} // namespace

Result<std::unique_ptr<Optimizer>> makeOptimizer(const OptimizerSettings& settings,
                                                 std::vector<ParamGroup> groups)
{
    for (const Refused& refused : kRefused)
        if (settings.name == refused.name)
            return Error{ErrorCode::Unsupported,
                         "The optimizer " + settings.name + " cannot run here: " + refused.why +
                             ". The nearest is " + refused.nearest + ".",
                         "optim"};
    if (std::find(std::begin(kNames), std::end(kNames), settings.name) == std::end(kNames)) {
        std::string listed;
        for (const char* name : kNames)
            listed += (listed.empty() ? "" : ", ") + std::string(name);
        return Error{ErrorCode::InvalidValue,
                     "There is no optimizer \"" + settings.name + "\". There are: " + listed + ".", "optim"};
    }
    auto args = OptimArgs::parse(settings.args, settings.name);
    if (!args) return args.error();
    auto optimizer = makeByFamily(settings, *args, std::move(groups));
    if (!optimizer) return optimizer.error();
    if (Status status = args->status(); !status) return status.error();
    for (std::string& sentence : args->unused())
        (*optimizer)->addNotice(std::move(sentence));
    if (contains(settings.name, "8bit")) {
        (*optimizer)->keepEightBitState();
        (*optimizer)
            ->addNotice(settings.name + " keeps its moments in blocks of 8-bit numbers, except for embedding "
                                        "tables and weights of fewer than 4096 values.");
    }
    if (settings.name.rfind("paged_", 0) == 0)
        (*optimizer)
            ->addNotice(settings.name + " runs as " + settings.name.substr(6) +
                        ": paging moves memory between devices and changes no number.");
    return std::unique_ptr<Optimizer>(std::move(*optimizer));
}

} // namespace studio
