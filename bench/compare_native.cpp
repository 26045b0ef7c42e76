// bench_compare: our side of bench/compare.py. Reads one command a line (JSON) from standard input and
// answers with one line of JSON: {"do": "model" | "batches" | "steps" | "encode" | "cached" | "optimizer" |
// "peak" | "memory", …}. A step is what the trainer does: forward of all columns in one pack,
// MultipleNegativesRankingLoss, backward, norm and clip, AdamW, gradients to zero.

#include "engine/loss/embeddingmodel.h"
#include "engine/loss/loss.h"
#include "engine/model/configreader.h"
#include "engine/model/layers.h"
#include "engine/model/parameterstore.h"
#include "engine/model/pooling.h"
#include "engine/model/sentencemodel_p.h"
#include "engine/model/torchencoder.h"
#include "engine/native/nativeencoder.h"
#include "engine/optim/optimizer.h"

#include "peak.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <unistd.h>

namespace studio::bench {
namespace {

double now()
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// MiB of a line of /proc/self/status ("VmHWM:").
double statusMib(const std::string& key)
{
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == key) {
            double kib = 0;
            status >> kib;
            return kib / 1024;
        }
    return 0;
}

[[noreturn]] void fail(const std::string& why)
{
    std::cout << Json{{"error", why}}.dump() << std::endl;
    std::exit(1);
}

/// An encoder of a given shape with random weights, mean pooling behind it.
class Model : public EmbeddingModel
{
public:
    Model(Json config, bool native, const NativeOptions& options, const at::Device& device)
        : m_store(at::kFloat, device), m_pooling(config.value("hidden_size", 0), {PoolingMode::Mean})
    {
        ConfigReader reader(config, "config.json");
        ParameterBuilder builder(m_store, "0.model.", [](const std::string&) { return false; });
        const auto* family = familyOf(config.value("model_type", ""));
        if (!family) fail("unknown model_type");
        m_torch = family->make(reader, builder);
        if (!reader.ok()) fail("the shape is not usable");
        m_store.allocate();
        m_torch->adopt(builder.registered(), m_store);
        at::manual_seed(1);
        {
            const at::NoGradGuard noGrad;
            for (const auto& parameter : m_torch->parameters()) {
                auto value = parameter.value;
                const bool norm = value.dim() == 1 && parameter.name.find("orm.weight") != std::string::npos;
                norm ? value.fill_(1) : value.normal_(0, 0.02);
            }
        }
        if (!device.is_cpu()) {
            if (options.bf16) m_autocast = at::kBFloat16;
        } else if (native) {
            auto made = makeNativeEncoder(m_torch->config(), m_torch->parameters(), m_store, options);
            if (!made) fail(made.error().text());
            m_native = std::move(*made);
        }
    }

    Encoder& encoder() { return m_native ? *m_native : static_cast<Encoder&>(*m_torch); }
    ParameterStore& store() { return m_store; }

    at::Tensor embed(const PackedBatch& batch, const ForwardContext& context) override
    {
        const AutocastScope autocast(m_autocast, m_store.device().type());
        return m_pooling(encoder().forward(batch, context), batch).to(at::kFloat);
    }
    std::vector<at::Tensor> embedLayers(const PackedBatch&, const ForwardContext&) override { return {}; }
    std::unique_ptr<EmbeddingModel> clone() override { return nullptr; }
    std::vector<NamedTensor> parameters() override { return m_store.parameters(); }

private:
    ParameterStore m_store;
    TorchEncoderPtr m_torch;
    std::unique_ptr<Encoder> m_native;
    Pooling m_pooling;
    std::optional<at::ScalarType> m_autocast; ///< on a GPU; the native encoder's bf16 is its own
};

/// Batches of two columns of token ids, [step][column][row][token].
using Batches = std::vector<PackedBatch>;

class Bench
{
public:
    Json answer(const Json& command);

private:
    Json model(const Json& command);
    Json batches(const std::string& file);
    Json steps(int count);
    Json encode(int count);
    Json optimizer(int count);
    void step();
    void update();

    void wait() const;

