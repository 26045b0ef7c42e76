#include "cli/commands.h"

#include "cli/progressbar.h"
#include "cli/textlines.h"
#include "core/engine_api.h"
#include "text/unigramtrainer.h"
#include "text/wordpiecetrainer.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace studio::cli {
namespace {

/// Says on standard output what was written.
int written(const Result<ModelInfo>& info, const std::filesystem::path& folder)
{
    if (!info) return report(info.error());
    std::string modules;
    for (const auto& module : info->modules)
        modules += (modules.empty() ? "" : ", ") + module;
    std::printf("%s: %s, %lld parameters, %d dimensions\n", folder.string().c_str(), modules.c_str(),
                static_cast<long long>(info->parameters), info->dimension);
    return kDone;
}

int distill(const StaticDistillation& distillation)
{
    const auto engine = loadEngine();
    if (!engine) return report(engine.error());
    ProgressBar bar("tokens");
    const auto info = (*engine)->distillStatic(distillation, [&](std::int64_t done, std::int64_t total) {
        bar.update(done, total);
        return true;
    });
    bar.finish();
    return written(info, distillation.output);
}

struct NewModelArguments
{
    std::string texts;
    std::string tokenizer = "wordpiece";
    bool cased = false;
    int vocabSize = 8000;
    FreshModel fresh;
};

int makeModel(NewModelArguments arguments)
{
    auto lines = TextLines::open(arguments.texts);
    if (!lines) return report(lines.error());
    std::vector<std::string> piece;
    std::size_t at = 0;
    std::optional<Error> broken;
    const TextSource next = [&](std::string& text) {
        if (at == piece.size()) {
            auto more = lines->next(4096);
            if (!more) broken = more.error();
            piece = more ? std::move(*more) : std::vector<std::string>();
            at = 0;
        }
        if (at == piece.size()) return false;
        text = std::move(piece[at++]);
        return true;
    };
    Result<std::string> tokenizer = std::string();
    if (arguments.tokenizer == "unigram") {
        UnigramTraining training;
        training.vocabSize = arguments.vocabSize;
        training.lowercase = !arguments.cased;
        tokenizer = trainUnigram(next, training);
    } else {
        WordPieceTraining training;
        training.vocabSize = arguments.vocabSize;
        training.lowercase = !arguments.cased;
        tokenizer = trainWordPiece(next, training);
    }
    if (broken) return report(*broken);
    if (!tokenizer) return report(tokenizer.error());
    arguments.fresh.tokenizerJson = std::move(*tokenizer);
    arguments.fresh.lowercase = !arguments.cased;

    const auto engine = loadEngine();
    if (!engine) return report(engine.error());
    return written((*engine)->makeModel(arguments.fresh), arguments.fresh.output);
}

int merge(const AdapterMerge& request)
{
    const auto engine = loadEngine();
    if (!engine) return report(engine.error());
    return written((*engine)->mergeAdapters(request), request.output);
}

} // namespace

void addMergeCommand(CLI::App& app, Action& action)
{
    auto request = std::make_shared<AdapterMerge>();
    auto* command = app.add_subcommand("merge", "Adds LoRA adapters to the weights of their base model");
    command->add_option("adapters", request->adapters, "Folder with adapter_config.json")->required();
    command->add_option("--base", request->base, "Folder of the base model (as adapter_config.json names it)");
    command->add_option("--output", request->output, "Folder to write; must not exist")->required();
    command->callback([request, &action] { action = [request] { return merge(*request); }; });
}

void addDistillStaticCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<StaticDistillation>();
    auto* command = app.add_subcommand(
        "distill-static", "Makes a static-embedding model (no transformer, very fast) from a model");
    command->add_option("model", arguments->teacher, "Model folder")->required();
    command->add_option("--output", arguments->output, "Folder to write; must not exist")->required();
    command
        ->add_option("--dimensions", arguments->dimensions,
                     "Principal components to keep (0: the model's own dimensions)")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command
        ->add_option("--sif", arguments->sif,
                     "Strength of the weighting by rarity, sif / (sif + p) (0: none)")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    command->add_option("--threads", arguments->threads, "Threads (0: one for each core)");
    command->callback([arguments, &action] { action = [arguments] { return distill(*arguments); }; });
}

void addNewModelCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<NewModelArguments>();
    auto& fresh = arguments->fresh;
    auto* command = app.add_subcommand(
        "new-model", "Makes a small BERT with random weights and a tokenizer trained on your texts");
    command->add_option("--texts", arguments->texts, "Text file, one text a line (- for standard input)")
        ->required();
    command->add_option("--output", fresh.output, "Folder to write; must not exist")->required();
    command->add_option("--tokenizer", arguments->tokenizer, "Kind of vocabulary")
        ->capture_default_str()
        ->check(CLI::IsMember({"wordpiece", "unigram"}));
    command->add_flag("--cased", arguments->cased, "Keep capitals and accents");
    command->add_option("--vocab-size", arguments->vocabSize, "Tokens of the vocabulary")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--layers", fresh.layers, "Transformer layers")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--hidden", fresh.hidden, "Dimensions of a token")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--heads", fresh.heads, "Attention heads")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--intermediate", fresh.intermediate, "Dimensions inside the feed-forward part")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_option("--max-length", fresh.maxLength, "Longest input in tokens")
        ->capture_default_str()
        ->check(CLI::Range(8, 8192));
    command->add_option("--seed", fresh.seed, "Seed of the weights")->capture_default_str();
    command->callback([arguments, &action] { action = [arguments] { return makeModel(*arguments); }; });
}

} // namespace studio::cli
