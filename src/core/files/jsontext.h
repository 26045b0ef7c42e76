#pragma once

#include "core/json.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

struct JsonLimits
{
    std::size_t maxBytes = 16u << 20;
    int maxDepth = 64;
    std::size_t maxValues = 2'000'000; ///< objects, lists, texts, numbers
};

/// Strict reading of a JSON text from a file that may be broken or hostile: limits on size and depth, keys
/// that occur twice refused, numbers that do not fit refused, a byte-order mark at the start skipped. Errors
/// are Malformed, say what was expected, quote the spot, and have "name:line:column" in `where`. Lines and
/// columns count from 1; columns count characters, not bytes.
Result<Json> parseJsonText(std::string_view text, const std::string& name, const JsonLimits& limits = {});

struct TextPosition
{
    std::size_t line = 1;
    std::size_t column = 1;
};
TextPosition positionAt(std::string_view text, std::size_t offset);

/// One member of an object as it stands in the text.
struct JsonMember
{
    std::string key;       ///< decoded
    std::size_t begin = 0; ///< offset of the key's opening quote
    std::size_t value = 0; ///< offset of the value
    std::size_t end = 0;   ///< offset behind the value
};

/// The members of the object at `object` (offset of its "{"), of a text that parseJsonText() accepted. Empty
/// when there is no object at that place.
std::vector<JsonMember> membersAt(std::string_view text, std::size_t object);
/// Offsets of the elements of the array at `array` (offset of its "[").
std::vector<std::size_t> elementsAt(std::string_view text, std::size_t array);
/// Offset of the first value of the text.
std::size_t rootOffset(std::string_view text);

/// The shortest text that reads back as the same double, in the style of JSON ("2e-05", "1.0", "0.1");
/// independent of the locale. NaN and infinities give "NaN", "Infinity", "-Infinity" (not JSON: quote them).
std::string numberText(double value);
/// A JSON string literal with quotes; invalid UTF-8 becomes U+FFFD.
std::string quotedJson(std::string_view text);

} // namespace studio