    std::unique_ptr<Model> m_model;
    std::unique_ptr<Loss> m_loss;
    std::unique_ptr<Optimizer> m_optimizer;
    Batches m_batches;
    std::uint64_t m_step = 0;
};

Json Bench::model(const Json& command)
{
    m_model.reset();
    NativeOptions options;
    options.bf16 = command.value("bf16", false);
    m_model = std::make_unique<Model>(command.at("config"), command.value("encoder", "native") == "native",
                                      options, at::Device(command.value("device", "cpu")));
    const double dropout = command.value("dropout", 0.0);
    m_model->encoder().setDropout(dropout, dropout);

    LossSpec spec;
    spec.type = command.value("loss", "MultipleNegativesRankingLoss");
    spec.options = command.value("loss_options", Json::object());
    LossContext context;
    context.embeddingDimension = m_model->encoder().config().hiddenSize;
    auto loss = makeLoss(spec, context);
    if (!loss) fail(loss.error().text());
    m_loss = std::move(*loss);

    auto groups = makeParamGroups(m_model->parameters(), {2e-5, command.value("weight_decay", 0.0), {}});
    if (!groups) fail(groups.error().text());
    OptimizerSettings settings;
    settings.name = "adamw_torch_fused";
    auto optimizer = makeOptimizer(settings, std::move(*groups));
    if (!optimizer) fail(optimizer.error().text());
    m_optimizer = std::move(*optimizer);
    return {{"encoder", m_model->encoder().implementation()}, {"parameters", m_model->store().valueCount()}};
}

Json Bench::batches(const std::string& file)
{
    std::ifstream in(file);
    const auto json = Json::parse(in);
    m_batches.clear();
    std::int64_t tokens = 0;
    for (const auto& columns : json) {
        PackedBatch pack;
        int column = 0;
        for (const auto& rows : columns) {
            int row = 0;
            for (const auto& ids : rows)
                pack.append(ids.get<std::vector<std::int32_t>>(), column, row++);
            ++column;
        }
        tokens += pack.tokens();
        m_batches.push_back(std::move(pack));
    }
    return {{"steps", m_batches.size()}, {"tokens", tokens}};
}

void Bench::update()
{
    const double norm = gradNorm(m_optimizer->groups());
    m_optimizer->step(m_optimizer->baseRates(), clipCoefficient(norm, 1.0));
    m_model->store().zeroGrad();
}

void Bench::step()
{
    LossBatch batch;
    batch.pack = m_batches[m_step % m_batches.size()];
    batch.columns = 2;
    batch.rows = batch.pack.sequences() / 2;
    batch.context.training = true;
    batch.context.step = m_step++;
    auto loss = m_loss->run(*m_model, batch);
    if (!loss) fail(loss.error().text());
    loss->backward();
    if (!std::isfinite(loss->item<double>())) fail("the loss is not finite");
    update();
}

/// A GPU works on after its calls have returned.
void Bench::wait() const
{
    const auto device = m_model->store().device();
    if (device.is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device.has_index() ? device.index() : 0);
}

Json Bench::steps(int count)
{
    std::vector<double> ms;
    for (int i = 0; i < count; ++i) {
        const double start = now();
        step();
        wait();
        ms.push_back(now() - start);
    }
    return {{"ms", ms}};
}

/// Embeds the texts of all batches, packed by tokens and sorted by length as SentenceModel::encode does.
Json Bench::encode(int count)
{
    const at::NoGradGuard noGrad;
    std::vector<std::vector<std::int32_t>> texts;
    for (const auto& pack : m_batches)
        for (std::int64_t s = 0; s < pack.sequences(); ++s)
            texts.emplace_back(pack.ids.begin() + pack.offsets[s], pack.ids.begin() + pack.offsets[s + 1]);
    std::stable_sort(texts.begin(), texts.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    std::vector<double> ms;
    for (int i = 0; i < count; ++i) {
        const double start = now();
        for (std::size_t at = 0; at < texts.size();) {
            PackedBatch pack;
            do
                pack.append(texts[at], 0, static_cast<int>(at));
            while (++at < texts.size() &&
                   pack.tokens() + static_cast<std::int64_t>(texts[at].size()) <= 8192);
            m_model->embed(pack, {});
        }
        wait();
        ms.push_back(now() - start);
    }
    return {{"ms", ms}, {"texts", texts.size()}};
}

/// Norm, clip, update and gradients to zero alone; the gradients are those of a real step, given again each
/// time.
Json Bench::optimizer(int count)
{
    std::vector<double> ms;
    for (int i = 0; i < count; ++i) {
        LossBatch batch;
        batch.pack = m_batches[m_step % m_batches.size()];
        batch.columns = 2;
        batch.rows = batch.pack.sequences() / 2;
        batch.context.step = m_step++;
        auto loss = m_loss->run(*m_model, batch);
        if (!loss) fail(loss.error().text());
        loss->backward();
        wait();
        const double start = now();
        update();
        wait();
        ms.push_back(now() - start);
    }
    return {{"ms", ms}};
}

Json Bench::answer(const Json& command)
{
    const auto what = command.value("do", "");
    if (what == "model") return model(command);
    if (what == "batches") return batches(command.at("file"));
    if (what == "steps") return steps(command.value("count", 1));
    if (what == "encode") return encode(command.value("count", 1));
    if (what == "optimizer") return optimizer(command.value("count", 1));
    if (what == "peak")
        return {{"gflops", fmaPeak(at::get_num_threads())},
                {"read_gbs", readBandwidth(at::get_num_threads())}};
    if (what == "memory" && m_model && m_model->store().device().is_cuda()) {
        const auto stats = at::getDeviceAllocator(at::kCUDA)->getDeviceStats(0);
        const auto& allocated = stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
        return {{"peak_mib", allocated.peak / 1048576.0}, {"now_mib", allocated.current / 1048576.0}};
    }
    if (what == "memory") return {{"peak_mib", statusMib("VmHWM:")}, {"now_mib", statusMib("VmRSS:")}};
    fail("unknown command");
}

} // namespace
} // namespace studio::bench

int main(int argc, char** argv)
{
    // As the programs do before they load the engine (core/engineloader.cpp); here torch is linked, so start
    // again.
    if (!std::getenv("OMP_WAIT_POLICY")) {
        setenv("OMP_WAIT_POLICY", "passive", 1);
        execv("/proc/self/exe", argv);
    }
    at::set_num_threads(argc > 1 ? std::atoi(argv[1]) : 2);
    studio::bench::Bench bench;
    for (std::string line; std::getline(std::cin, line);)
        std::cout << bench.answer(studio::Json::parse(line)).dump() << std::endl;
}
