// Tool of tests/interop/tokenizers_fuzz.py: tokenize_lines TOKENIZER [MAX_LENGTH]. TOKENIZER is a folder or a
// tokenizer.json (then taken as it stands). Reads one JSON value a line, a text or [text, pair], and writes
// one JSON object a line: ids (of the fast way for single texts), and ids, types, tokens and code point
// offsets of the detailed way, and the decoded text.
#include "text/tokenizer.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <fstream>
#include <iostream>
#include <sstream>

using nlohmann::json;
using namespace studio;

int main(int argc, char** argv)
{
    if (argc < 2) {
        std::cerr << "usage: tokenize_lines TOKENIZER [MAX_LENGTH]\n";
        return 2;
    }
    int maxLength = 0;
    if (argc > 2) {
        const std::string_view text(argv[2]);
        std::from_chars(text.data(), text.data() + text.size(), maxLength);
    }
    Result<std::shared_ptr<const Tokenizer>> tokenizer = Error{};
    if (std::filesystem::is_directory(argv[1])) {
        tokenizer = Tokenizer::load(argv[1]);
    } else {
        std::ifstream file(argv[1], std::ios::binary);
        std::ostringstream contents;
        contents << file.rdbuf();
        tokenizer = Tokenizer::fromJson(contents.str(), argv[1]);
    }
    if (!tokenizer) {
        std::cerr << tokenizer.error().text() << '\n';
        return 1;
    }
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        const json input = json::parse(line);
        const bool pair = input.is_array();
        const std::string text = pair ? input[0].get<std::string>() : input.get<std::string>();
        std::optional<std::string> second;
        if (pair) {
            second = input[1].get<std::string>();
        }
        const Encoding encoding = (*tokenizer)->encodeDetailed(text, second, maxLength);
        json offsets = json::array();
        for (const TextSpan& span : encoding.offsets) {
            offsets.push_back({span.begin, span.end});
        }
        json out = {{"ids", encoding.ids},
                    {"types", encoding.typeIds},
                    {"tokens", encoding.tokens},
                    {"offsets", offsets},
                    {"special", encoding.specialMask}};
        if (!pair) {
            out["fast"] = (*tokenizer)->encode(text, maxLength);
        }
        std::cout << out.dump() << '\n';
    }
    return 0;
}
