#include "core/files/jsontext.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <set>

namespace studio {

namespace {

/// Builds the document from nlohmann's events, with the checks that its own builder lacks.
class StrictBuilder : public nlohmann::json_sax<Json>
{
public:
    explicit StrictBuilder(const JsonLimits& limits) : m_limits(limits) {}

    Json root;
    std::string problem;    ///< ours; empty: the parser's own
    std::size_t offset = 0; ///< of the parser's complaint
    std::string complaint;  ///< what the parser said

    bool null() override { return put(Json(nullptr)); }
    bool boolean(bool value) override { return put(Json(value)); }
    bool number_integer(number_integer_t value) override { return put(Json(value)); }
    bool number_unsigned(number_unsigned_t value) override { return put(Json(value)); }
    bool number_float(number_float_t, const string_t& text) override
    {
        // The parser used strtod, which depends on the locale: read it again. Its text has the locale's
        // decimal point.
        std::string plain = text;
        for (char& c : plain) {
            if ((c < '0' || c > '9') && c != 'e' && c != 'E' && c != '+' && c != '-') c = '.';
        }
        double value = 0;
        const auto [end, failed] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
        // The parser has refused what is too large; too small is zero, as in Python.
        if (failed == std::errc::result_out_of_range) {
            value = plain.front() == '-' ? -0.0 : 0.0;
        } else if (failed != std::errc() || end != plain.data() + plain.size()) {
            problem = "the number " + text + " cannot be read";
            return false;
        }
        return put(Json(value));
    }
    bool string(string_t& value) override { return put(Json(std::move(value))); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }
    bool key(string_t& value) override
    {
        if (!m_keys.back().insert(value).second) {
            problem = "the key " + quotedJson(value) + " occurs twice in the same object";
            return false;
        }
        m_key = std::move(value);
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override
    {
        offset = position > 0 ? position - 1 : 0;
        complaint = e.what();
        return false;
    }

private:
    Json* place(Json&& value)
    {
        if (m_open.empty()) {
            root = std::move(value);
            return &root;
        }
        Json& parent = *m_open.back();
        if (parent.is_array()) {
            parent.push_back(std::move(value));
            return &parent.back();
        }
        // emplace_back of the underlying vector: keys were checked, so no search is needed.
        auto& members = parent.get_ref<Json::object_t&>();
        members.Container::emplace_back(m_key, std::move(value));
        return &members.back().second;
    }
    bool counts()
    {
        if (++m_values <= m_limits.maxValues) return true;
        problem = "it holds more than " + std::to_string(m_limits.maxValues) + " values";
        return false;
    }
    bool put(Json&& value)
    {
        if (!counts()) return false;
        place(std::move(value));
        return true;
    }
    bool open(Json&& value)
    {
        if (static_cast<int>(m_open.size()) >= m_limits.maxDepth) {
            problem = "it is nested deeper than " + std::to_string(m_limits.maxDepth) + " levels";
            return false;
        }
        if (!counts()) return false;
        m_open.push_back(place(std::move(value)));
        m_keys.emplace_back();
        return true;
    }
    bool close()
    {
        m_open.pop_back();
        m_keys.pop_back();
        return true;
    }

    const JsonLimits& m_limits;
    std::size_t m_values = 0;
    std::vector<Json*> m_open;
    std::vector<std::set<std::string>> m_keys;
    std::string m_key;
};

// nlohmann's sentence is "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error
// while parsing … - unexpected end of input; expected …": the useful half follows the dash.
std::string plainComplaint(const std::string& what)
{
    const auto dash = what.rfind(" - ");
    std::string text = dash == std::string::npos ? what : what.substr(dash + 3);
    if (const auto number = what.find("number overflow parsing '"); number != std::string::npos) {
        const auto begin = what.find('\'', number) + 1;
        return "the number " + what.substr(begin, what.rfind('\'') - begin) + " is too large";
    }
    if (const auto last = text.find("; last read: "); last != std::string::npos) {
        const auto after = text.find("; expected", last + 1);
        text.erase(last, after == std::string::npos ? std::string::npos : after - last);
    }
    return text;
}

std::string lineAround(std::string_view text, std::size_t offset)
{
    offset = std::min(offset, text.size());
    const auto before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
    std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    std::size_t end = std::min(text.find('\n', offset), text.size());
    if (offset > begin + 40) begin = offset - 40;
    if (end > offset + 20) end = offset + 20;
    // Do not cut a character in half.
    const auto inside = [&](std::size_t i) {
        return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
    };
    while (begin < offset && inside(begin))
        ++begin;
    while (end > offset && inside(end))
        --end;
    std::string shown(text.substr(begin, end - begin));
    while (!shown.empty() && (shown.back() == ' ' || shown.back() == '\r'))
        shown.pop_back();
    shown.erase(0, std::min(shown.find_first_not_of(" \t"), shown.size()));
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return shown;
}

Error malformed(std::string_view text, const std::string& name, std::size_t offset, const std::string& why)
{
    const TextPosition at = positionAt(text, offset);
    const std::string spot = std::to_string(at.line) + ":" + std::to_string(at.column);
    std::string message = "Cannot read " + name + ": line " + std::to_string(at.line) + ", column " +
                          std::to_string(at.column) + ": " + why + ".";
    if (const std::string line = lineAround(text, offset); !line.empty()) message += " Near: " + line;
    return {ErrorCode::Malformed, message, name + ":" + spot};
}

/// Counts bytes as the parser takes them, so that our own checks know where it stands.
class CountingIterator
{
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, const char** last) : m_at(at), m_last(last) {}
    reference operator*() const { return *m_at; }
    CountingIterator& operator++()
    {
        ++m_at;
        if (m_last && m_at > *m_last) *m_last = m_at;
        return *this;
    }
    CountingIterator operator++(int)
    {
        auto before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountingIterator& other) const { return m_at == other.m_at; }
    bool operator!=(const CountingIterator& other) const { return m_at != other.m_at; }

private:
    const char* m_at;
    const char** m_last;
};

std::size_t skipSpace(std::string_view text, std::size_t at)
{
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t'))
        ++at;
    return at;
}

std::size_t stringEnd(std::string_view text, std::size_t at)
{
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return std::min(at + 1, text.size());
}

// Offset behind the value at `at`, in a text known to be well-formed.
std::size_t valueEnd(std::string_view text, std::size_t at)
{
    int depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = stringEnd(text, at);
        } else if (c == '{' || c == '[') {
            ++depth, ++at;
            continue;
        } else if (c == '}' || c == ']') {
            --depth, ++at;
        } else if (depth > 0 && (c == ',' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            ++at;
            continue;
        } else {
            at = std::min(text.find_first_of(",]} \n\r\t", at), text.size());
        }
        if (depth == 0) return at;
    }
    return at;
}

} // namespace

