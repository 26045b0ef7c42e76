#include "engine/train/checkpoint.h"

#include "core/files/jsontext.h"
#include "engine/model/parameterstore.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/pythoncheckpoint.h"
#include "engine/train/runcard.h"
#include "engine/train/storedhead.h"
#include "engine/train/threads.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>

namespace studio {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOptimizerFile = "resume/optimizer.safetensors";
constexpr const char* kLossFile = kResumeLossFile;
constexpr const char* kStateFile = "resume/state.json";

/// Training computes in 32 bits, so that is what it saves, whatever the model was read from.
SaveOptions trainedWeights(std::string modelCard)
{
    SaveOptions options;
    options.precision = SavePrecision::Float32;
    options.modelCard = std::move(modelCard);
    return options;
}

Error noCheckpoint(const fs::path& folder, const std::string& why)
{
    return {ErrorCode::Malformed,
            folder.string() + " is not a checkpoint to go on from: " + why + ". Choose another one.",
            folder.string()};
}

/// Feeds a ModelFile into an AtomicFolder.
Status addFile(AtomicFolder& target, const ModelFile& file)
{
    auto created = target.create(file.relativePath, file.size);
    if (!created) return created.error();
    AtomicFolder::File out = std::move(*created);
    if (auto status = file.write(out); !status) return status;
    return out.close();
}

TensorToWrite tensorToWrite(const NamedTensor& named)
{
    const auto tensor = named.value.detach().to(at::kCPU).contiguous();
    TensorToWrite out;
    out.name = named.name;
    switch (tensor.scalar_type()) {
    case at::kDouble:
        out.type = TensorType::F64;
        break;
    case at::kLong:
        out.type = TensorType::I64;
        break;
    case at::kInt:
        out.type = TensorType::I32;
        break;
    case at::kByte:
        out.type = TensorType::U8;
        break;
    case at::kChar:
        out.type = TensorType::I8;
        break;
    case at::kBFloat16:
        out.type = TensorType::BF16;
        break;
    case at::kHalf:
        out.type = TensorType::F16;
        break;
    case at::kBool:
        out.type = TensorType::Bool;
        break;
    default:
        out.type = TensorType::F32;
        break;
    }
    out.shape = tensor.sizes().vec();
    out.write = [tensor](ByteSink& sink) {
        return sink.write(
            {static_cast<const char*>(tensor.const_data_ptr()), static_cast<std::size_t>(tensor.nbytes())});
    };
    return out;
}

Result<ModelFile> tensorsFile(const char* path, const std::vector<NamedTensor>& tensors,
                              const std::vector<std::pair<std::string, std::string>>& metadata = {{"format", "pt"}})
{
    std::vector<TensorToWrite> out;
    for (const auto& tensor : tensors)
        out.push_back(tensorToWrite(tensor));
    return safetensorsFile(path, std::move(out), metadata);
}

at::ScalarType scalarType(TensorType type)
{
    switch (type) {
    case TensorType::F64:
        return at::kDouble;
    case TensorType::I64:
        return at::kLong;
    case TensorType::I32:
        return at::kInt;
    case TensorType::U8:
        return at::kByte;
    case TensorType::I8:
        return at::kChar;
    case TensorType::BF16:
        return at::kBFloat16;
    case TensorType::F16:
        return at::kHalf;
    case TensorType::Bool:
        return at::kBool;
    default:
        return at::kFloat;
    }
}

Result<std::vector<NamedTensor>> readTensors(const fs::path& file)
{
    auto stored = SafetensorsFile::open(file);
    if (!stored) return stored.error();
    std::vector<NamedTensor> tensors;
    for (const auto& tensor : (*stored)->tensors()) {
        auto value = at::empty(tensor.shape, scalarType(tensor.type));
        std::memcpy(value.mutable_data_ptr(), tensor.bytes.data(), tensor.bytes.size());
        tensors.push_back({tensor.name, value});
    }
    return tensors;
}

/// Parameters of all losses, told apart by the loss's number.
std::vector<NamedTensor> lossTensors(const RunParts& parts)
{
    std::vector<NamedTensor> tensors;
    for (std::size_t i = 0; i < parts.losses.size(); ++i)
        for (auto parameter : parts.losses[i]->parameters()) {
            parameter.name = std::to_string(i) + "." + parameter.name;
            tensors.push_back(parameter);
        }
    return tensors;
}

/// Numbers that JSON does not have are texts.
Json number(double value)
{
    return std::isfinite(value) ? Json(value) : Json(numberText(value));
}

double numberOf(const Json& value)
{
    if (value.is_number()) return value.get<double>();
    const auto& text = value.get_ref<const std::string&>();
    const double infinity = std::numeric_limits<double>::infinity();
    return text == "Infinity" ? infinity : text == "-Infinity" ? -infinity : std::nan("");
}

/// What the order of the rows, the draws and the sums depend on.
Json settingsOf(const RunParts& parts)
{
    const auto& arguments = parts.experiment.arguments;
    Json rows = Json::array();
    for (const auto& dataset : parts.train)
        rows.push_back(dataset.rows());
    return {{"per_device_train_batch_size", arguments.perDeviceTrainBatchSize},
            {"gradient_accumulation_steps", parts.plan.accumulation},
            {"batches_per_epoch", parts.plan.batchesPerEpoch},
            {"batch_sampler", std::string(toText(arguments.batchSampler))},
            {"multi_dataset_batch_sampler", std::string(toText(arguments.multiDatasetBatchSampler))},
            {"seed", arguments.seed},
            {"data_seed", arguments.dataSeed ? Json(*arguments.dataSeed) : Json(nullptr)},
            {"rows", rows},
            {"optimizer", std::string(toText(arguments.optim))},
            {"encoder", parts.model->encoder().implementation()},
            {"engine", torchDescription()}};
}

std::string resumeToJson(const ResumeState& state, const RunParts& parts)
{
    Json json = {{"format", "sentence-studio/resume"},
                 {"version", 2},
                 {"global_step", state.globalStep},
                 {"epoch", state.epoch},
                 {"batches_taken", state.batchesTaken},
                 {"micro_batches", state.microBatches},
                 {"loss_since_log", number(state.lossSinceLog)},
                 {"last_logged_step", state.lastLoggedStep},
                 {"loss_total", number(state.lossTotal)},
                 {"plateau_factor", number(state.plateauFactor)},
                 {"plateau_best", state.plateau.best ? number(*state.plateau.best) : Json(nullptr)},
                 {"plateau_bad", state.plateau.badEvaluations},
                 {"plateau_cooldown", state.plateau.cooldownLeft},
                 {"rate_factor", number(state.rateFactor)},
                 {"settings", settingsOf(parts)}};
    return json.dump(2) + "\n";
}

Result<ResumeState> resumeFromJson(const std::string& text, const RunPlan& plan, const fs::path& folder)
{
    ResumeState state;
    try {
        const auto json = Json::parse(text);
        state.globalStep = json.at("global_step").get<std::int64_t>();
        // Version 1 kept no cursor: it stood where the step says.
        state.epoch = json.value("epoch", state.globalStep / plan.updatesPerEpoch);
        state.batchesTaken =
            json.value("batches_taken", state.globalStep % plan.updatesPerEpoch * plan.accumulation);
        state.microBatches = json.at("micro_batches").get<std::int64_t>();
        state.lossSinceLog = numberOf(json.at("loss_since_log"));
        state.lastLoggedStep = json.at("last_logged_step").get<std::int64_t>();
        state.lossTotal = numberOf(json.at("loss_total"));
        state.plateauFactor = numberOf(json.at("plateau_factor"));
        if (!json.at("plateau_best").is_null()) state.plateau.best = numberOf(json["plateau_best"]);
        state.plateau.badEvaluations = json.at("plateau_bad").get<std::int64_t>();
        state.plateau.cooldownLeft = json.at("plateau_cooldown").get<std::int64_t>();
        if (json.contains("rate_factor")) state.rateFactor = numberOf(json["rate_factor"]);
        if (json.contains("settings")) state.settings = json["settings"].dump();
    } catch (const Json::exception& error) {
        return noCheckpoint(folder, std::string(kStateFile) + ": " + error.what());
    }
    return state;
}

/// One sentence for each setting that is not what it was.
void compareSettings(const RunParts& parts, const std::string& stored, std::vector<std::string>& notes)
{
    const auto before = Json::parse(stored, nullptr, false);
    if (!before.is_object()) return;
    const auto now = settingsOf(parts);
    for (const auto& [key, value] : now.items()) {
        if (!before.contains(key) || before.at(key) == value) continue;
        notes.push_back("The run goes on, but not bit for bit: " + key + " was " + before.at(key).dump() +
                        " in the checkpoint and is " + value.dump() + " now.");
    }
}

Result<std::string> readText(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in) return noCheckpoint(file.parent_path(), file.filename().string() + " is missing");
    return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Collects what is written to it.
class Buffer final : public ByteSink
{
public:
    explicit Buffer(std::string& bytes) : m_bytes(bytes) {}
    Status write(std::string_view bytes) override
    {
        m_bytes.append(bytes);
        return {};
    }

private:
    std::string& m_bytes;
};

Result<WrittenFolder> write(FileSystem& fs, const std::vector<ModelFile>& files,
                            const std::vector<std::pair<std::string, std::string>>& texts,
                            const fs::path& target, AtomicFolderOptions options)
{
    for (const auto& file : files)
        options.expectedBytes += file.size;
    auto folder = AtomicFolder::begin(fs, target.string(), options);
    if (!folder) return folder.error();
    for (const auto& file : files)
        if (auto status = addFile(**folder, file); !status) return status.error();
    for (const auto& [name, text] : texts)
        if (auto status = (*folder)->add(name, text); !status) return status.error();
    if (auto status = (*folder)->commit(); !status) return status.error();
    return WrittenFolder{target, (*folder)->manifest().totalBytes()};
}

/// An interval of the checkpoint wins over the arguments, as in the original.
void takeInterval(const char* key, std::int64_t stored, bool used, std::int64_t& every,
                  std::vector<std::string>& notes)
{
    if (!used || stored <= 0 || stored == every) return;
    notes.push_back(std::string(key) + " stays " + std::to_string(stored) +
                    " as in the checkpoint (the experiment says " + std::to_string(every) + ").");
    every = stored;
}

} // namespace

