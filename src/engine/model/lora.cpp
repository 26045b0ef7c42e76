#include "engine/model/lora.h"

#include "engine/model/checkpoint.h"
#include "engine/model/parameterstore.h"
#include "engine/optim/patterns.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace studio {

namespace {

/// Sites of the adapters' dropout, behind those that an encoder counts itself.
constexpr std::uint64_t kFirstSite = 1u << 20;

/// The layers that PEFT takes for an architecture when none are named, and the like for those it does not list.
std::vector<std::string> customaryTargets(const std::string& modelType)
{
    if (modelType == "mpnet") return {"q", "v"};
    if (modelType == "distilbert") return {"q_lin", "v_lin"};
    if (modelType == "modernbert" || modelType == "nomic_bert") return {"Wqkv"};
    if (modelType == "qwen3" || modelType == "gemma3_text") return {"q_proj", "v_proj"};
    return {"query", "value"};
}

bool namesModule(const std::string& full, const std::string& module)
{
    return full == module || full.ends_with("." + module);
}

/// The indices of the chosen linear layers.
Result<std::vector<std::size_t>> chooseTargets(const LoraSpec& spec, const EncoderParts& encoder)
{
    const bool all = spec.targetsAreText && spec.targetModules.front() == "all-linear";
    std::optional<Pattern> pattern;
    if (spec.targetsAreText && !all) {
        auto compiled = Pattern::compile(spec.targetModules.front());
        if (!compiled)
            return Error{ErrorCode::InvalidValue, "model.lora.target_modules: " + compiled.error().message,
                         "model.lora.target_modules"};
        pattern.emplace(std::move(*compiled));
    }
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < encoder.linears.size(); ++i) {
        const auto& name = encoder.linears[i].name;
        const bool named = std::any_of(
            spec.targetModules.begin(), spec.targetModules.end(),
            [&](const std::string& target) { return namesModule(name, target); });
        if (all || (pattern ? pattern->matchesWhole(name) : !spec.targetsAreText && named)) chosen.push_back(i);
    }
    if (chosen.empty()) {
        std::string names;
        for (std::size_t i = 0; i < std::min<std::size_t>(encoder.linears.size(), 6); ++i)
            names += (i ? ", " : "") + encoder.linears[i].name;
        return Error{ErrorCode::InvalidValue,
                     encoder.linears.empty()
                         ? "LoRA needs a transformer: this model has no linear layers. Remove model.lora."
                         : "model.lora.target_modules matches no linear layer of this model. Its layers are " +
                               names + ", …; \"all-linear\" takes all.",
                     "model.lora.target_modules"};
    }
    return chosen;
}

} // namespace

Result<std::unique_ptr<LoraAdapters>> LoraAdapters::fresh(LoraSpec spec, const std::string& modelType,
                                                          const std::string& base, const EncoderParts& encoder)
{
    if (spec.targetModules.empty()) spec.targetModules = customaryTargets(modelType);
    const auto chosen = chooseTargets(spec, encoder);
    if (!chosen) return chosen.error();
    std::unique_ptr<LoraAdapters> adapters(new LoraAdapters);
    adapters->m_base = base;
    for (const auto i : *chosen)
        adapters->m_layers.push_back({i, encoder.linears[i].name, encoder.linears[i].weightEntry});
    if (spec.targetsAreText && spec.targetModules.front() == "all-linear") {
        // As PEFT writes it: the names that it stood for.
        spec.targetModules.clear();
        spec.targetsAreText = false;
        for (const auto& layer : adapters->m_layers)
            spec.targetModules.push_back(layer.name);
    }
    adapters->m_spec = std::move(spec);
    adapters->m_config = Json{{"alpha_pattern", Json::object()},
                              {"auto_mapping", nullptr},
                              {"fan_in_fan_out", false},
                              {"init_lora_weights", true},
                              {"layers_pattern", nullptr},
                              {"layers_to_transform", nullptr},
                              {"modules_to_save", nullptr},
                              {"peft_type", "LORA"},
                              {"rank_pattern", Json::object()},
                              {"revision", nullptr},
                              {"task_type", "FEATURE_EXTRACTION"}};
    adapters->chooseBiases(encoder);
    return adapters;
}

Result<std::unique_ptr<LoraAdapters>> LoraAdapters::from(StoredAdapters stored, const LoraSpec& asked,
                                                         const std::string& base, const EncoderParts& encoder,
                                                         const ParameterStore& store)
{
    const auto differs = [&](const char* key, const std::string& has, const std::string& wants) {
        return Error{ErrorCode::InvalidValue,
                     std::string("model.lora.") + key + " is " + wants + ", but the model's folder has adapters with " +
                         has + ". Use " + has + ", or start from their base model.",
                     std::string("model.lora.") + key};
    };
    const auto text = [](double value) { return Json(value).dump(); };
    const auto& has = stored.spec;
    if (has.r != asked.r) return differs("r", std::to_string(has.r), std::to_string(asked.r));
    if (has.loraAlpha != asked.loraAlpha) return differs("lora_alpha", text(has.loraAlpha), text(asked.loraAlpha));
    if (has.useRslora != asked.useRslora)
        return differs("use_rslora", has.useRslora ? "true" : "false", asked.useRslora ? "true" : "false");
    if (has.bias != asked.bias) return differs("bias", has.bias, asked.bias);

    std::unique_ptr<LoraAdapters> adapters(new LoraAdapters);
    adapters->m_base = base;
    adapters->m_spec = asked;
    adapters->m_config = stored.config;
    adapters->m_stored = std::move(stored);
    const auto found = layersOf(*adapters->m_stored, encoder, store);
    if (!found) return found.error();
    for (const auto& layer : found->layers) {
        const auto& linear = encoder.linears[layer.linear];
        adapters->m_layers.push_back({layer.linear, linear.name, linear.weightEntry});
    }
    adapters->chooseBiases(encoder);
    return adapters;
}

