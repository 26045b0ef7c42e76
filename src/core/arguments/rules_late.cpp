// Rules 58 to 71: hub, metrics, sentence-transformers' own part of the constructor, serialisation, set_
// methods.

#include "core/arguments/rulehelpers.h"

namespace studio {
namespace {

/// Last part of a path, as Path(...).name gives it.
std::string lastPart(std::string path)
{
    while (path.size() > 1 && path.ends_with('/')) {
        path.pop_back();
    }
    return path.substr(path.rfind('/') + 1);
}

void pushTokenCopied(RuleState& s)
{
    if (s.arguments.pushToHubToken) {
        s.report("push_to_hub_token is the old name of hub_token, which takes its value.");
        s.arguments.hubToken = s.arguments.pushToHubToken;
    }
}

void pushModelIdCopied(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    if (!a.pushToHubModelId) {
        return;
    }
    const std::string owner = a.pushToHubOrganization ? *a.pushToHubOrganization : s.context.hubUser;
    a.hubModelId = owner.empty() ? *a.pushToHubModelId : owner + "/" + *a.pushToHubModelId;
    s.report("push_to_hub_model_id is an old name: hub_model_id becomes " + inQuotes(*a.hubModelId) + ".",
             fixOf("Use hub_model_id instead", {{"hub_model_id", pythonJson(*a.hubModelId, -1)},
                                                {"push_to_hub_model_id", "null"},
                                                {"push_to_hub_organization", "null"}}));
}

void pushOrganizationCopied(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    if (a.pushToHubModelId || !a.pushToHubOrganization) {
        return;
    }
    a.hubModelId = *a.pushToHubOrganization + "/" + lastPart(*a.outputDir);
    s.report("push_to_hub_organization is an old name: hub_model_id becomes " + inQuotes(*a.hubModelId) + ".",
             fixOf("Use hub_model_id instead",
                   {{"hub_model_id", pythonJson(*a.hubModelId, -1)}, {"push_to_hub_organization", "null"}}));
}

void inputsForMetricsMoved(RuleState& s)
{
    if (s.arguments.includeInputsForMetrics) {
        s.report("include_inputs_for_metrics is an old switch: inputs is added to include_for_metrics.");
        s.arguments.includeForMetrics.push_back("inputs");
    }
}

void mappingNull(RuleState& s, Json& mapping)
{
    if (mapping.is_null()) {
        mapping = Json::object();
        s.report(std::string(s.rule->keys[0]) + " becomes an empty object.");
    }
}

void mappingText(RuleState& s, const Json& mapping)
{
    // Text that starts like JSON has been read, or reported, by json_strings_parsed.
    if (mapping.is_string() && !mapping.get_ref<const std::string&>().starts_with('{')) {
        s.report(std::string(s.rule->keys[0]) + " is the text " + inQuotes(mapping.get<std::string>()) +
                     "; an object is wanted.",
                 setTo(std::string(s.rule->keys[0]), "{}"));
    }
}

void routerMappingNull(RuleState& s)
{
    mappingNull(s, s.arguments.routerMapping);
}

void routerMappingText(RuleState& s)
{
    mappingText(s, s.arguments.routerMapping);
}

void learningRateMappingNull(RuleState& s)
{
    mappingNull(s, s.arguments.learningRateMapping);
}

void learningRateMappingText(RuleState& s)
{
    mappingText(s, s.arguments.learningRateMapping);
}

void predictionLossOnlyForced(RuleState& s)
{
    if (!s.arguments.predictionLossOnly) {
        s.arguments.predictionLossOnly = true;
        s.report("prediction_loss_only becomes true, for losses over embeddings return nothing else.");
    }
}

void broadcastBuffersForced(RuleState& s)
{
    if (s.arguments.ddpBroadcastBuffers != std::optional<bool>(false)) {
        s.arguments.ddpBroadcastBuffers = false;
        s.report("ddp_broadcast_buffers becomes false.");
    }
}

bool isThrowaway(const TrainingArguments& a)
{
    return a.outputDir == "unused";
}

void dataParallelDiscouraged(RuleState& s)
{
    if (parallelMode(s.arguments, s.context) == "not_distributed" && !isThrowaway(s.arguments)) {
        s.report("One process drives several GPUs; one process per GPU is faster.");
    }
}

void dropLastDistributed(RuleState& s)
{
    if (s.context.processes > 1 && !s.arguments.dataloaderDropLast) {
        s.arguments.dataloaderDropLast = true;
        s.report("dataloader_drop_last becomes true, so that no process waits for an uneven last batch.",
                 setTo("dataloader_drop_last", "true"));
    }
}

void tokensHidden(RuleState& s)
{
    const auto hidden = [&](const std::optional<std::string>& token, const char* key, const char* text) {
        if (token) {
            s.report(Severity::Normalise, {key},
                     std::string(key) + " is never written out; files show " + text + ".");
        }
    };
    hidden(s.arguments.hubToken, "hub_token", "<HUB_TOKEN>");
    hidden(s.arguments.pushToHubToken, "push_to_hub_token", "<PUSH_TO_HUB_TOKEN>");
}

/// The methods themselves refuse the call, before anything is written (methods.cpp, methodcall.cpp);
/// arguments that exist cannot show it, for the constructor allows save_steps 0.
void setStepsZero(RuleState&) {}

} // namespace

Rules lateRules()
{
    constexpr auto kNormalise = Severity::Normalise;
    constexpr auto kError = Severity::Error;
    constexpr auto kInit = RuleOrigin::PostInit;
    return {
        {"push_token_copied", kNormalise, kInit, {"push_to_hub_token", "hub_token"}, pushTokenCopied},
        {"push_model_id_copied",
         kNormalise,
         kInit,
         {"push_to_hub_model_id", "push_to_hub_organization", "hub_model_id"},
         pushModelIdCopied},
        {"push_organization_copied",
         kNormalise,
         kInit,
         {"push_to_hub_organization", "push_to_hub_model_id", "hub_model_id", "output_dir"},
         pushOrganizationCopied},
        {"inputs_for_metrics_moved",
         kNormalise,
         kInit,
         {"include_inputs_for_metrics", "include_for_metrics"},
         inputsForMetricsMoved},
        {"router_mapping_null", kNormalise, kInit, {"router_mapping"}, routerMappingNull},
        {"router_mapping_text", kError, kInit, {"router_mapping"}, routerMappingText},
        {"learning_rate_mapping_null", kNormalise, kInit, {"learning_rate_mapping"}, learningRateMappingNull},
        {"learning_rate_mapping_text", kError, kInit, {"learning_rate_mapping"}, learningRateMappingText},
        {"prediction_loss_only_forced",
         kNormalise,
         kInit,
         {"prediction_loss_only"},
         predictionLossOnlyForced},
        {"broadcast_buffers_forced", kNormalise, kInit, {"ddp_broadcast_buffers"}, broadcastBuffersForced},
        {"data_parallel_discouraged", Severity::Warning, kInit, {"output_dir"}, dataParallelDiscouraged},
        {"drop_last_distributed", kNormalise, kInit, {"dataloader_drop_last"}, dropLastDistributed},
        {"tokens_hidden",
         kNormalise,
         RuleOrigin::Serialisation,
         {"hub_token", "push_to_hub_token"},
         tokensHidden},
        {"set_steps_zero",
         kError,
         RuleOrigin::SetMethod,
         {"eval_strategy", "eval_steps", "save_strategy", "save_steps", "logging_strategy", "logging_steps"},
         setStepsZero},
    };
}

} // namespace studio
