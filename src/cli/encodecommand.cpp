#include "cli/commands.h"

#include "cli/embeddingspool.h"
#include "cli/embeddingwriter.h"
#include "cli/progressbar.h"
#include "cli/textlines.h"
#include "core/engine_api.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace studio::cli {
namespace {

/// Texts that are in memory at a time, with their embeddings.
constexpr std::size_t kPiece = 16'384;

struct EncodeArguments
{
    std::string model;
    std::string input;
    std::string output;
    std::string precision = "float32";
    EncodeOptions options;
};

/// Quantises rows and hands them to the file.
Status put(EmbeddingWriter& writer, EmbeddingPrecision precision, const EmbeddingRanges& ranges,
           std::span<const std::string> texts, std::span<const float> values)
{
    if (texts.empty()) return {};
    const auto dim = values.size() / texts.size();
    const auto bytes = embeddingBytes(precision, dim);
    std::vector<std::uint8_t> rows(texts.size() * bytes);
    for (std::size_t i = 0; i < texts.size(); ++i)
        quantise(values.subspan(i * dim, dim), precision, ranges, std::span(rows).subspan(i * bytes, bytes));
    return writer.add(texts, rows, precision == EmbeddingPrecision::Float32 ? dim : bytes);
}

/// int8 and uint8: the second pass, when each dimension's range is known.
Status putSpooled(EmbeddingSpool& spool, EmbeddingWriter& writer, EmbeddingPrecision precision,
                  const EmbeddingRanges& ranges)
{
    if (ranges.count() == 1)
        return Error{ErrorCode::InvalidValue,
                     "One text gives no range to quantise by: int8 and uint8 need several texts. Use more "
                     "texts, or binary.",
                     {}};
    if (auto status = spool.rewind(); !status) return status;
    while (true) {
        auto piece = spool.next(kPiece);
        if (!piece) return piece.error();
        if (piece->texts.empty()) return {};
        if (auto status = put(writer, precision, ranges, piece->texts, piece->values); !status) return status;
    }
}

Status encodeTo(const EncodeArguments& arguments, EmbeddingPrecision precision, TextLines& lines)
{
    auto writer = EmbeddingWriter::create(arguments.output, precision);
    if (!writer) return writer.error();
    const auto engine = loadEngine();
    if (!engine) return engine.error();

    EmbeddingRanges ranges;
    std::unique_ptr<EmbeddingSpool> spool;
    if (needsRanges(precision)) {
        auto made = EmbeddingSpool::create(arguments.output);
        if (!made) return made.error();
        spool = std::move(*made);
    }
    ProgressBar bar("texts");
    const auto status = (*engine)->encodeStream(
        arguments.model, [&] { return lines.next(kPiece); }, arguments.options,
        [&](const std::vector<std::string>& texts, const Embeddings& embeddings) -> Status {
            if (!spool) return put(**writer, precision, ranges, texts, embeddings.values);
            ranges.add(embeddings.values, static_cast<std::size_t>(embeddings.dim));
            return spool->add(texts, embeddings.values);
        },
        [&](std::int64_t done, std::int64_t) {
            bar.update(done, lines.total());
            return true;
        });
    bar.finish();
    if (!status) return status;
    if (spool)
        if (auto written = putSpooled(*spool, **writer, precision, ranges); !written) return written;
    if (needsRanges(precision) && ranges.count() < 100)
        bar.printLine("warning: " + std::string(toText(precision)) + " takes its scale from these " +
                      std::to_string(ranges.count()) +
                      " texts; at least 100 are wanted for a scale that holds for others.");
    return (*writer)->finish();
}

int encode(const EncodeArguments& arguments)
{
    const auto precision = embeddingPrecision(arguments.precision);
    auto lines = TextLines::open(arguments.input);
    if (!lines) return report(lines.error());
    const auto status = encodeTo(arguments, *precision, *lines);
    return status ? kDone : report(status.error());
}

} // namespace

void addEncodeCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<EncodeArguments>();
    auto* command = app.add_subcommand("encode", "Embeds a text file of any size, one text a line");
    command->add_option("model", arguments->model, "Model folder")->required();
    command->add_option("--input", arguments->input, "Text file, one text a line (- for standard input)")
        ->required();
    command
        ->add_option("--output", arguments->output,
                     "File to write: .npy (array [texts, dimensions]), .jsonl or .parquet")
        ->required();
    command
        ->add_option("--precision", arguments->precision,
                     "Of the stored embeddings; int8 and uint8 take their scale from all texts, binary kinds "
                     "pack 8 dimensions a byte")
        ->capture_default_str()
        ->check(CLI::IsMember({"float32", "int8", "uint8", "binary", "ubinary"}));
    command->add_option("--batch-size", arguments->options.batchSize, "Texts in one forward pass")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command->add_flag("--normalize", arguments->options.normalize, "Divide each embedding by its length");
    command->add_flag("--before-normalize", arguments->options.beforeNormalize,
                      "Leave out the Normalize modules of the model");
    command->add_option("--truncate-dim", arguments->options.truncateDim, "Keep only the first N dimensions")
        ->check(CLI::NonNegativeNumber);
    auto* prompt =
        command->add_option("--prompt", arguments->options.prompt, "Text put in front of each text");
    command
        ->add_option("--prompt-name", arguments->options.promptName,
                     "One of the model's own prompts (\"query\"); without either option its default prompt, "
                     "if it has one")
        ->excludes(prompt);
    command->add_option("--threads", arguments->options.threads, "Threads (0: one for each core)");
    command->callback([arguments, &action] { action = [arguments] { return encode(*arguments); }; });
}

} // namespace studio::cli
