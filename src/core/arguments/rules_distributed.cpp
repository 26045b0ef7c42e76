// Rules 44 to 57: FSDP, tensor parallelism, debug, pinned memory, workers.

#include "core/arguments/rulehelpers.h"

namespace studio {
namespace {

bool hasFsdp(const TrainingArguments& a)
{
    return a.fsdp && !a.fsdp->empty();
}

bool fsdpContains(const TrainingArguments& a, std::string_view word)
{
    return a.fsdp && contains(a.fsdp->items(), word);
}

/// Text becomes a list of words, each of which must be known. Returns whether the value changed.
bool parseWords(RuleState& s, TextList& list, std::span<const Choice> choices, const std::string& key)
{
    const bool wasText = list.isText();
    const std::vector<std::string> words = wasText ? wordsOf(list.text()) : list.items();
    for (const std::string& word : words) {
        if (!isKnown(choices, word)) {
            s.report(Severity::Error, {key},
                     key + " has no option " + inQuotes(word) + ". It knows " + joined(choices) + ".");
        }
    }
    list = TextList(words);
    return wasText;
}

std::string listed(const TextList& list)
{
    std::string text;
    for (const std::string& item : list.items()) {
        text += (text.empty() ? "" : ", ") + item;
    }
    return "[" + text + "]";
}

void fsdpParsed(RuleState& s)
{
    if (s.arguments.fsdp && parseWords(s, *s.arguments.fsdp, fsdpChoices(), "fsdp")) {
        s.report("fsdp becomes the list " + listed(*s.arguments.fsdp) + ".");
    }
}

void fsdpOffloadAlone(RuleState& s)
{
    if (s.arguments.fsdp && s.arguments.fsdp->items() == std::vector<std::string>{"offload"}) {
        s.report("offload needs full_shard or shard_grad_op beside it.",
                 setTo("fsdp", "[\"full_shard\", \"offload\"]"));
    }
}

void fsdpShardConflict(RuleState& s)
{
    if (fsdpContains(s.arguments, "full_shard") && fsdpContains(s.arguments, "shard_grad_op")) {
        s.report("full_shard and shard_grad_op exclude each other. Keep one of them.");
    }
}

void fsdpGradCheckpoint(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (a.gradientCheckpointing && (fsdpContains(a, "full_shard") || fsdpContains(a, "hybrid_shard"))) {
        s.report("With FSDP use fsdp_config.activation_checkpointing instead of gradient_checkpointing, "
                 "which costs an "
                 "extra exchange in every backward pass.",
                 setTo("gradient_checkpointing", "false"));
    }
}

void fsdpConfigLoaded(RuleState& s)
{
    Json& config = s.arguments.fsdpConfig;
    if (config.is_null()) {
        config = Json::object();
        s.report(Severity::Normalise, {"fsdp_config"}, "fsdp_config becomes an object.");
        return;
    }
    if (!config.is_string()) {
        return;
    }
    const std::string path = config.get<std::string>();
    if (!hasFsdp(s.arguments)) {
        s.report(Severity::Warning, {"fsdp_config"}, "fsdp_config names a file, but fsdp is off.");
    }
    if (!s.context.readFile) {
        return;
    }
    const auto text = s.context.readFile(path);
    auto parsed = text ? parsePythonJson(*text, path) : Result<Json>(Json());
    if (!parsed || !parsed->is_object()) {
        s.report(Severity::Error, {"fsdp_config"},
                 "fsdp_config names the file " + inQuotes(path) +
                     (text ? ", which holds no JSON object." : ", which cannot be read."));
        return;
    }
    // Keys lose the prefix fsdp_ and then stand at the end.
    Json kept = Json::object();
    Json renamed = Json::object();
    for (auto it = parsed->begin(); it != parsed->end(); ++it) {
        const bool prefixed = it.key().starts_with("fsdp_");
        (prefixed ? renamed : kept)[prefixed ? it.key().substr(5) : it.key()] = *it;
    }
    for (auto it = renamed.begin(); it != renamed.end(); ++it) {
        kept[it.key()] = *it;
    }
    config = kept;
    s.report("fsdp_config is read from " + inQuotes(path) + ": " + pythonJson(config, -1) + ".");
}

void fsdpConfigDefaults(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    Json& config = a.fsdpConfig;
    if (!config.is_object()) {
        return;
    }
    const Json before = config;
    const Json given = settingOf(config, "min_num_params");
    const std::int64_t size = given.is_number() ? given.get<std::int64_t>() : 0;
    config["min_num_params"] = std::max(size, a.fsdpMinNumParams);
    if (settingOf(config, "transformer_layer_cls_to_wrap").is_string()) {
        config["transformer_layer_cls_to_wrap"] = Json::array({config["transformer_layer_cls_to_wrap"]});
    }
    if (a.fsdpTransformerLayerClsToWrap) {
        Json list = settingOf(config, "transformer_layer_cls_to_wrap");
        if (!list.is_array()) {
            list = Json::array();
        }
        list.push_back(*a.fsdpTransformerLayerClsToWrap);
        config["transformer_layer_cls_to_wrap"] = list;
    }
    for (const char* name : {"xla", "xla_fsdp_v2", "xla_fsdp_grad_ckpt"}) {
        if (!config.contains(name)) {
            config[name] = false;
        }
    }
    if (config == before) {
        return;
    }
    const bool oldNames = a.fsdpMinNumParams > 0 || a.fsdpTransformerLayerClsToWrap;
    s.report(
        "fsdp_config becomes " + pythonJson(config, -1) +
        (oldNames ? ". fsdp_min_num_params and fsdp_transformer_layer_cls_to_wrap are old names." : "."));
}

bool wrapsBySize(const Json& config)
{
    const Json size = settingOf(config, "min_num_params");
    return size.is_number() && size.get<double>() > 0;
}

bool wrapsByClass(const Json& config)
{
    const Json classes = settingOf(config, "transformer_layer_cls_to_wrap");
    return (classes.is_string() && !classes.get<std::string>().empty()) ||
           (classes.is_array() && !classes.empty());
}

void fsdpConfigUnused(RuleState& s)
{
    const Json& config = s.arguments.fsdpConfig;
    const bool xla = isTrue(settingOf(config, "xla"));
    const bool unused = !hasFsdp(s.arguments) && (wrapsBySize(config) || wrapsByClass(config) || xla);
    const bool noXla = isTrue(settingOf(config, "xla_fsdp_grad_ckpt")) && !xla;
    if (unused || noXla) {
        s.report(noXla ? "fsdp_config.xla_fsdp_grad_ckpt only matters together with xla."
                       : "fsdp_config sets min_num_params, transformer_layer_cls_to_wrap or xla, which only "
                         "matter with "
                         "fsdp.");
    }
}

void fsdpWrapExclusive(RuleState& s)
{
    if (hasFsdp(s.arguments) && wrapsBySize(s.arguments.fsdpConfig) && wrapsByClass(s.arguments.fsdpConfig)) {
        s.report("FSDP wraps layers by size (min_num_params) or by class (transformer_layer_cls_to_wrap), "
                 "not by both.");
    }
}

void fsdpSyncStates(RuleState& s)
{
    const Json& config = s.arguments.fsdpConfig;
    const Json sync = settingOf(config, "sync_module_states");
    if (hasFsdp(s.arguments) && !isTrue(settingOf(config, "xla")) && sync.is_boolean() && !sync.get<bool>() &&
        isTrue(settingOf(config, "cpu_ram_efficient_loading"))) {
        s.report("fsdp_config: cpu_ram_efficient_loading needs sync_module_states to be true.");
    }
}

void tpEnvironment(RuleState& s)
{
    if (s.arguments.tpSize.value_or(0) > 1) {
        s.report("Tensor parallelism over " + std::to_string(*s.arguments.tpSize) +
                 " devices is announced to the helper library.");
    }
}

void tpuDebugMoved(RuleState& s)
{
    if (!s.arguments.tpuMetricsDebug) {
        return;
    }
    TextList& debug = s.arguments.debug;
    if (debug.isText()) {
        debug = TextList(debug.text() + (debug.empty() ? "" : " ") + "tpu_metrics_debug");
    } else {
        std::vector<std::string> items = debug.items();
        items.push_back("tpu_metrics_debug");
        debug = TextList(std::move(items));
    }
    s.arguments.tpuMetricsDebug = false;
    s.report("tpu_metrics_debug is an old switch: the word is added to debug, and the switch becomes false.");
}

void debugParsed(RuleState& s)
{
    if (parseWords(s, s.arguments.debug, debugChoices(), "debug")) {
        s.report("debug becomes the list " + listed(s.arguments.debug) + ".");
    }
}

void useCpuNoPinning(RuleState& s)
{
    if (s.arguments.useCpu && s.arguments.dataloaderPinMemory) {
        s.report("dataloader_pin_memory becomes false, for training stays on the CPU.");
        s.arguments.dataloaderPinMemory = false;
    }
}

void prefetchNeedsWorkers(RuleState& s)
{
    if (s.arguments.dataloaderNumWorkers == 0 && s.arguments.dataloaderPrefetchFactor) {
        s.report("dataloader_prefetch_factor needs at least one worker.",
                 setTo("dataloader_prefetch_factor", "null"));
    }
}

} // namespace

Rules distributedRules()
{
    constexpr auto kNormalise = Severity::Normalise;
    constexpr auto kWarning = Severity::Warning;
    constexpr auto kError = Severity::Error;
    constexpr auto kInit = RuleOrigin::PostInit;
    return {
        {"fsdp_parsed", kNormalise, kInit, {"fsdp"}, fsdpParsed},
        {"fsdp_offload_alone", kError, kInit, {"fsdp"}, fsdpOffloadAlone},
        {"fsdp_shard_conflict", kError, kInit, {"fsdp"}, fsdpShardConflict},
        {"fsdp_grad_checkpoint", kWarning, kInit, {"fsdp", "gradient_checkpointing"}, fsdpGradCheckpoint},
        {"fsdp_config_loaded", kNormalise, kInit, {"fsdp_config", "fsdp"}, fsdpConfigLoaded},
        {"fsdp_config_defaults",
         kNormalise,
         kInit,
         {"fsdp_config", "fsdp_min_num_params", "fsdp_transformer_layer_cls_to_wrap"},
         fsdpConfigDefaults},
        {"fsdp_config_unused", kWarning, kInit, {"fsdp_config", "fsdp"}, fsdpConfigUnused},
        {"fsdp_wrap_exclusive", kError, kInit, {"fsdp_config", "fsdp"}, fsdpWrapExclusive},
        {"fsdp_sync_states", kError, kInit, {"fsdp_config", "fsdp"}, fsdpSyncStates},
        {"tp_environment", kNormalise, kInit, {"tp_size"}, tpEnvironment},
        {"tpu_debug_moved", kNormalise, kInit, {"tpu_metrics_debug", "debug"}, tpuDebugMoved},
        {"debug_parsed", kNormalise, kInit, {"debug"}, debugParsed},
        {"use_cpu_no_pinning", kNormalise, kInit, {"use_cpu", "dataloader_pin_memory"}, useCpuNoPinning},
        {"prefetch_needs_workers",
         kError,
         kInit,
         {"dataloader_prefetch_factor", "dataloader_num_workers"},
         prefetchNeedsWorkers},
    };
}

} // namespace studio
