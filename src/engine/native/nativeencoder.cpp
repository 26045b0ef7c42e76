#include "engine/native/nativeencoder.h"

#include "engine/model/nativehook.h"
#include "engine/model/parameterstore.h"
#include "engine/model/touchedrows.h"
#include "engine/native/nativepass.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

class NativeEncoder;

/// Carries the activations of a forward pass to its backward pass, and returns them to the encoder
/// afterwards.
struct Ticket : torch::CustomClassHolder
{
    Ticket(NativeEncoder& encoder, std::unique_ptr<Activations> kept)
        : encoder(&encoder), kept(std::move(kept))
    {}
    ~Ticket() override;

    NativeEncoder* encoder;
    std::unique_ptr<Activations> kept;
};

class NativeEncoder : public Encoder
{
public:
    NativeEncoder(const EncoderConfig& config, ParameterStore& store, const NativeLayout& layout,
                  std::vector<NamedTensor> parameters)
        : m_config(config),
          m_store(store),
          m_layout(layout),
          m_parameters(std::move(parameters)),
          m_kernels(kernels()),
          m_packed(m_config, m_layout, m_kernels),
          m_name(std::string("native (") + m_kernels.name + ")")
    {
        const float* word = store.flatValues().const_data_ptr<float>() + m_layout.word;
        for (const auto& parameter : m_parameters)
            if (parameter.value.const_data_ptr<float>() == word) m_wordRows = parameter.rows;
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

    void setBf16(bool on)
    {
        m_changed = m_changed || on != m_packed.bf16();
        m_packed.setBf16(on);
        m_name = std::string("native (") + m_kernels.name + (on ? ", bf16)" : ")");
    }

    /// The states, and behind them (when `all`) the states before each layer.
    variable_list compute(Activations& kept, bool all);
    void backward(Activations& kept, const variable_list& grads);
    void giveBack(std::unique_ptr<Activations> kept) { m_free.push_back(std::move(kept)); }

private:
    NativeState state();
    std::unique_ptr<Activations> take(const PackedBatch& batch, const ForwardContext& context,
                                      bool keepLayers);
    void placePositions(Activations& kept) const;
    void prepareRotary(int longest);
    void prepareDistances(Activations& kept) const;
    void reserveScratch(const Activations& kept);

    EncoderConfig m_config;
    ParameterStore& m_store;
    NativeLayout m_layout;
    std::vector<NamedTensor> m_parameters;
    const Kernels& m_kernels;
    PackedWeights m_packed;
    std::string m_name;
    std::unique_ptr<Workers> m_workers;
    std::vector<Arena> m_scratch;
    std::int64_t m_generalScratch = 0;
    Arena m_work;
    std::vector<std::unique_ptr<Activations>> m_free;
    std::vector<float> m_cosines[2], m_sines[2]; ///< rotary angles of everything-attending and local layers
    int m_angles = 0;                            ///< positions that they hold
    std::shared_ptr<TouchedRows>
        m_wordRows;                    ///< rows of the word table that have a gradient; null: not counted
    bool m_changed = true;             ///< a backward pass has run since the weights were packed
    std::uint64_t m_packedVersion = 0; ///< sum of the tensors' counters of torch's own changes
    std::uint64_t m_packedMicroBatch =
        ~std::uint64_t(0);         ///< that the weights were last packed or used for in a training
    bool m_packedBackward = false; ///< the backward panels hold the same weights as the forward ones
};

Ticket::~Ticket()
{
    if (kept) encoder->giveBack(std::move(kept));
}

/// The whole encoder as one node. The first argument only ties it to the graph: gradients of the weights go
/// straight to the store's buffer.
struct NativeNode : torch::autograd::Function<NativeNode>
{
    static variable_list forward(AutogradContext* ctx, const Variable& /*anchor*/, NativeEncoder* encoder,
                                 bool all, c10::intrusive_ptr<Ticket> ticket)
    {
        auto states = encoder->compute(*ticket->kept, all);
        ctx->saved_data["ticket"] = c10::IValue::make_capsule(std::move(ticket));
        return states;
    }

