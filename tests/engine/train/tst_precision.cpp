#include "core/arguments/argumentfields.h"
#include "engine/loss/embeddingmodel.h"
#include "engine/loss/sentenceembedding.h"
#include "engine/model/parameterstore.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/memorymetrics.h"
#include "engine/train/precision.h"
#include "engine/train/recompute.h"
#include "tinyrun.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/CPUAllocator.h>

#include <QTest>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <tuple>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;

/// Precision, memory and noise: what the arguments about them do.
class TestPrecision : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void bf16RunsUnderAutocast();
    void fp16IsRefusedOnTheCpu();
    void tf32IsSwitchedForTheRun();
    void fullDeterminismIsSwitchedForTheRun();
    void neftuneAddsNoiseWhileTraining();
    void neftuneNoiseHasItsSize();
    void checkpointingGivesTheSameGradients();
    void checkpointingKeepsNoActivations();
    void checkpointingTakesLessMemory();
    void batchSizeIsFound();
    void foundBatchSizeIsKept();
    void outOfMemoryIsNamed();
    void emptyCacheGivesMemoryBack();
};

namespace {

Json environmentOf(const TrainOutcome& outcome)
{
    return Json::parse(readFile(outcome.runDir / "environment.json"));
}

} // namespace

void TestPrecision::bf16RunsUnderAutocast()
{
    TinyRun full, half;
    for (auto* tiny : {&full, &half}) {
        tiny->experiment.model.dropout = 0;
        tiny->addEvaluation();
        tiny->experiment.arguments.evalStrategy = IntervalStrategy::Epoch;
        tiny->experiment.arguments.numTrainEpochs = Number(3.0);
    }
    half.experiment.arguments.bf16 = true;
    const auto a = full.run();
    const auto b = half.run();
    QVERIFY2(b.end == RunEnd::Completed, b.error.text().c_str());
    QCOMPARE(environmentOf(a)["precision"].get<std::string>(), std::string("float32"));
    QCOMPARE(environmentOf(b)["precision"].get<std::string>(), std::string("bfloat16 autocast"));
    QCOMPARE(environmentOf(b)["encoder"].get<std::string>(), std::string("torch"));
    // Eight bits of mantissa: near, and not the same.
    bool differs = false;
    for (std::size_t i = 0; i < full.told.steps.size(); ++i) {
        differs |= full.told.steps[i].loss != half.told.steps[i].loss;
        QVERIFY(std::abs(full.told.steps[i].loss - half.told.steps[i].loss) < 0.05);
    }
    QVERIFY(differs);
    // Weights stay in 32 bits.
    QCOMPARE(fs::file_size(b.finalModel / "model.safetensors"),
             fs::file_size(a.finalModel / "model.safetensors"));
}

void TestPrecision::fp16IsRefusedOnTheCpu()
{
    TinyRun tiny;
    tiny.experiment.arguments.fp16 = true;
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QVERIFY2(outcome.error.text().find("fp16") != std::string::npos, outcome.error.text().c_str());
}

void TestPrecision::tf32IsSwitchedForTheRun()
{
    const bool before = at::globalContext().allowTF32CuDNN();
    TinyRun tiny;
    tiny.experiment.arguments.tf32 = false;
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QCOMPARE(environmentOf(outcome)["tf32"].get<bool>(), false);
    QCOMPARE(at::globalContext().allowTF32CuDNN(), before);
    tiny.experiment.arguments.tf32 = true; // only with a GPU that has it
    const auto refused = tiny.run();
    if (refused.end == RunEnd::Failed)
        QVERIFY(refused.error.text().find("tf32") != std::string::npos);
    else
        QCOMPARE(environmentOf(refused)["tf32"].get<bool>(), true);
}

void TestPrecision::fullDeterminismIsSwitchedForTheRun()
{
    TinyRun tiny;
    tiny.experiment.arguments.fullDeterminism = true;
    bool during = false;
    tiny.told.stepHook = [&](const StepRecord&) { during = at::globalContext().deterministicAlgorithms(); };
    QCOMPARE(tiny.run().end, RunEnd::Completed);
    QVERIFY(during);
    QVERIFY(!at::globalContext().deterministicAlgorithms());
}