std::uint64_t CheckpointData::bytes() const
{
    std::uint64_t sum = 0;
    for (const auto& file : files)
        sum += file.size;
    return sum;
}

Status CheckpointData::freeze()
{
    for (auto& file : files) {
        auto bytes = std::make_shared<std::string>();
        bytes->reserve(file.size);
        Buffer buffer(*bytes);
        if (auto status = file.write(buffer); !status) return status;
        file.write = [bytes](ByteSink& sink) { return sink.write(*bytes); };
    }
    return {};
}

Result<CheckpointData> collectCheckpoint(RunParts& parts, const TrainerState& state,
                                         const ResumeState& resume, const fs::path& outputDir,
                                         const std::string& runId, bool modelOnly)
{
    const auto& arguments = parts.experiment.arguments;
    auto files = parts.model->files(trainedWeights(runModelCard(parts, state, state.globalStep)));
    if (!files) return files.error();
    CheckpointData checkpoint;
    checkpoint.files = std::move(*files);
    checkpoint.texts.emplace_back("trainer_state.json", state.toJson(arguments));
    if (!modelOnly) {
        auto optimizerState = parts.optimizer->state();
        if (parts.scaler)
            for (auto& tensor : parts.scaler->state())
                optimizerState.push_back(std::move(tensor));
        auto optimizer = tensorsFile(kOptimizerFile, optimizerState);
        if (!optimizer) return optimizer.error();
        checkpoint.files.push_back(std::move(*optimizer));
        if (const auto own = lossTensors(parts); !own.empty()) {
            auto loss = tensorsFile(kLossFile, own, lossMetadata(parts.losses));
            if (!loss) return loss.error();
            checkpoint.files.push_back(std::move(*loss));
        }
        auto counters = resume;
        counters.globalStep = state.globalStep;
        checkpoint.texts.emplace_back(kStateFile, resumeToJson(counters, parts));
    }
    checkpoint.folder = outputDir / ("checkpoint-" + std::to_string(state.globalStep));
    checkpoint.options.kind = "checkpoint";
    checkpoint.options.run = runId;
    checkpoint.options.step = state.globalStep;
    return checkpoint;
}

