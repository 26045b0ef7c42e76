#include "cli/commands.h"

#include "cli/textlines.h"
#include "text/tokenizer.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace studio::cli {
namespace {

struct TokenizeArguments
{
    std::string model;
    std::string input;
    int maxLength = 0;
};

void printIds(const std::vector<std::int32_t>& ids)
{
    std::string line = "[";
    for (const auto id : ids) {
        if (line.size() > 1) line += ", ";
        line += std::to_string(id);
    }
    line += "]\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
}

int tokenize(const TokenizeArguments& arguments)
{
    const auto tokenizer = Tokenizer::load(arguments.model);
    if (!tokenizer) return report(tokenizer.error());
    auto texts = TextLines::open(arguments.input);
    if (!texts) return report(texts.error());
    while (true) {
        const auto piece = texts->next(1024);
        if (!piece) return report(piece.error());
        if (piece->empty()) break;
        for (const auto& text : *piece)
            printIds((*tokenizer)->encode(text, arguments.maxLength));
    }
    return kDone;
}

} // namespace

void addTokenizeCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<TokenizeArguments>();
    auto* command =
        app.add_subcommand("tokenize", "Prints the token ids of a text file, one JSON array a line");
    command->add_option("model", arguments->model, "Model folder")->required();
    command->add_option("--input", arguments->input, "Text file, one text a line (- for standard input)")
        ->required();
    command
        ->add_option("--max-length", arguments->maxLength,
                     "Cut after N tokens, special tokens included (0: never)")
        ->check(CLI::NonNegativeNumber);
    command->callback([arguments, &action] { action = [arguments] { return tokenize(*arguments); }; });
}

} // namespace studio::cli
