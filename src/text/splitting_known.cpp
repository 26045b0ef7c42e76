// The two families of split patterns that nearly all byte-level models use, matched by hand: several times
// faster than a regular expression, and with the library's own classes of letters and numbers.
#include "text/splitting.h"

#include "text/unicode.h"
#include "text/utf8.h"

#include <array>

namespace studio::text {
namespace {

constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kCl100k3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kCl100k1 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

enum Class : std::uint8_t { Other, Letter, Number, Space };

class Scanner
{
public:
    Scanner()
    {
        for (char32_t c = 0; c < 128; ++c) {
            m_ascii[c] = classify(c);
        }
    }

    Class at(const char*& p) const
    {
        const auto byte = static_cast<unsigned char>(*p);
        if (byte < 0x80) {
            ++p;
            return m_ascii[byte];
        }
        return classify(nextChar(p));
    }
    /// End of the run of `wanted` that begins at p.
    const char* run(const char* p, const char* end, Class wanted) const
    {
        while (p < end) {
            const char* q = p;
            if (at(q) != wanted) {
                break;
            }
            p = q;
        }
        return p;
    }

    /// \s+(?!\S)|\s+ : white space, but its last character stays for what follows.
    const char* spaces(const char* p, const char* end) const
    {
        const char* const after = run(p, end, Space);
        if (after == end) {
            return after;
        }
        const char* last = after;
        previousChar(last);
        return last > p ? last : after;
    }

private:
    static Class classify(char32_t c)
    {
        const CharTable& table = CharTable::instance();
        const std::uint8_t kind = table.regexClass(c);
        return kind == CharTable::kLetter   ? Letter
               : kind == CharTable::kNumber ? Number
               : isSpace(c)                 ? Space
                                            : Other;
    }

    std::array<Class, 128> m_ascii{};
};

const Scanner& scanner()
{
    static const Scanner instance;
    return instance;
}

/// Length of 's 't 're 've 'm 'll 'd at p (an apostrophe), or 0.
std::size_t contraction(const char* p, const char* end, bool anyCase)
{
    const auto letter = [&](std::ptrdiff_t i) -> char {
        if (end - p <= i) {
            return '\0';
        }
        const char c = p[i];
        return anyCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    };
    const char a = letter(1);
    const char b = letter(2);
    if (a == 's' || a == 't' || a == 'm' || a == 'd') {
        return 2;
    }
    if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) {
        return 3;
    }
    // U+017F, the long s, is an s of the other case.
    return anyCase && a == '\xC5' && b == '\xBF' ? 3 : 0;
}

class Gpt2 final : public Pattern
{
public:
    void find(std::string_view text, std::vector<Match>& matches) const override
    {
        const Scanner& scan = scanner();
        const char* const begin = text.data();
        const char* const end = begin + text.size();
        for (const char* p = begin; p < end;) {
            const char* const next = token(scan, p, end);
            matches.push_back(
                {static_cast<std::uint32_t>(p - begin), static_cast<std::uint32_t>(next - begin)});
            p = next;
        }
    }

private:
    static const char* token(const Scanner& scan, const char* p, const char* end)
    {
        if (*p == '\'') {
            if (const std::size_t length = contraction(p, end, false)) {
                return p + length;
            }
        }
        const char* word = *p == ' ' && p + 1 < end ? p + 1 : p;
        const char* after = word;
        const Class kind = scan.at(after);
        return kind == Space ? scan.spaces(p, end) : scan.run(after, end, kind);
    }
};

class Cl100k final : public Pattern
{
public:
    explicit Cl100k(int maxDigits) : m_maxDigits(maxDigits) {}

    void find(std::string_view text, std::vector<Match>& matches) const override
    {
        const Scanner& scan = scanner();
        const char* const begin = text.data();
        const char* const end = begin + text.size();
        for (const char* p = begin; p < end;) {
            const char* const next = token(scan, p, end);
            matches.push_back(
                {static_cast<std::uint32_t>(p - begin), static_cast<std::uint32_t>(next - begin)});
            p = next;
        }
    }

private:
    const char* token(const Scanner& scan, const char* p, const char* end) const
    {
        if (*p == '\'') {
            if (const std::size_t length = contraction(p, end, true)) {
                return p + length;
            }
        }
        const char* after = p;
        const Class kind = scan.at(after);
        if (kind == Letter) {
            return scan.run(after, end, Letter);
        }
        if (kind == Number) {
            for (int i = 1; i < m_maxDigits && after < end; ++i) {
                const char* q = after;
                if (scan.at(q) != Number) {
                    break;
                }
                after = q;
            }
            return after;
        }
        // One character of another kind may lead a word.
        if (*p != '\r' && *p != '\n') {
            if (const char* const letters = scan.run(after, end, Letter); letters > after) {
                return letters;
            }
        }
        const char* marks = *p == ' ' ? p + 1 : p;
        if (const char* const others = scan.run(marks, end, Other); others > marks) {
            const char* q = others;
            while (q < end && (*q == '\r' || *q == '\n')) {
                ++q;
            }
            return q;
        }
        // \s*[\r\n]+ : white space up to its last line break.
        const char* const spaces = scan.run(p, end, Space);
        for (const char* q = spaces; q > p; --q) {
            if (q[-1] == '\r' || q[-1] == '\n') {
                return q;
            }
        }
        return scan.spaces(p, end);
    }

    int m_maxDigits;
};

} // namespace

std::unique_ptr<Pattern> gpt2Regex()
{
    return std::make_unique<Gpt2>();
}

std::unique_ptr<Pattern> knownRegex(const std::string& expression)
{
    if (expression == kGpt2) {
        return gpt2Regex();
    }
    if (expression == kCl100k1 || expression == kCl100k3) {
        return std::make_unique<Cl100k>(expression == kCl100k3 ? 3 : 1);
    }
    return nullptr;
}

} // namespace studio::text
