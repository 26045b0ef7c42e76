#include "text/tokenizer.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace studio;
    const auto tokenizer = Tokenizer::fromJson({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (tokenizer) (void)(*tokenizer)->encodeDetailed("A w\u00f6rd, \u6771\u4eac and\t[MASK] <s>", "again", 8);
    return 0;
}