    static variable_list backward(AutogradContext* ctx, const variable_list& grads)
    {
        auto held = ctx->saved_data["ticket"].toCapsule();
        auto& ticket = static_cast<Ticket&>(*held);
        TORCH_CHECK(ticket.kept, "the native encoder's backward pass can run only once for a forward pass");
        ticket.encoder->backward(*ticket.kept, grads);
        ticket.encoder->giveBack(std::move(ticket.kept));
        return {Variable(), Variable(), Variable(), Variable()};
    }
};

NativeState NativeEncoder::state()
{
    NativeState state{m_config, m_kernels, m_layout, m_packed, *m_workers, m_scratch};
    state.values = m_store.flatValues().const_data_ptr<float>();
    // A model that only encodes has no gradient buffer.
    const auto gradients = m_store.flatGradients();
    state.gradients =
        gradients.defined() && gradients.numel() > 0 ? gradients.mutable_data_ptr<float>() : nullptr;
    state.cosines = m_cosines;
    state.sines = m_sines;
    state.generalScratch = m_generalScratch;
    return state;
}

/// Rows of the table of positions. The RoBERTa kind counts from padding's id on, past literal padding tokens,
/// which stand at that id themselves.
void NativeEncoder::placePositions(Activations& kept) const
{
    kept.positions = kept.batch.positions;
    if (m_config.positionOffset == 0) return;
    const auto& batch = kept.batch;
    for (std::int64_t s = 0; s < batch.sequences(); ++s) {
        std::int32_t next = m_config.padTokenId;
        for (auto t = batch.offsets[static_cast<std::size_t>(s)];
             t < batch.offsets[static_cast<std::size_t>(s) + 1]; ++t) {
            const auto i = static_cast<std::size_t>(t);
            kept.positions[i] = batch.ids[i] == m_config.padTokenId ? m_config.padTokenId : ++next;
        }
    }
}

/// Cosines and sines of position · theta^(-2i/d), rounded as torch's own operations on 32-bit floats round
/// them.
void NativeEncoder::prepareRotary(int longest)
{
    if (!m_layout.preNorm || longest <= m_angles) return;
    m_angles = std::max(longest, 128);
    const at::NoGradGuard noGrad;
    const auto headSize = m_config.hiddenSize / m_config.heads;
    const double thetas[2] = {m_config.ropeTheta, m_config.localRopeTheta};
    for (int kind = 0; kind < 2; ++kind) {
        const auto exponents = at::arange(0, headSize, 2, at::kFloat) / static_cast<double>(headSize);
        const auto angles =
            at::arange(m_angles, at::kFloat).unsqueeze(1) * (1.0 / at::pow(thetas[kind], exponents));
        const auto cosines = angles.cos().contiguous(), sines = angles.sin().contiguous();
        m_cosines[kind].assign(cosines.const_data_ptr<float>(),
                               cosines.const_data_ptr<float>() + cosines.numel());
        m_sines[kind].assign(sines.const_data_ptr<float>(), sines.const_data_ptr<float>() + sines.numel());
    }
}

/// MPNet's bias by distance (Raffel et al. 2020, T5): half of the buckets for each direction, exact below a
/// quarter of them, then logarithmic up to a distance of 128. Torch's logarithm decides at the borders, as in
/// the plain encoder.
void NativeEncoder::prepareDistances(Activations& kept) const
{
    kept.distanceStride = 0;
    kept.distanceBias.clear();
    if (m_layout.distance == NativeLayout::kNone) return;
    const at::NoGradGuard noGrad;
    const std::int64_t half = m_config.relativeBuckets / 2, exact = half / 2;
    const auto after = at::arange(1 - kept.longest, kept.longest, at::kLong); // j - i
    const auto distance = after.abs();
    const auto far =
        exact + ((distance.to(at::kFloat) / static_cast<double>(exact)).log() /
                 std::log(128.0 / static_cast<double>(exact)) * static_cast<double>(half - exact))
                    .to(at::kLong);
    const auto buckets =
        ((after > 0).to(at::kLong) * half + at::where(distance < exact, distance, far.clamp_max(half - 1)))
            .contiguous();
    kept.distanceBuckets.assign(buckets.const_data_ptr<std::int64_t>(),
                                buckets.const_data_ptr<std::int64_t>() + buckets.numel());

    const int heads = m_config.heads;
    const float* table = m_store.flatValues().const_data_ptr<float>() + m_layout.distance;
    kept.distanceStride = 2 * kept.distanceZero();
    kept.distanceBias.assign(static_cast<std::size_t>(heads * kept.distanceStride), 0.0f);
    for (int head = 0; head < heads; ++head)
        for (int d = 1 - kept.longest; d < kept.longest; ++d)
            kept.distanceBias[static_cast<std::size_t>(head * kept.distanceStride + kept.distanceZero() +
                                                       d)] =
                table[static_cast<std::int64_t>(
                          kept.distanceBuckets[static_cast<std::size_t>(d + kept.longest - 1)]) *
                          heads +
                      head];
}

void NativeEncoder::reserveScratch(const Activations& kept)
{
    const int threads = std::max(1, at::get_num_threads());
    if (!m_workers || m_workers->count() != threads) {
        m_workers = std::make_unique<Workers>(threads);
        m_scratch.clear();
        m_scratch.resize(static_cast<std::size_t>(threads));
    }
    m_generalScratch = scratchFloats(m_config, m_kernels, kept.longest);
    std::int64_t floats = m_generalScratch;
    if (m_packed.bf16()) floats += bf16ScratchFloats(m_config, m_layout, m_kernels);
    if (kept.layers.empty()) {
        std::int64_t largest = 0;
        for (const auto& slab : kept.slabs)
            largest = std::max<std::int64_t>(largest, slab.tokens());
        floats += LayerSizes(m_config, m_layout).floats(largest);
    }
    for (auto& scratch : m_scratch)
        scratch.reset(floats);
}

std::unique_ptr<Activations> NativeEncoder::take(const PackedBatch& batch, const ForwardContext& context,
                                                 bool keepLayers)
{
    std::unique_ptr<Activations> kept;
    if (m_free.empty()) {
        kept = std::make_unique<Activations>();
    } else {
        kept = std::move(m_free.back());
        m_free.pop_back();
    }
    kept->batch = batch;
    kept->context = context;
    kept->context.layerStates = nullptr;
    kept->longest = 1;
    for (std::int64_t s = 0; s < batch.sequences(); ++s)
        kept->longest = std::max(kept->longest, static_cast<int>(batch.length(s)));
    kept->slabs = slabsOf(batch, kSlabTokens);
    kept->order = largestFirst(kept->slabs, 0, static_cast<int>(kept->slabs.size()));
    placePositions(*kept);
    prepareRotary(kept->longest);
    kept->reserve(m_config, m_layout, keepLayers);
    return kept;
}

/// Weights are packed again for every new micro-batch of a training, and else when they may have changed: an
/// optimizer step follows a backward pass, everything else changes them by torch operations.
variable_list NativeEncoder::compute(Activations& kept, bool all)
{
    auto version = static_cast<std::uint64_t>(m_store.flatValues()._version());
    for (const auto& parameter : m_parameters)
        version += static_cast<std::uint64_t>(parameter.value._version());
    // Losses that embed a micro-batch in parts number them in the step's upper bits: no optimizer comes
    // between the parts.
    const std::uint64_t microBatch = kept.context.step & ((std::uint64_t(1) << 40) - 1);
    const bool laterPart =
        kept.context.training && kept.context.step != microBatch && microBatch == m_packedMicroBatch;
    const bool newStep = kept.context.training && kept.context.chunk == 0;
    const bool repack = version != m_packedVersion || (!laterPart && (newStep || m_changed));
    if (repack) m_packedBackward = false;
    m_changed = false;
    m_packedVersion = version;
    m_packedMicroBatch = kept.context.training ? microBatch : ~std::uint64_t(0);
    reserveScratch(kept);
    prepareDistances(kept);
    variable_list states{at::empty({kept.batch.tokens(), m_config.hiddenSize}, at::kFloat)};
    std::vector<float*> layerStates;
    at::Tensor last; // equal to the states
    if (all) {
        for (int i = 0; i < m_config.layers; ++i)
            states.push_back(at::empty_like(states[0]));
        for (std::size_t i = 1; i < states.size(); ++i)
            layerStates.push_back(states[i].mutable_data_ptr<float>());
        last = at::empty_like(states[0]);
        layerStates.push_back(last.mutable_data_ptr<float>());
    }
    nativeForward(state(), kept, states[0].mutable_data_ptr<float>(), layerStates, repack);
    return states;
}

void NativeEncoder::backward(Activations& kept, const variable_list& grads)
{
    m_changed = true;
    m_packed.reserveBackward();
    reserveScratch(kept);
    variable_list held;
    const auto pointer = [&](const Variable& grad) -> const float* {
        if (!grad.defined()) return nullptr;
        held.push_back(grad.contiguous());
        return held.back().const_data_ptr<float>();
    };
    const float* states = pointer(grads[0]);
    std::vector<const float*> layerGrads;
    for (std::size_t i = 1; i < grads.size(); ++i)
        layerGrads.push_back(pointer(grads[i]));
    nativeBackward(state(), kept, states, layerGrads, m_work, !m_packedBackward);
    m_packedBackward = true;
    if (m_wordRows)
        for (const auto id : kept.batch.ids)
            m_wordRows->mark(id);
}

at::Tensor NativeEncoder::forward(const PackedBatch& batch, const ForwardContext& context)
{
    for (const auto id : batch.ids)
        TORCH_CHECK(id >= 0 && id < m_config.vocabSize, "token id ", id, " is outside the vocabulary of ",
                    m_config.vocabSize);
    if (m_config.absolutePositions)
        for (const auto position : batch.positions)
            TORCH_CHECK(position < m_config.usablePositions(), "a text is longer than the model's ",
                        m_config.usablePositions(), " positions");
    if (batch.tokens() == 0) return at::zeros({0, m_config.hiddenSize}, at::kFloat);

    const bool all = context.layerStates != nullptr;
    variable_list states;
    if (at::GradMode::is_enabled()) {
        auto ticket = c10::make_intrusive<Ticket>(*this, take(batch, context, true));
        states = NativeNode::apply(m_parameters.front().value, this, all, std::move(ticket));
    } else {
        auto kept = take(batch, context, false);
        states = compute(*kept, all);
        giveBack(std::move(kept));
    }
    if (all) {
        context.layerStates->assign(states.begin() + 1, states.end());
        context.layerStates->push_back(states[0]);
    }
    return states[0];
}

Error unsupported(const std::string& what)
{
    return {ErrorCode::Unsupported, "The fast CPU encoder cannot run this model: " + what + ".", {}};
}

} // namespace