Result<WrittenFolder> writeCheckpoint(FileSystem& fs, const CheckpointData& checkpoint)
{
    return write(fs, checkpoint.files, checkpoint.texts, checkpoint.folder, checkpoint.options);
}

Result<WrittenFolder> writeModel(FileSystem& fs, const RunParts& parts, const fs::path& folder,
                                 const std::string& runId, std::string modelCard)
{
    auto options = trainedWeights(std::move(modelCard));
    options.mergeAdapters = parts.experiment.model.lora && parts.experiment.model.lora->merge;
    auto files = parts.model->files(options);
    if (!files) return files.error();
    if (hasSoftmaxHead(parts.losses)) {
        auto head = tensorsFile(kModelLossFile, lossTensors(parts), lossMetadata(parts.losses));
        if (!head) return head.error();
        files->push_back(std::move(*head));
    }
    AtomicFolderOptions folderOptions;
    folderOptions.kind = "model";
    folderOptions.run = runId;
    return write(fs, *files, {}, folder, folderOptions);
}

Status loadWeights(RunParts& parts, const fs::path& folder)
{
    auto spec = parts.experiment.model;
    spec.path = folder.string();
    if (spec.lora && !fs::exists(folder / "adapter_config.json"))
        return noCheckpoint(folder, "it holds no LoRA adapters, which the experiment trains (model.lora)");
    auto stored = openModel(spec);
    if (!stored) return stored.error();
    auto& own = parts.model->store();
    auto& other = (*stored)->store();
    if (own.flatSize() != other.flatSize())
        return noCheckpoint(folder, "its model has another shape than the one that is trained");
    const at::NoGradGuard noGrad;
    own.flatValues().copy_(other.flatValues());
    return {};
}