void LoraAdapters::chooseBiases(const EncoderParts& encoder)
{
    if (m_spec.bias == "none") return;
    for (const auto& parameter : encoder.parameters) {
        if (!parameter.name.ends_with("bias")) continue;
        const auto layer = std::find_if(m_layers.begin(), m_layers.end(), [&](const Layer& each) {
            return encoder.linears[each.linear].biasEntry == parameter.entry;
        });
        if (layer == m_layers.end() && m_spec.bias != "all") continue;
        m_biases.push_back({layer == m_layers.end() ? parameter.name : layer->name + ".base_layer.bias",
                            parameter.entry});
    }
}

void LoraAdapters::attach(ParameterBuilder& builder, const EncoderParts& encoder)
{
    m_store = &builder.store();
    for (const auto& parameter : encoder.parameters) {
        const bool trainedBias = std::any_of(m_biases.begin(), m_biases.end(), [&](const Bias& bias) {
            return bias.entry == parameter.entry;
        });
        if (!trainedBias) m_store->freeze(parameter.entry);
    }
    std::uint64_t site = kFirstSite;
    for (auto& layer : m_layers) {
        const auto& linear = encoder.linears[layer.linear];
        // No gradient reaches BERT's pooler, with adapters or without.
        layer.a = &builder.tensor(layer.name + ".lora_A.default.weight", {m_spec.r, linear.in}, linear.trained);
        layer.b = &builder.tensor(layer.name + ".lora_B.default.weight", {linear.out, m_spec.r}, linear.trained);
        auto& adapter = *linear.adapter;
        adapter.a = layer.a;
        adapter.b = layer.b;
        adapter.scale = scale();
        adapter.dropout = m_spec.loraDropout;
        adapter.site = site++;
        adapter.context = m_context.get();
    }
}

Status LoraAdapters::fill(const EncoderParts& encoder, std::uint64_t seed)
{
    const at::NoGradGuard noGrad;
    if (m_stored) {
        auto found = layersOf(*m_stored, encoder, *m_store);
        if (!found) return found.error();
        const auto& label = m_stored->file->label();
        for (std::size_t i = 0; i < m_layers.size(); ++i) {
            if (auto status = copyInto(*found->layers[i].a, *m_layers[i].a, label); !status) return status;
            if (auto status = copyInto(*found->layers[i].b, *m_layers[i].b, label); !status) return status;
        }
        for (const auto& bias : found->biases)
            if (auto status = copyInto(*bias.tensor, m_store->entries()[bias.entry].value, label); !status)
                return status;
        m_stored->file.reset(); // a checkpoint must not keep its folder's file mapped
        return {};
    }
    at::Generator generator = at::detail::createCPUGenerator(seed);
    for (const auto& layer : m_layers) {
        // kaiming_uniform_(a=√5)
        const double bound = 1 / std::sqrt(static_cast<double>(layer.a->size(1)));
        layer.a->copy_(at::empty(layer.a->sizes(), at::kFloat).uniform_(-bound, bound, generator));
    }
    return {};
}

double LoraAdapters::scale() const
{
    return loraScale(m_spec);
}

std::string LoraAdapters::description() const
{
    std::int64_t values = 0, all = 0;
    for (const auto& entry : m_store->entries()) {
        all += entry.size;
        values += entry.frozen ? 0 : entry.size;
    }
    return "LoRA: " + std::to_string(m_layers.size()) + " adapters of rank " + std::to_string(m_spec.r) + "; " +
           std::to_string(values) + " of " + std::to_string(all) + " values are trained.";
}

std::string LoraAdapters::configText() const
{
    auto config = m_config;
    config["base_model_name_or_path"] = m_base;
    config["bias"] = m_spec.bias;
    config["inference_mode"] = true;
    const bool whole = m_spec.loraAlpha == std::floor(m_spec.loraAlpha);
    config["lora_alpha"] = whole ? Json(static_cast<std::int64_t>(m_spec.loraAlpha)) : Json(m_spec.loraAlpha);
    config["lora_dropout"] = m_spec.loraDropout;
    config["r"] = m_spec.r;
    config["use_rslora"] = m_spec.useRslora;
    if (!config.contains("target_modules"))
        config["target_modules"] =
            m_spec.targetsAreText ? Json(m_spec.targetModules.front()) : Json(m_spec.targetModules);
    std::vector<std::pair<std::string, Json>> members;
    for (const auto& [key, value] : config.items())
        members.emplace_back(key, value);
    std::sort(members.begin(), members.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
    Json sorted = Json::object();
    for (auto& [key, value] : members)
        sorted[key] = std::move(value);
    return sorted.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::vector<LoraAdapters::Named> LoraAdapters::tensors() const
{
    std::vector<Named> tensors;
    for (const auto& layer : m_layers) {
        tensors.push_back({"base_model.model." + layer.name + ".lora_A.weight", *layer.a});
        tensors.push_back({"base_model.model." + layer.name + ".lora_B.weight", *layer.b});
    }
    for (const auto& bias : m_biases)
        tensors.push_back({"base_model.model." + bias.name, m_store->entries()[bias.entry].value});
    return tensors;
}

at::Tensor LoraAdapters::merged(std::size_t entry) const
{
    for (const auto& layer : m_layers) {
        if (layer.weightEntry != entry) continue;
        const at::NoGradGuard noGrad;
        return m_store->entries()[entry].value + at::matmul(*layer.b, *layer.a) * scale();
    }
    return {};
}

} // namespace studio