Result<std::unique_ptr<Encoder>> makeNativeEncoder(const EncoderConfig& config,
                                                   const std::vector<NamedTensor>& parameters,
                                                   ParameterStore& store, const NativeOptions& options)
{
    if (store.device() != at::kCPU) return unsupported("it runs on the CPU only");
    if (store.dtype() != at::kFloat) return unsupported("it computes in 32-bit floats only");
    auto layout = NativeLayout::find(parameters, store, config);
    if (!layout) return unsupported(layout.error().message);
    if (config.hiddenAct != "gelu")
        return unsupported("the activation " + config.hiddenAct + " is not exact GELU");
    if (config.embeddingSize > 0 && config.embeddingSize != config.hiddenSize)
        return unsupported("its embeddings are narrower than its layers");
    if (config.heads <= 0 || config.hiddenSize % config.heads != 0 ||
        config.hiddenSize / config.heads % 8 != 0)
        return unsupported("heads of " + std::to_string(config.heads ? config.hiddenSize / config.heads : 0) +
                           " are no multiple of 8");
    const int panel = kernels().panelWidth;
    if (config.hiddenSize % panel != 0 || config.intermediateSize % panel != 0)
        return unsupported("its widths are no multiples of " + std::to_string(panel));
    auto encoder = std::make_unique<NativeEncoder>(config, store, *layout, parameters);
    encoder->setBf16(options.bf16);
    return std::unique_ptr<Encoder>(std::move(encoder));
}

bool setNativeBf16(Encoder& encoder, bool on)
{
    auto* native = dynamic_cast<NativeEncoder*>(&encoder);
    if (native) native->setBf16(on);
    return native != nullptr;
}

void registerNativeEncoder()
{
    setNativeEncoderMaker([](const EncoderConfig& config, const std::vector<NamedTensor>& parameters,
                             ParameterStore& store) { return makeNativeEncoder(config, parameters, store); },
                          setNativeBf16);
}

} // namespace studio
