#pragma once

#include "core/experiment/lora.h"
#include "core/json.h"
#include "engine/model/encoder.h"
#include "engine/model/layers.h"
#include "engine/model/modelfolder.h"
#include "engine/model/safetensors.h"
#include "engine/model/tensorfile.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace studio {

inline constexpr const char* kAdapterConfig = "adapter_config.json";
inline constexpr const char* kAdapterWeights = "adapter_model.safetensors";

/// LoRA adapters as PEFT saves them beside (not in) the weights of their base model.
struct StoredAdapters
{
    Json config;      ///< adapter_config.json
    LoraSpec spec;    ///< what it says
    std::string base; ///< base_model_name_or_path
    std::shared_ptr<const TensorFile> file;
};

/// The adapters in a folder or sub-folder of a model; nothing when it has none. Unsupported names the kind of
/// adapter that this program does not know (DoRA, prompt tuning, ranks by pattern, …).
Result<std::optional<StoredAdapters>> readAdapters(const ModelFolder& folder, const std::string& subFolder);

/// The folder of their base model: `chosen`, else what adapter_config.json names, absolute or relative to the
/// adapters' folder.
Result<ModelFolder> baseModelOf(const StoredAdapters& adapters, const ModelFolder& own, const std::string& chosen);

/// The encoder's parameters and linear layers as its family has registered them.
struct EncoderParts
{
    const std::vector<ParameterBuilder::Registered>& parameters;
    const std::vector<ParameterBuilder::RegisteredLinear>& linears;
};

/// alpha/r, or alpha/√r.
double loraScale(const LoraSpec& spec);

/// Where the tensors of stored adapters belong.
struct StoredLayers
{
    struct Layer
    {
        std::size_t linear = 0; ///< index in the encoder's linear layers
        const StoredTensor* a = nullptr;
        const StoredTensor* b = nullptr;
    };
    struct Bias
    {
        std::size_t entry = 0; ///< of the store
        const StoredTensor* tensor = nullptr;
    };
    std::vector<Layer> layers; ///< in the encoder's order
    std::vector<Bias> biases;
};

/// Malformed when a tensor belongs to no layer of the encoder or has another shape than it needs.
Result<StoredLayers> layersOf(const StoredAdapters& adapters, const EncoderParts& encoder,
                              const ParameterStore& store);

/// Adds the adapters to the weights of an allocated and filled store.
Status mergeAdapters(const StoredAdapters& adapters, const EncoderParts& encoder, ParameterStore& store);

/// Adapters that are trained while the weights below them stay.
class LoraAdapters
{
public:
    /// New ones. `base` is written to adapter_config.json.
    static Result<std::unique_ptr<LoraAdapters>> fresh(LoraSpec spec, const std::string& modelType,
                                                       const std::string& base, const EncoderParts& encoder);
    /// Those of a folder, to be trained on; `asked` must not contradict them.
    static Result<std::unique_ptr<LoraAdapters>> from(StoredAdapters stored, const LoraSpec& asked,
                                                      const std::string& base, const EncoderParts& encoder,
                                                      const ParameterStore& store);

    /// Registers the adapters' tensors behind the encoder's and freezes the encoder but for the biases that
    /// are trained. Before the store is allocated.
    void attach(ParameterBuilder& builder, const EncoderParts& encoder);
    /// Fills the tensors: from the folder, or A random (He's uniform law) and B zero as PEFT begins.
    Status fill(const EncoderParts& encoder, std::uint64_t seed);

    /// The context of the forward pass that begins; adapters draw their dropout from it.
    void beginPass(const ForwardContext& context) { *m_context = context; }

    const LoraSpec& spec() const { return m_spec; }
    std::size_t layerCount() const { return m_layers.size(); }
    /// "LoRA: 24 adapters of rank 8 …", for people.
    std::string description() const;

    /// adapter_config.json.
    std::string configText() const;
    struct Named
    {
        std::string name; ///< in adapter_model.safetensors
        at::Tensor value;
    };
    /// The tensors of adapter_model.safetensors.
    std::vector<Named> tensors() const;
    /// The weight of an entry of the store with its adapter added; undefined when the entry has none.
    at::Tensor merged(std::size_t entry) const;

private:
    struct Layer
    {
        std::size_t linear = 0; ///< index in the encoder's linear layers
        std::string name;
        std::size_t weightEntry = 0;
        const at::Tensor* a = nullptr;
        const at::Tensor* b = nullptr;
    };
    struct Bias
    {
        std::string name;
        std::size_t entry = 0;
    };

    LoraAdapters() = default;
    double scale() const;
    void chooseBiases(const EncoderParts& encoder);

    LoraSpec m_spec;
    Json m_config;
    std::string m_base;
    std::vector<Layer> m_layers;
    std::vector<Bias> m_biases;
    std::optional<StoredAdapters> m_stored;
    ParameterStore* m_store = nullptr;
    std::unique_ptr<ForwardContext> m_context = std::make_unique<ForwardContext>();
};

} // namespace studio
