#include "engine/native/nativeencoder.h"

#include "engine/model/nativehook.h"
#include "engine/model/parameterstore.h"
#include "engine/native/nativepass.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace studio {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// Tokens of a slab: enough rows to use every tile, few enough to share a small batch among threads.
constexpr int kSlabTokens = 64;

class NativeBert;

/// Carries the activations of a forward pass to its backward pass, and returns them to the encoder afterwards.
struct Ticket : torch::CustomClassHolder
{
    Ticket(NativeBert& encoder, std::unique_ptr<Activations> kept) : encoder(&encoder), kept(std::move(kept)) {}
    ~Ticket() override;

    NativeBert* encoder;
    std::unique_ptr<Activations> kept;
};

class NativeBert : public Encoder
{
public:
    NativeBert(const EncoderConfig& config, ParameterStore& store, const BertLayout& layout, std::vector<NamedTensor> parameters)
        : m_config(config), m_store(store), m_layout(layout), m_parameters(std::move(parameters)), m_kernels(kernels()),
          m_packed(m_config, m_layout, m_kernels), m_name(std::string("native (") + m_kernels.name + ")")
    {
    }

    at::Tensor forward(const PackedBatch& batch, const ForwardContext& context) override;
    const std::vector<NamedTensor>& parameters() const override { return m_parameters; }
    const EncoderConfig& config() const override { return m_config; }
    const char* implementation() const override { return m_name.c_str(); }
    void setDropout(double hidden, double attention) override
    {
        m_config.hiddenDropout = hidden;
        m_config.attentionDropout = attention;
    }

    at::Tensor compute(Activations& kept);
    void backward(Activations& kept, const at::Tensor& grad);
    void giveBack(std::unique_ptr<Activations> kept) { m_free.push_back(std::move(kept)); }

private:
    NativeState state();
    std::unique_ptr<Activations> take(const PackedBatch& batch, const ForwardContext& context, bool keepLayers);

    EncoderConfig m_config;
    ParameterStore& m_store;
    BertLayout m_layout;
    std::vector<NamedTensor> m_parameters;
    const Kernels& m_kernels;
    PackedWeights m_packed;
    std::string m_name;
    std::unique_ptr<Workers> m_workers;
    std::vector<Arena> m_scratch;
    Arena m_work;
    std::vector<std::unique_ptr<Activations>> m_free;
    int m_longest = 0;
    bool m_changed = true;             ///< a backward pass has run since the weights were packed
    std::uint64_t m_packedVersion = 0; ///< sum of the tensors' counters of torch's own changes
};

Ticket::~Ticket()
{
    if (kept) encoder->giveBack(std::move(kept));
}

/// The whole encoder as one node. `anchor` only ties it to the graph: gradients of the weights go straight to the
/// store's buffer.
struct NativeNode : torch::autograd::Function<NativeNode>
{
    static Variable forward(AutogradContext* ctx, const Variable& /*anchor*/, NativeBert* encoder, c10::intrusive_ptr<Ticket> ticket)
    {
        const auto states = encoder->compute(*ticket->kept);
        ctx->saved_data["ticket"] = c10::IValue::make_capsule(std::move(ticket));
        return states;
    }

    static variable_list backward(AutogradContext* ctx, const variable_list& grads)
    {
        auto held = ctx->saved_data["ticket"].toCapsule();
        auto& ticket = static_cast<Ticket&>(*held);
        TORCH_CHECK(ticket.kept, "the native encoder's backward pass can run only once for a forward pass");
        ticket.encoder->backward(*ticket.kept, grads[0].contiguous());
        ticket.encoder->giveBack(std::move(ticket.kept));
        return {Variable(), Variable(), Variable()};
    }
};

NativeState NativeBert::state()
{
    NativeState state{m_config, m_kernels, m_layout, m_packed, *m_workers, m_scratch};
    state.values = m_store.flatValues().const_data_ptr<float>();
    // A model that only encodes has no gradient buffer.
    const auto gradients = m_store.flatGradients();
    state.gradients = gradients.defined() && gradients.numel() > 0 ? gradients.mutable_data_ptr<float>() : nullptr;
    state.hiddenDropout = m_config.hiddenDropout;
    state.attentionDropout = m_config.attentionDropout;
    return state;
}