void TestPrecision::neftuneAddsNoiseWhileTraining()
{
    std::vector<double> losses[3];
    std::vector<double> evaluations[3];
    const double alphas[3] = {0, 1e-9, 10};
    for (int i = 0; i < 3; ++i) {
        TinyRun tiny;
        tiny.experiment.model.dropout = 0;
        tiny.addEvaluation();
        tiny.experiment.arguments.evalOnStart = true;
        tiny.experiment.arguments.evalStrategy = IntervalStrategy::Epoch;
        if (alphas[i] > 0) tiny.experiment.arguments.neftuneNoiseAlpha = Number(alphas[i]);
        const auto outcome = tiny.run();
        QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
        for (const auto& step : tiny.told.steps)
            losses[i].push_back(step.loss);
        for (const auto& event : tiny.told.of(EventKind::Evaluation))
            evaluations[i].push_back(tiny.told.value(event, "eval_loss"));
    }
    QVERIFY(std::abs(losses[0][0] - losses[1][0]) < 1e-6);
    QVERIFY(std::abs(losses[0][0] - losses[2][0]) > 1e-4);
    // Evaluations are without noise.
    QVERIFY(std::abs(evaluations[0][0] - evaluations[2][0]) < 1e-6);
}

/// Uniform in ±alpha/√(L·D), L being the longest text of the column. Qwen3's first states are the word
/// embeddings.
void TestPrecision::neftuneNoiseHasItsSize()
{
    auto model = SentenceModel::load(fixture("model/tiny/qwen3"));
    QVERIFY2(model.ok(), model ? "" : model.error().text().c_str());
    (*model)->setDropout(0, 0);
    PackedBatch batch;
    const std::vector<std::int32_t> longText{5, 6, 7, 8, 9, 10, 11, 12, 13}, shortText{5, 6, 7};
    batch.append(longText, 0, 0);
    batch.append(shortText, 0, 1);
    batch.append(shortText, 1, 0);
    const at::NoGradGuard noGrad;
    const auto first = [&](double noise, std::uint64_t step) {
        std::vector<at::Tensor> states;
        ForwardContext context;
        context.training = true;
        context.noise = noise;
        context.step = step;
        context.layerStates = &states;
        (*model)->tokenStates(batch, context);
        return states.front();
    };
    const double alpha = 5;
    const auto plain = first(0, 1);
    const auto dim = static_cast<double>(plain.size(1));
    const auto noise = (first(alpha, 1) - plain).abs();
    const auto bound = [&](double length) { return alpha / std::sqrt(length * dim); };
    const auto most = [&](std::int64_t from, std::int64_t to) {
        return noise.slice(0, from, to).max().item<double>();
    };
    // The first column's texts, long and short, share the bound of nine tokens; the second column's has
    // three.
    for (const auto& [from, to, length] : {std::tuple{0, 9, 9.0}, {9, 12, 9.0}, {12, 15, 3.0}}) {
        QVERIFY(most(from, to) <= bound(length) * 1.0001);
        QVERIFY(most(from, to) > bound(length) * 0.8);
    }
    QVERIFY(at::equal(first(alpha, 1), first(alpha, 1)));
    QVERIFY(!at::equal(first(alpha, 1), first(alpha, 2)));
}

void TestPrecision::checkpointingGivesTheSameGradients()
{
    TinyRun plain(192), saving(192);
    for (auto* tiny : {&plain, &saving}) {
        tiny->experiment.model.dropout = 0;
        tiny->experiment.arguments.perDeviceTrainBatchSize = 64;
        tiny->experiment.arguments.numTrainEpochs = Number(2.0);
    }
    saving.experiment.arguments.gradientCheckpointing = true;
    saving.experiment.arguments.gradientCheckpointingKwargs = Json::parse(R"({"use_reentrant": false})");
    QCOMPARE(plain.run().end, RunEnd::Completed);
    const auto outcome = saving.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QCOMPARE(environmentOf(outcome)["gradient_checkpointing"].get<bool>(), true);
    QCOMPARE(plain.told.steps.size(), std::size_t(6));
    for (std::size_t i = 0; i < 6; ++i) {
        QVERIFY(std::abs(plain.told.steps[i].loss - saving.told.steps[i].loss) < 1e-5);
        QVERIFY(std::abs(plain.told.steps[i].gradNorm / saving.told.steps[i].gradNorm - 1) < 1e-3);
    }
}

