#pragma once

#include "engine/model/configreader.h"
#include "engine/model/layers.h"
#include "engine/model/parameterstore.h"
#include "engine/model/torchencoder.h"
#include "engine/native/nativeencoder.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace studio::test {

/// A small random encoder of a family twice: in double precision with torch operations, in single precision
/// with either encoder.
struct Twins
{
    Json json;
    ParameterStore wide{at::kDouble}, narrow{at::kFloat};
    TorchEncoderPtr torchWide, torchNarrow;
    std::unique_ptr<Encoder> native;

    Twins(int hidden, int heads, int layers, int intermediate, const std::string& family = "bert",
          int vocabulary = 97)
        : json({{"model_type", family},
                {"hidden_size", hidden},
                {"num_attention_heads", heads},
                {"num_hidden_layers", layers},
                {"intermediate_size", intermediate},
                {"vocab_size", vocabulary},
                {"max_position_embeddings", 300},
                {"type_vocab_size", 2},
                {"hidden_act", "gelu"},
                {"hidden_dropout_prob", 0.0},
                {"attention_probs_dropout_prob", 0.0},
                {"layer_norm_eps", 1e-12}})
    {
        if (family == "distilbert")
            json.update({{"dim", hidden},
                         {"n_layers", layers},
                         {"n_heads", heads},
                         {"hidden_dim", intermediate},
                         {"dropout", 0.0},
                         {"attention_dropout", 0.0}});
        if (family == "modernbert")
            json.update({{"norm_eps", 1e-5},
                         {"local_attention", 24},
                         {"global_attn_every_n_layers", 2},
                         {"hidden_activation", "gelu"}});
        if (family == "modernbert with biases") {
            json.update({{"model_type", "modernbert"},
                         {"norm_bias", true},
                         {"attention_bias", true},
                         {"mlp_bias", true},
                         {"local_attention", 24}});
        }
        torchWide = make(wide);
        torchNarrow = make(narrow);
        at::manual_seed(11);
        const at::NoGradGuard noGrad;
        for (const auto& parameter : torchWide->parameters()) {
            auto value = parameter.value;
            const bool norm = value.dim() == 1 && parameter.name.ends_with("weight");
            value.copy_(at::randn(value.sizes(), at::kDouble) * (norm ? 0.1 : 0.08) + (norm ? 1.0 : 0.0));
        }
        const auto& to = torchNarrow->parameters();
        for (std::size_t i = 0; i < to.size(); ++i) {
            auto value = to[i].value;
            value.copy_(torchWide->parameters()[i].value);
        }
        // Both start from the same numbers: those that single precision can hold.
        for (std::size_t i = 0; i < to.size(); ++i) {
            auto value = torchWide->parameters()[i].value;
            value.copy_(to[i].value.to(at::kDouble));
        }
        auto made = makeNativeEncoder(torchNarrow->config(), to, narrow);
        if (made) native = std::move(*made);
    }

    TorchEncoderPtr make(ParameterStore& store)
    {
        ConfigReader reader(json, "config.json");
        ParameterBuilder builder(store, "0.model.", [](const std::string&) { return true; });
        auto encoder = familyOf(json["model_type"].get<std::string>())->make(reader, builder);
        store.allocate();
        encoder->adopt(builder.registered(), store);
        return encoder;
    }
};

inline PackedBatch batchOf(const std::vector<int>& lengths)
{
    PackedBatch batch;
    std::uint32_t random = 12345;
    for (std::size_t s = 0; s < lengths.size(); ++s) {
        std::vector<std::int32_t> ids;
        for (int i = 0; i < lengths[s]; ++i) {
            random = random * 1664525u + 1013904223u;
            ids.push_back(static_cast<std::int32_t>(random >> 8) % 97);
        }
        batch.append(ids, static_cast<int>(s % 2), static_cast<int>(s / 2));
    }
    return batch;
}

inline const std::vector<int> kLengths{7, 1, 33, 8, 120, 15, 64, 3};

inline at::Tensor weightsFor(const at::Tensor& states)
{
    at::manual_seed(5);
    return at::randn(states.sizes(), at::kDouble);
}

inline double relativeError(const at::Tensor& value, const at::Tensor& truth)
{
    const auto norm = truth.norm().item<double>();
    return (value.to(at::kDouble) - truth).norm().item<double>() / std::max(norm, 1e-30);
}

} // namespace studio::test