Result<Json> parseJsonText(std::string_view text, const std::string& name, const JsonLimits& limits)
{
    if (text.size() > limits.maxBytes) {
        return Error{ErrorCode::Malformed,
                     "Cannot read " + name + ": it has " + std::to_string(text.size()) +
                         " bytes, the limit is " + std::to_string(limits.maxBytes) +
                         ". Check that it is the file you meant.",
                     name};
    }
    std::size_t skipped = 0;
    if (text.starts_with("\xEF\xBB\xBF")) skipped = 3;
    const char* begin = text.data() + skipped;
    const char* end = text.data() + text.size();
    const char* last = begin;
    StrictBuilder builder(limits);
    bool read = false;
    try {
        read = Json::sax_parse(CountingIterator(begin, &last), CountingIterator(end, nullptr), &builder);
    } catch (const std::exception& e) {
        builder.complaint = e.what();
    }
    if (read) return std::move(builder.root);
    if (!builder.problem.empty()) {
        // The parser has read one byte behind the token at most.
        const auto offset = static_cast<std::size_t>(last - text.data());
        return malformed(text, name, offset > 0 ? offset - 1 : 0, builder.problem);
    }
    std::size_t offset = std::min(builder.offset + skipped, text.size());
    return malformed(text, name, offset, plainComplaint(builder.complaint));
}

TextPosition positionAt(std::string_view text, std::size_t offset)
{
    TextPosition at;
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
        offset -= std::min<std::size_t>(offset, 3);
    }
    offset = std::min(offset, text.size());
    for (std::size_t i = 0; i < offset; ++i) {
        if (text[i] == '\n') {
            ++at.line;
            at.column = 1;
        } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
            ++at.column;
        }
    }
    return at;
}

std::size_t rootOffset(std::string_view text)
{
    return skipSpace(text, text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
}

std::vector<JsonMember> membersAt(std::string_view text, std::size_t object)
{
    std::vector<JsonMember> members;
    if (object >= text.size() || text[object] != '{') return members;
    std::size_t at = skipSpace(text, object + 1);
    while (at < text.size() && text[at] == '"') {
        JsonMember member;
        member.begin = at;
        at = stringEnd(text, at);
        const auto key = Json::parse(text.substr(member.begin, at - member.begin), nullptr, false);
        if (!key.is_string()) break;
        member.key = key.get<std::string>();
        at = skipSpace(text, at);
        if (at >= text.size() || text[at] != ':') break;
        member.value = skipSpace(text, at + 1);
        member.end = valueEnd(text, member.value);
        members.push_back(member);
        at = skipSpace(text, member.end);
        if (at < text.size() && text[at] == ',') at = skipSpace(text, at + 1);
    }
    return members;
}

std::vector<std::size_t> elementsAt(std::string_view text, std::size_t array)
{
    std::vector<std::size_t> elements;
    if (array >= text.size() || text[array] != '[') return elements;
    std::size_t at = skipSpace(text, array + 1);
    while (at < text.size() && text[at] != ']') {
        elements.push_back(at);
        at = skipSpace(text, valueEnd(text, at));
        if (at < text.size() && text[at] == ',') at = skipSpace(text, at + 1);
    }
    return elements;
}

std::string numberText(double value)
{
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    std::string text(digits, end);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

std::string quotedJson(std::string_view text)
{
    return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace studio
