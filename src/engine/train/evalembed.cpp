#include "engine/train/evalembed.h"

#include "engine/model/sentencemodel.h"

#include <ATen/ATen.h>

#include <cstring>

namespace studio {
namespace {

/// Query texts take the prompt "query", documents the first of "document", "passage" and "corpus"; without
/// one of these names the model's default prompt.
std::string promptOf(const SentenceModel& model, const EmbedRequest& request)
{
    if (!request.prompt.empty()) return request.prompt;
    std::vector<std::string> names;
    if (request.task == EmbedRequest::Task::Query) names = {"query"};
    if (request.task == EmbedRequest::Task::Document) names = {"document", "passage", "corpus"};
    names.push_back(model.defaultPromptName());
    for (const auto& name : names) {
        if (name.empty()) continue;
        if (const auto prompt = model.prompt(name)) return *prompt;
    }
    return {};
}

} // namespace

EvalEmbed makeEvalEmbed(SentenceModel& model, Progress progress)
{
    auto done = std::make_shared<std::int64_t>(0);
    return [&model, progress = std::move(progress), done](const std::vector<std::string>& texts,
                                                          const EmbedRequest& request) -> Result<at::Tensor> {
        EncodeOptions options;
        options.batchSize = request.batchSize;
        options.normalize = request.normalize;
        options.truncateDim = request.truncateDim;
        options.prompt = promptOf(model, request);
        auto embeddings = model.encode(texts, options, [&](std::int64_t part, std::int64_t total) {
            return !progress || progress(*done + part, *done + total);
        });
        if (!embeddings) return embeddings.error();
        *done += static_cast<std::int64_t>(texts.size());
        auto tensor = at::empty({embeddings->rows, embeddings->dim}, at::kFloat);
        std::memcpy(tensor.data_ptr<float>(), embeddings->values.data(),
                    embeddings->values.size() * sizeof(float));
        return tensor;
    };
}

} // namespace studio
