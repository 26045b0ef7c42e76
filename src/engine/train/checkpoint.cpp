#include "engine/train/checkpoint.h"

#include "core/files/atomicfolder.h"
#include "core/files/jsontext.h"
#include "engine/model/parameterstore.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

namespace studio {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOptimizerFile = "resume/optimizer.safetensors";
constexpr const char* kLossFile = "resume/loss.safetensors";
constexpr const char* kStateFile = "resume/state.json";

/// Training computes in 32 bits, so that is what it saves, whatever the model was read from.
SaveOptions trainedWeights()
{
    SaveOptions options;
    options.precision = SavePrecision::Float32;
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

Result<ModelFile> tensorsFile(const char* path, const std::vector<NamedTensor>& tensors)
{
    std::vector<TensorToWrite> out;
    for (const auto& tensor : tensors)
        out.push_back(tensorToWrite(tensor));
    return safetensorsFile(path, std::move(out));
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
std::vector<NamedTensor> lossTensors(RunParts& parts)
{
    std::vector<NamedTensor> tensors;
    for (std::size_t i = 0; i < parts.losses.size(); ++i)
        for (auto parameter : parts.losses[i]->parameters()) {
            parameter.name = std::to_string(i) + "." + parameter.name;
            tensors.push_back(parameter);
        }
    return tensors;
}

std::string resumeToJson(const ResumeState& state)
{
    Json json = {{"format", "sentence-studio/resume"},
                 {"version", 1},
                 {"global_step", state.globalStep},
                 {"micro_batches", state.microBatches},
                 {"loss_since_log", state.lossSinceLog},
                 {"last_logged_step", state.lastLoggedStep},
                 {"loss_total", state.lossTotal},
                 {"plateau_factor", state.plateauFactor},
                 {"plateau_best", state.plateau.best ? Json(*state.plateau.best) : Json(nullptr)},
                 {"plateau_bad", state.plateau.badEvaluations},
                 {"plateau_cooldown", state.plateau.cooldownLeft}};
    return json.dump(2) + "\n";
}

Result<ResumeState> resumeFromJson(const std::string& text, const fs::path& folder)
{
    ResumeState state;
    try {
        const auto json = Json::parse(text);
        state.globalStep = json.at("global_step").get<std::int64_t>();
        state.microBatches = json.at("micro_batches").get<std::int64_t>();
        state.lossSinceLog = json.at("loss_since_log").get<double>();
        state.lastLoggedStep = json.at("last_logged_step").get<std::int64_t>();
        state.lossTotal = json.at("loss_total").get<double>();
        state.plateauFactor = json.at("plateau_factor").get<double>();
        if (json.at("plateau_best").is_number()) state.plateau.best = json["plateau_best"].get<double>();
        state.plateau.badEvaluations = json.at("plateau_bad").get<std::int64_t>();
        state.plateau.cooldownLeft = json.at("plateau_cooldown").get<std::int64_t>();
    } catch (const Json::exception& error) {
        return noCheckpoint(folder, std::string(kStateFile) + ": " + error.what());
    }
    return state;
}

Result<std::string> readText(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in) return noCheckpoint(file.parent_path(), file.filename().string() + " is missing");
    return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<WrittenFolder> write(const std::vector<ModelFile>& files,
                            const std::vector<std::pair<std::string, std::string>>& texts,
                            const fs::path& target, AtomicFolderOptions options)
{
    for (const auto& file : files)
        options.expectedBytes += file.size;
    auto folder = AtomicFolder::begin(posixFileSystem(), target.string(), options);
    if (!folder) return folder.error();
    for (const auto& file : files)
        if (auto status = addFile(**folder, file); !status) return status.error();
    for (const auto& [name, text] : texts)
        if (auto status = (*folder)->add(name, text); !status) return status.error();
    if (auto status = (*folder)->commit(); !status) return status.error();
    return WrittenFolder{target, (*folder)->manifest().totalBytes()};
}

} // namespace

Result<WrittenFolder> writeCheckpoint(RunParts& parts, const TrainerState& state, const ResumeState& resume,
                                      const fs::path& outputDir, const std::string& runId)
{
    const auto& arguments = parts.experiment.arguments;
    auto files = parts.model->files(trainedWeights());
    if (!files) return files.error();
    std::vector<std::pair<std::string, std::string>> texts{{"trainer_state.json", state.toJson(arguments)}};
    if (!arguments.saveOnlyModel) {
        auto optimizer = tensorsFile(kOptimizerFile, parts.optimizer->state());
        if (!optimizer) return optimizer.error();
        files->push_back(std::move(*optimizer));
        if (const auto own = lossTensors(parts); !own.empty()) {
            auto loss = tensorsFile(kLossFile, own);
            if (!loss) return loss.error();
            files->push_back(std::move(*loss));
        }
        texts.emplace_back(kStateFile, resumeToJson(resume));
    }
    AtomicFolderOptions options;
    options.kind = "checkpoint";
    options.run = runId;
    options.step = state.globalStep;
    return write(*files, texts, outputDir / ("checkpoint-" + std::to_string(state.globalStep)), options);
}

Result<WrittenFolder> writeModel(const RunParts& parts, const fs::path& folder, const std::string& runId)
{
    auto files = parts.model->files(trainedWeights());
    if (!files) return files.error();
    AtomicFolderOptions options;
    options.kind = "model";
    options.run = runId;
    return write(*files, {}, folder, options);
}

Status loadWeights(RunParts& parts, const fs::path& folder)
{
    auto spec = parts.experiment.model;
    spec.path = folder.string();
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

Status loadCheckpoint(RunParts& parts, const fs::path& folder, TrainerState& state, ResumeState& resume)
{
    if (auto manifest = verifyManifest(folder, VerifyDepth::Hashes); !manifest) return manifest.error();
    const auto stateText = readText(folder / "trainer_state.json");
    if (!stateText) return stateText.error();
    auto stored = TrainerState::fromJson(*stateText, (folder / "trainer_state.json").string());
    if (!stored) return stored.error();
    const auto resumeText = readText(folder / kStateFile);
    if (!resumeText) return resumeText.error();
    auto counters = resumeFromJson(*resumeText, folder);
    if (!counters) return counters.error();

    if (auto status = loadWeights(parts, folder); !status) return status;
    auto optimizer = readTensors(folder / kOptimizerFile);
    if (!optimizer) return optimizer.error();
    if (auto status = parts.optimizer->load(*optimizer); !status) return status;
    if (fs::exists(folder / kLossFile)) {
        auto own = readTensors(folder / kLossFile);
        if (!own) return own.error();
        const at::NoGradGuard noGrad;
        for (auto& target : lossTensors(parts))
            for (const auto& source : *own)
                if (source.name == target.name) target.value.copy_(source.value);
    }
    const auto maxSteps = state.maxSteps;
    const auto epochs = state.epochs;
    state = std::move(*stored);
    state.maxSteps = maxSteps; // the new arguments say how long the run is
    state.epochs = epochs;
    resume = *counters;
    if (parts.plateau) parts.plateau->restore(resume.plateau);
    return {};
}

} // namespace studio