std::unique_ptr<Activations> NativeBert::take(const PackedBatch& batch, const ForwardContext& context, bool keepLayers)
{
    const int threads = std::max(1, at::get_num_threads());
    if (!m_workers || m_workers->count() != threads) {
        m_workers = std::make_unique<Workers>(threads);
        m_scratch.clear();
        m_longest = 0;
    }
    int longest = 1;
    for (std::int64_t s = 0; s < batch.sequences(); ++s) longest = std::max(longest, static_cast<int>(batch.length(s)));
    if (longest > m_longest) {
        m_longest = longest;
        m_scratch.resize(static_cast<std::size_t>(threads));
        for (auto& scratch : m_scratch) scratch.reset(scratchFloats(m_config, m_kernels, m_longest));
    }

    std::unique_ptr<Activations> kept;
    if (m_free.empty()) {
        kept = std::make_unique<Activations>();
    } else {
        kept = std::move(m_free.back());
        m_free.pop_back();
    }
    kept->context = context;
    kept->reserve(m_config, batch, keepLayers);
    kept->slabs = slabsOf(batch, kSlabTokens);
    return kept;
}

/// Weights are packed again for every new micro-batch of a training, and else when they may have changed: an optimizer
/// step follows a backward pass, everything else changes them by torch operations.
at::Tensor NativeBert::compute(Activations& kept)
{
    auto version = static_cast<std::uint64_t>(m_store.flatValues()._version());
    for (const auto& parameter : m_parameters) version += static_cast<std::uint64_t>(parameter.value._version());
    const bool newStep = kept.context.training && kept.context.chunk == 0;
    const bool repack = newStep || m_changed || version != m_packedVersion;
    m_changed = false;
    m_packedVersion = version;
    auto states = at::empty({kept.batch.tokens(), m_config.hiddenSize}, at::kFloat);
    std::vector<float*> layerStates;
    if (kept.context.layerStates) {
        kept.context.layerStates->clear();
        for (int i = 0; i <= m_config.layers; ++i) {
            kept.context.layerStates->push_back(at::empty_like(states));
            layerStates.push_back(kept.context.layerStates->back().mutable_data_ptr<float>());
        }
    }
    nativeForward(state(), kept, states.mutable_data_ptr<float>(), layerStates, repack);
    return states;
}

void NativeBert::backward(Activations& kept, const at::Tensor& grad)
{
    m_changed = true;
    nativeBackward(state(), kept, grad.const_data_ptr<float>(), m_work);
}

at::Tensor NativeBert::forward(const PackedBatch& batch, const ForwardContext& context)
{
    for (const auto id : batch.ids)
        TORCH_CHECK(id >= 0 && id < m_config.vocabSize, "token id ", id, " is outside the vocabulary of ", m_config.vocabSize);
    for (const auto position : batch.positions)
        TORCH_CHECK(position < m_config.maxPositions, "a text is longer than the model's ", m_config.maxPositions, " positions");
    if (batch.tokens() == 0) return at::zeros({0, m_config.hiddenSize}, at::kFloat);

    if (!at::GradMode::is_enabled()) {
        auto kept = take(batch, context, false);
        const auto states = compute(*kept);
        giveBack(std::move(kept));
        return states;
    }
    auto ticket = c10::make_intrusive<Ticket>(*this, take(batch, context, true));
    return NativeNode::apply(m_parameters.front().value, this, std::move(ticket));
}

Error unsupported(const std::string& what)
{
    return {ErrorCode::Unsupported, "The fast CPU encoder cannot run this model: " + what + ".", {}};
}

} // namespace

Result<std::unique_ptr<Encoder>> makeNativeEncoder(const EncoderConfig& config, const std::vector<NamedTensor>& parameters,
                                                   ParameterStore& store)
{
    if (store.device() != at::kCPU) return unsupported("it runs on the CPU only");
    if (store.dtype() != at::kFloat) return unsupported("it computes in 32-bit floats only");
    if (config.modelType != "bert") return unsupported("the family " + config.modelType + " is not one of its own");
    if (config.hiddenAct != "gelu") return unsupported("the activation " + config.hiddenAct + " is not exact GELU");
    const int panel = kernels().panelWidth, vector = kernels().vectorLength;
    if (config.heads <= 0 || config.hiddenSize % config.heads != 0 || config.hiddenSize / config.heads % vector != 0)
        return unsupported("heads of " + std::to_string(config.heads ? config.hiddenSize / config.heads : 0) + " do not fill vectors of " +
                           std::to_string(vector));
    if (config.hiddenSize % panel != 0 || config.intermediateSize % panel != 0)
        return unsupported("its widths are no multiples of " + std::to_string(panel));
    auto layout = BertLayout::find(parameters, store, config);
    if (!layout) return layout.error();
    return std::unique_ptr<Encoder>(std::make_unique<NativeBert>(config, store, *layout, parameters));
}

void registerNativeEncoder()
{
    setNativeEncoderMaker([](const EncoderConfig& config, const std::vector<NamedTensor>& parameters, ParameterStore& store) {
        auto made = makeNativeEncoder(config, parameters, store);
        return made ? std::move(*made) : std::unique_ptr<Encoder>();
    });
}

} // namespace studio
