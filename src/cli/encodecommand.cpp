#include "cli/commands.h"

#include "cli/npywriter.h"
#include "cli/progressbar.h"
#include "core/engine_api.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace studio::cli {
namespace {

struct EncodeArguments
{
    std::string model;
    std::string input;
    std::string output;
    EncodeOptions options;
};

int encode(const EncodeArguments& arguments)
{
    const auto texts = readTexts(arguments.input);
    if (!texts) return report(texts.error());
    const auto engine = loadEngine();
    if (!engine) return report(engine.error());

    ProgressBar bar("texts");
    const auto embeddings =
        (*engine)->encode(arguments.model, *texts, arguments.options, [&](std::int64_t done, std::int64_t total) {
            bar.update(done, total);
            return true;
        });
    bar.finish();
    if (!embeddings) return report(embeddings.error());
    const auto written = writeNpy(*embeddings, arguments.output);
    return written ? kDone : report(written.error());
}

} // namespace

void addEncodeCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<EncodeArguments>();
    auto* command = app.add_subcommand("encode", "Embeds a text file, one text a line, into a NumPy file");
    command->add_option("model", arguments->model, "Model folder")->required();
    command->add_option("--input", arguments->input, "Text file, one text a line (- for standard input)")->required();
    command->add_option("--output", arguments->output, "NumPy file to write, float32 [texts, dimensions]")->required();
    command->add_option("--batch-size", arguments->options.batchSize, "Texts in one forward pass")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_flag("--normalize", arguments->options.normalize, "Divide each embedding by its length");
    command->add_flag("--before-normalize", arguments->options.beforeNormalize,
                      "Leave out the Normalize modules of the model");
    command->add_option("--truncate-dim", arguments->options.truncateDim, "Keep only the first N dimensions")
        ->check(CLI::NonNegativeNumber);
    command->add_option("--prompt", arguments->options.prompt, "Text put in front of each text");
    command->add_option("--threads", arguments->options.threads, "Threads (0: one for each core)");
    command->callback([arguments, &action] { action = [arguments] { return encode(*arguments); }; });
}

} // namespace studio::cli