Result<std::vector<std::string>> loadCheckpoint(RunParts& parts, const fs::path& folder,
                                                const ResumeOptions& options, TrainerState& state,
                                                ResumeState& resume)
{
    const bool ours = fs::exists(folder / kManifestName);
    if (!ours && !fs::exists(folder / "trainer_state.json"))
        return noCheckpoint(folder, "it has neither a manifest nor a trainer_state.json");
    if (ours) {
        if (auto manifest = verifyManifest(folder, VerifyDepth::Hashes); !manifest) return manifest.error();
        if (!fs::exists(folder / kStateFile))
            return noCheckpoint(folder, "it holds the model alone (save_only_model)");
    }
    const auto stateText = readText(folder / "trainer_state.json");
    if (!stateText) return stateText.error();
    auto stored = TrainerState::fromJson(*stateText, (folder / "trainer_state.json").string());
    if (!stored) return stored.error();

    std::vector<std::string> notes;
    ResumeState counters;
    if (ours) {
        const auto text = readText(folder / kStateFile);
        if (!text) return text.error();
        auto read = resumeFromJson(*text, parts.plan, folder);
        if (!read) return read.error();
        counters = std::move(*read);
        compareSettings(parts, counters.settings, notes);
    } else {
        counters = pythonPosition(*stored, parts.plan);
    }

    if (auto status = loadWeights(parts, folder); !status) return status.error();
    auto optimizer =
        ours ? readTensors(folder / kOptimizerFile) : readPythonOptimizer(folder, *parts.optimizer, notes);
    if (!optimizer) return optimizer.error();
    if (ours || !optimizer->empty()) {
        if (auto status = parts.optimizer->load(*optimizer); !status) return status.error();
        if (ours && parts.scaler)
            if (auto status = parts.scaler->load(*optimizer); !status) return status.error();
    }
    if (fs::exists(folder / kLossFile)) {
        auto own = readTensors(folder / kLossFile);
        if (!own) return own.error();
        const at::NoGradGuard noGrad;
        for (auto& target : lossTensors(parts))
            for (const auto& source : *own)
                if (source.name == target.name) target.value.copy_(source.value);
    }

    const auto fresh = state;
    state = std::move(*stored);
    state.maxSteps = fresh.maxSteps; // the new arguments say how long the run is
    state.epochs = fresh.epochs;
    resume = std::move(counters);
    if (options.dataFromEpochStart) resume.batchesTaken = 0;
    if (!options.countersToo) {
        state.earlyStopping = fresh.earlyStopping;
        state.patienceCounter = 0;
        resume.rateFactor = 1;
    } else if (!fresh.earlyStopping || !state.earlyStopping) {
        state.earlyStopping = fresh.earlyStopping;
    }
    auto& plan = parts.plan;
    takeInterval("logging_steps", state.loggingSteps, plan.loggingStrategy == IntervalStrategy::Steps,
                 plan.loggingEvery, notes);
    takeInterval("eval_steps", state.evalSteps, plan.evalStrategy == IntervalStrategy::Steps, plan.evalEvery,
                 notes);
    takeInterval("save_steps", state.saveSteps, plan.saveStrategy == SaveStrategy::Steps, plan.saveEvery,
                 notes);
    if (parts.plateau) parts.plateau->restore(resume.plateau);
    return notes;
}

} // namespace studio
