#include "text/tokenizer.h"

#include <cstdint>
#include <fstream>

#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace studio;
    static const auto folder = [] {
        auto name = std::filesystem::temp_directory_path() / ("fuzz-spm-" + std::to_string(::getpid()));
        std::filesystem::create_directories(name);
        std::ofstream(name / "tokenizer_config.json") << R"({"tokenizer_class": "T5Tokenizer"})";
        return name;
    }();
    std::ofstream(folder / "spiece.model", std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    const auto tokenizer = Tokenizer::load(folder);
    if (tokenizer) (void)(*tokenizer)->encodeDetailed("A w\u00f6rd, \u6771\u4eac and\tmore", "again", 8);
    return 0;
}