/// The model is asked without gradient first, and part by part with gradient in the backward pass.
void TestPrecision::checkpointingKeepsNoActivations()
{
    struct Counting : EmbeddingModel
    {
        at::Tensor weight = at::ones({4}).requires_grad_(true);
        int without = 0, with = 0;
        std::int64_t mostTokens = 0;

        at::Tensor embed(const PackedBatch& batch, const ForwardContext&) override
        {
            (at::GradMode::is_enabled() ? with : without) += 1;
            if (at::GradMode::is_enabled()) mostTokens = std::max(mostTokens, batch.tokens());
            auto sums = at::zeros({batch.sequences(), 1});
            for (std::int64_t s = 0; s < batch.sequences(); ++s)
                sums[s][0] = batch.ids[static_cast<std::size_t>(batch.offsets[static_cast<std::size_t>(s)])];
            return sums * weight;
        }
        std::vector<at::Tensor> embedLayers(const PackedBatch&, const ForwardContext&) override { return {}; }
        std::unique_ptr<EmbeddingModel> clone() override { return nullptr; }
        std::vector<NamedTensor> parameters() override { return {{"weight", weight}}; }
    };
    auto owned = std::make_unique<Counting>();
    auto* model = owned.get();
    const auto view = recomputing(std::move(owned));
    PackedBatch batch;
    for (int row = 0; row < 40; ++row)
        batch.append(std::vector<std::int32_t>(100, row + 1), 0, row);
    const auto embeddings = view->embed(batch, {});
    QCOMPARE(model->without, 8);
    QCOMPARE(model->with, 0);
    QVERIFY(embeddings.requires_grad());
    (embeddings * at::arange(40).unsqueeze(1)).sum().backward();
    QCOMPARE(model->with, 8);
    QCOMPARE(model->mostTokens, std::int64_t(500));
    double expected = 0;
    for (int row = 0; row < 40; ++row)
        expected += row * (row + 1.0);
    QVERIFY(at::equal(model->weight.grad(), at::full({4}, expected)));
}

