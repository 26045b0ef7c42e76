#include "cli/commands.h"

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

int tokenize(const TokenizeArguments& arguments)
{
    const auto tokenizer = Tokenizer::load(arguments.model);
    if (!tokenizer) return report(tokenizer.error());
    const auto texts = readTexts(arguments.input);
    if (!texts) return report(texts.error());
    std::string line;
    for (const auto& text : *texts) {
        line.assign("[");
        for (const auto id : (*tokenizer)->encode(text, arguments.maxLength)) {
            if (line.size() > 1) line += ", ";
            line += std::to_string(id);
        }
        line += "]\n";
        std::fwrite(line.data(), 1, line.size(), stdout);
    }
    return kDone;
}

} // namespace

void addTokenizeCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<TokenizeArguments>();
    auto* command = app.add_subcommand("tokenize", "Prints the token ids of a text file, one JSON array a line");
    command->add_option("model", arguments->model, "Model folder")->required();
    command->add_option("--input", arguments->input, "Text file, one text a line (- for standard input)")->required();
    command->add_option("--max-length", arguments->maxLength, "Cut after N tokens, special tokens included (0: never)")
        ->check(CLI::NonNegativeNumber);
    command->callback([arguments, &action] { action = [arguments] { return tokenize(*arguments); }; });
}

} // namespace studio::cli
