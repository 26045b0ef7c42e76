#include "engine/model/modelpublisher.h"
#include "engine/model/newmodels.h"
#include "engine/model/safetensors.h"
#include "engine/model/sentencemodel.h"

#include "core/json.h"
#include "text/tokenizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

namespace studio {
namespace {

constexpr std::int64_t kTokensAtOnce = 512;

bool carriesMeaning(const Tokenizer& tokenizer, int id)
{
    const auto token = tokenizer.idToToken(id);
    return !token.empty() && !tokenizer.isSpecial(id) &&
           !(token.starts_with("[unused") && token.ends_with("]"));
}

/// Each token alone between the special tokens, through the whole model: [ids, dimension].
Result<at::Tensor> embedTokens(SentenceModel& teacher, const std::vector<int>& ids, const Progress& progress)
{
    // What the tokenizer puts around a text: the ids of an empty one, split where a text would stand.
    const auto empty = teacher.tokenizer().encode("", 0, true);
    const auto ahead = empty.size() - empty.size() / 2;
    std::vector<at::Tensor> rows;
    const auto total = static_cast<std::int64_t>(ids.size());
    for (std::int64_t at = 0; at < total; at += kTokensAtOnce) {
        PackedBatch batch;
        const auto end = std::min(total, at + kTokensAtOnce);
        for (auto i = at; i < end; ++i) {
            std::vector<std::int32_t> text(empty.begin(), empty.begin() + static_cast<std::ptrdiff_t>(ahead));
            text.push_back(ids[static_cast<std::size_t>(i)]);
            text.insert(text.end(), empty.begin() + static_cast<std::ptrdiff_t>(ahead), empty.end());
            batch.append(text, 0, static_cast<int>(i - at));
        }
        rows.push_back(teacher.embed(batch, {}).to(at::kCPU, at::kDouble));
        if (progress && !progress(end, total))
            return Error{ErrorCode::Internal, "The distillation was stopped.", {}};
    }
    return at::cat(rows);
}

/// Coordinates along the principal axes, largest variance first; each axis points to where its largest
/// component is positive, so that equal teachers give equal models.
at::Tensor principalComponents(const at::Tensor& rows, int dimensions)
{
    const auto centred = rows - rows.mean(0, true);
    const auto [values, vectors] = at::linalg_eigh(at::matmul(centred.t(), centred));
    auto axes = vectors.flip({1}).narrow(1, 0, dimensions);
    const auto largest = axes.gather(0, axes.abs().argmax(0, true));
    axes = axes * largest.sign();
    return at::matmul(centred, axes);
}

} // namespace

Result<ModelInfo> distillStaticModel(const StaticDistillation& distillation, const Progress& progress)
{
    if (auto status = outputIsFree(distillation.output); !status) return status.error();
    const at::NoGradGuard noGrad;
    LoadOptions options;
    options.gradients = false;
    auto teacher = SentenceModel::load(distillation.teacher, options);
    if (!teacher) return teacher.error();
    const auto& tokenizer = (*teacher)->tokenizer();

    std::vector<int> ids;
    for (int id = 0; id < tokenizer.vocabSize(); ++id)
        if (carriesMeaning(tokenizer, id)) ids.push_back(id);
    const auto count = static_cast<std::int64_t>(ids.size());
    const int own = (*teacher)->trainingDimension();
    const int dimensions = distillation.dimensions == 0 ? own : distillation.dimensions;
    if (dimensions > own || dimensions > count)
        return Error{ErrorCode::InvalidValue,
                     "A model of " + std::to_string(own) + " dimensions and " + std::to_string(count) +
                         " tokens has no " + std::to_string(dimensions) +
                         " principal components. Ask for fewer with --dimensions.",
                     {}};

    auto rows = embedTokens(**teacher, ids, progress);
    if (!rows) return rows.error();
    auto vectors = distillation.dimensions == 0 ? *rows : principalComponents(*rows, dimensions);
    if (distillation.sif > 0) {
        // Zipf: the token of rank r (from 0) occurs with a frequency proportional to 1 / (r + 2).
        const auto frequency = at::arange(2, count + 2, at::kDouble).reciprocal();
        const auto probability = frequency / frequency.sum();
        vectors = vectors * (distillation.sif / (distillation.sif + probability)).unsqueeze(1);
    }
    auto table = at::zeros({tokenizer.vocabSize(), dimensions}, at::kFloat);
    table.index_copy_(0, at::tensor(ids, at::kInt).to(at::kLong), vectors.to(at::kFloat));

    TensorToWrite tensor;
    tensor.name = "embedding.weight";
    tensor.shape = table.sizes().vec();
    tensor.write = [table](ByteSink& sink) {
        return sink.write(
            {static_cast<const char*>(table.const_data_ptr()), static_cast<std::size_t>(table.nbytes())});
    };
    auto weights = safetensorsFile("model.safetensors", {tensor});
    if (!weights) return weights.error();

    std::ifstream stored(distillation.teacher / "tokenizer.json", std::ios::binary);
    if (!stored)
        return Error{ErrorCode::Unsupported,
                     "A static model keeps its tokenizer in tokenizer.json, which the teacher does not have. "
                     "Save the teacher with "
                     "Python's fast tokenizer first.",
                     (distillation.teacher / "tokenizer.json").string()};
    const std::string tokenizerJson((std::istreambuf_iterator<char>(stored)), {});
    const Json modules = {
        {{"idx", 0}, {"name", "0"}, {"path", ""}, {"type", "sentence_transformers.models.StaticEmbedding"}},
        {{"idx", 1},
         {"name", "1"},
         {"path", "1_Normalize"},
         {"type", "sentence_transformers.models.Normalize"}}};
    std::vector<ModelFile> files{textModelFile("modules.json", modules.dump(2)),
                                 textModelFile("tokenizer.json", tokenizerJson)};
    files.push_back(std::move(*weights));
    return publishModel(files, distillation.output);
}

} // namespace studio