namespace {

/// Torch's allocator for the CPU, which tells the most bytes that tensors held at once. Some blocks outlive the
/// measurement, so it is never taken away.
class PeakAllocator : public c10::Allocator
{
public:
    static PeakAllocator& install()
    {
        static auto* allocator = new PeakAllocator(c10::GetCPUAllocator());
        c10::SetCPUAllocator(allocator, 100);
        return *allocator;
    }
    c10::DataPtr allocate(std::size_t bytes) override
    {
        auto data = m_next->allocate(bytes);
        void* const place = data.get();
        if (!place) return data;
        const std::lock_guard lock(m_mutex);
        m_blocks.insert_or_assign(place, std::pair(std::move(data), bytes));
        m_held += static_cast<std::int64_t>(bytes);
        m_peak = std::max(m_peak, m_held);
        return {place, place, release, c10::Device(c10::kCPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return release; }
    void copy_data(void* to, const void* from, std::size_t bytes) const override { std::memcpy(to, from, bytes); }

    void begin() { m_before = m_peak = m_held; }
    std::int64_t peak() const { return m_peak - m_before; }

private:
    explicit PeakAllocator(c10::Allocator* next) : m_next(next) {}
    static void release(void* place)
    {
        auto& self = install();
        const std::lock_guard lock(self.m_mutex);
        const auto found = self.m_blocks.find(place);
        if (found == self.m_blocks.end()) return self.m_next->raw_deallocate(place); // from before
        self.m_held -= static_cast<std::int64_t>(found->second.second);
        self.m_blocks.erase(found);
    }

    c10::Allocator* m_next;
    std::mutex m_mutex;
    std::map<void*, std::pair<c10::DataPtr, std::size_t>> m_blocks;
    std::int64_t m_held = 0, m_peak = 0, m_before = 0;
};

} // namespace

/// gradient_checkpointing: a step holds the activations of one part of the batch at a time.
void TestPrecision::checkpointingTakesLessMemory()
{
    LoadOptions options;
    options.encoder = EncoderChoice::Torch;
    auto model = SentenceModel::load(fixture("model/tiny/bert"), options);
    QVERIFY(model.ok());
    const at::AutoGradMode withGradient(true);
    PackedBatch batch;
    for (int row = 0; row < 128; ++row)
        batch.append(std::vector<std::int32_t>(30, 5 + row % 90), 0, row);
    std::int64_t peaks[2] = {};
    for (const bool gradientCheckpointing : {false, true}) {
        TrainingArguments arguments;
        arguments.gradientCheckpointing = gradientCheckpointing;
        const auto view = trainingView(sentenceEmbeddingModel(**model), arguments);
        (*model)->zeroGrad();
        auto& memory = PeakAllocator::install();
        memory.begin();
        view->embed(batch, {}).sum().backward();
        peaks[gradientCheckpointing] = memory.peak();
    }
    qInfo("peak of a step: %lld kB, with checkpointing %lld kB", static_cast<long long>(peaks[0] / 1024),
          static_cast<long long>(peaks[1] / 1024));
    QVERIFY(peaks[1] < peaks[0] / 3);
}

void TestPrecision::batchSizeIsFound()
{
    TinyRun tiny;
    auto& arguments = tiny.experiment.arguments;
    arguments.perDeviceTrainBatchSize = 8;
    arguments.autoFindBatchSize = true;
    arguments.saveStrategy = SaveStrategy::Steps;
    arguments.saveSteps = Number(1);
    // Too large from the second step on: what the first attempt saved is not of the run that is found.
    tiny.hooks.beforeStep = [](std::int64_t step, std::int64_t batch) {
        if (batch > 2 && step == 2) throw std::bad_alloc();
    };
    const auto outcome = tiny.run();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QVERIFY(tiny.told.found("batches of 4 rows") && tiny.told.found("batches of 2 rows"));
    QCOMPARE(tiny.told.steps.back().step, std::int64_t(12));
    QCOMPARE(tiny.told.steps.back().samples, std::int64_t(2));
    QCOMPARE(environmentOf(outcome)["batch_size"].get<int>(), 2);

    TinyRun direct;
    direct.experiment.arguments.perDeviceTrainBatchSize = 2;
    const auto expected = direct.run();
    QCOMPARE(readFile(outcome.finalModel / "model.safetensors"),
             readFile(expected.finalModel / "model.safetensors"));
}

/// auto_find_batch_size: a run that goes on keeps the size that was found, and is never begun anew.
void TestPrecision::foundBatchSizeIsKept()
{
    TinyRun tiny;
    auto& arguments = tiny.experiment.arguments;
    arguments.perDeviceTrainBatchSize = 8;
    arguments.autoFindBatchSize = true;
    arguments.saveStrategy = SaveStrategy::Steps;
    arguments.saveSteps = Number(4);
    std::int64_t tooLarge = 3;
    tiny.hooks.beforeStep = [&](std::int64_t step, std::int64_t batch) {
        if (batch >= tooLarge) throw std::bad_alloc();
        if (step == 6) tiny.control.requestStop();
    };
    const auto stopped = tiny.run();
    QVERIFY2(stopped.end == RunEnd::Stopped, stopped.error.text().c_str());
    QVERIFY(tiny.told.found("batches of 2 rows"));

    // Memory became scarcer: nothing is thrown away.
    tooLarge = 2;
    tiny.request.resume = true;
    const auto again = [&tiny] {
        RunControl control;
        tiny.told.events.clear();
        return trainExperiment(tiny.request, tiny.told, control, tiny.hooks);
    };
    const auto checkpoints = tiny.checkpoints();
    const auto failed = again();
    QCOMPARE(failed.end, RunEnd::Failed);
    QVERIFY2(failed.error.message.find("batches of 2 rows") != std::string::npos, failed.error.message.c_str());
    QCOMPARE(tiny.checkpoints(), checkpoints);
    QVERIFY(!checkpoints.empty());

    tiny.hooks.beforeStep = [](std::int64_t, std::int64_t batch) {
        if (batch > 2) throw std::bad_alloc();
    };
    const auto outcome = again();
    QVERIFY2(outcome.end == RunEnd::Completed, outcome.error.text().c_str());
    QVERIFY(tiny.told.found("Batches have 2 rows") && !tiny.told.found("not enough memory"));
    TinyRun direct;
    direct.experiment.arguments.perDeviceTrainBatchSize = 2;
    QCOMPARE(readFile(outcome.finalModel / "model.safetensors"),
             readFile(direct.run().finalModel / "model.safetensors"));
}

void TestPrecision::outOfMemoryIsNamed()
{
    TinyRun tiny;
    tiny.hooks.beforeStep = [](std::int64_t, std::int64_t) { throw std::bad_alloc(); };
    const auto outcome = tiny.run();
    QCOMPARE(outcome.end, RunEnd::Failed);
    QCOMPARE(outcome.error.code, ErrorCode::OutOfMemory);
    QVERIFY(outcome.error.text().find("smaller batch") != std::string::npos);
}

/// Freed memory that the C library keeps is given back with torch_empty_cache_steps, and kept without.
void TestPrecision::emptyCacheGivesMemoryBack()
{
    std::int64_t kept[2] = {};
    for (int i = 0; i < 2; ++i) {
        TinyRun tiny;
        if (i == 1) tiny.experiment.arguments.torchEmptyCacheSteps = 1;
        std::vector<void*> blocks;
        std::int64_t before = 0;
        tiny.told.stepHook = [&](const StepRecord& record) {
            if (record.step == 2) {
                before = memoryUse().resident;
                for (int block = 0; block < 96 * 1024; ++block) {
                    blocks.push_back(std::malloc(1000));
                    std::memset(blocks.back(), 1, 1000);
                }
                // The last one stays: behind it nothing is given back by itself.
                for (std::size_t block = 0; block + 1 < blocks.size(); ++block)
                    std::free(blocks[block]);
            }
            if (record.step == 3) kept[i] = memoryUse().resident - before;
        };
        QCOMPARE(tiny.run().end, RunEnd::Completed);
        std::free(blocks.back());
    }
    qInfo("kept without %lld kB, with %lld kB", static_cast<long long>(kept[0] / 1024),
          static_cast<long long>(kept[1] / 1024));
    QVERIFY(kept[1] < kept[0] / 2);
}

QTEST_GUILESS_MAIN(TestPrecision)
#include "tst_precision.moc"
