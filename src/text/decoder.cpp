#include "text/decoder.h"

#include "text/bytelevel.h"
#include "text/pattern.h"
#include "text/utf8.h"

#include <algorithm>
#include <charconv>

namespace studio::text {
namespace {

using Tokens = std::vector<std::string>;

void replaceAll(std::string& text, std::string_view from, std::string_view to)
{
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

void joinAll(Tokens& tokens)
{
    std::string all;
    for (const std::string& token : tokens) {
        all += token;
    }
    tokens.assign(1, std::move(all));
}

class WordPieceDecoder final : public Decoder
{
public:
    WordPieceDecoder(std::string prefix, bool cleanup) : m_prefix(std::move(prefix)), m_cleanup(cleanup) {}

    void apply(Tokens& tokens) const override
    {
        for (std::size_t i = 1; i < tokens.size(); ++i) {
            if (tokens[i].starts_with(m_prefix)) {
                tokens[i].erase(0, m_prefix.size());
            } else {
                tokens[i].insert(0, 1, ' ');
            }
        }
        // The library tidies each token; transformers tidies the whole text once more, and that is what
        // people see.
        joinAll(tokens);
        if (m_cleanup) {
            tidySpaces(tokens[0]);
        }
    }

private:
    std::string m_prefix;
    bool m_cleanup;
};

class BpeDecoder final : public Decoder
{
public:
    explicit BpeDecoder(std::string suffix) : m_suffix(std::move(suffix)) {}

    void apply(Tokens& tokens) const override
    {
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (!m_suffix.empty()) {
                replaceAll(tokens[i], m_suffix, i + 1 == tokens.size() ? "" : " ");
            }
        }
    }

private:
    std::string m_suffix;
};

class ByteLevelDecoder final : public Decoder
{
public:
    void apply(Tokens& tokens) const override
    {
        std::string bytes;
        for (const std::string& token : tokens) {
            if (!byteLevelToBytes(token, bytes)) {
                bytes += token;
            }
        }
        std::size_t replaced = 0;
        tokens.assign(1, repaired(bytes, replaced));
    }
};

class MetaspaceDecoder final : public Decoder
{
public:
    MetaspaceDecoder(std::string replacement, bool prepends)
        : m_replacement(std::move(replacement)), m_prepends(prepends)
    {}

    void apply(Tokens& tokens) const override
    {
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            replaceAll(tokens[i], m_replacement, i == 0 && m_prepends ? "" : " ");
        }
    }

private:
    std::string m_replacement;
    bool m_prepends;
};

class ReplaceDecoder final : public Decoder
{
public:
    ReplaceDecoder(std::unique_ptr<Pattern> pattern, std::string content)
        : m_pattern(std::move(pattern)), m_content(std::move(content))
    {}

    void apply(Tokens& tokens) const override
    {
        std::vector<Pattern::Match> matches;
        for (std::string& token : tokens) {
            matches.clear();
            m_pattern->find(token, matches);
            for (auto match = matches.rbegin(); match != matches.rend(); ++match) {
                token.replace(match->begin, match->end - match->begin, m_content);
            }
        }
    }

private:
    std::unique_ptr<Pattern> m_pattern;
    std::string m_content;
};

class FuseDecoder final : public Decoder
{
public:
    void apply(Tokens& tokens) const override { joinAll(tokens); }
};

class StripDecoder final : public Decoder
{
public:
    StripDecoder(std::string content, std::size_t start, std::size_t stop)
        : m_content(std::move(content)), m_start(start), m_stop(stop)
    {}

    void apply(Tokens& tokens) const override
    {
        for (std::string& token : tokens) {
            for (std::size_t i = 0; i < m_start && token.starts_with(m_content); ++i) {
                token.erase(0, m_content.size());
            }
            for (std::size_t i = 0; i < m_stop && token.ends_with(m_content); ++i) {
                token.resize(token.size() - m_content.size());
            }
        }
    }

private:
    std::string m_content;
    std::size_t m_start;
    std::size_t m_stop;
};

/// "<0xE6>" tokens back to characters; bytes that make none become one U+FFFD each.
class ByteFallbackDecoder final : public Decoder
{
public:
    void apply(Tokens& tokens) const override
    {
        Tokens out;
        std::string bytes;
        const auto flush = [&] {
            if (bytes.empty()) {
                return;
            }
            if (validPrefix(bytes) == bytes.size()) {
                out.push_back(bytes);
            } else {
                out.insert(out.end(), bytes.size(), "\xEF\xBF\xBD");
            }
            bytes.clear();
        };
        for (std::string& token : tokens) {
            unsigned value = 0;
            const char* const digits = token.data() + 3;
            if (token.size() == 6 && token.starts_with("<0x") && token.back() == '>' &&
                std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
                bytes += static_cast<char>(value);
                continue;
            }
            flush();
            out.push_back(std::move(token));
        }
        flush();
        tokens.swap(out);
    }
};

class DecoderSequence final : public Decoder
{
public:
    explicit DecoderSequence(std::vector<std::unique_ptr<Decoder>> steps) : m_steps(std::move(steps)) {}

    void apply(Tokens& tokens) const override
    {
        for (const auto& step : m_steps) {
            step->apply(tokens);
        }
    }

private:
    std::vector<std::unique_ptr<Decoder>> m_steps;
};

} // namespace

void tidySpaces(std::string& text)
{
    static constexpr std::pair<std::string_view, std::string_view> kTidy[] = {
        {" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
        {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
        {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
    };
    for (const auto& [from, to] : kTidy) {
        replaceAll(text, from, to);
    }
}

std::unique_ptr<Decoder> makeDecoder(const Fields& fields)
{
    const std::string type = fields.type();
    if (type == "WordPiece") {
        return std::make_unique<WordPieceDecoder>(fields.string("prefix", "##"),
                                                  fields.boolean("cleanup", true));
    }
    if (type == "BPEDecoder") {
        return std::make_unique<BpeDecoder>(fields.string("suffix", "</w>"));
    }
    if (type == "ByteLevel") {
        return std::make_unique<ByteLevelDecoder>();
    }
    if (type == "Metaspace") {
        const bool prepends = fields.has("prepend_scheme") ? fields.string("prepend_scheme") != "never"
                                                           : fields.boolean("add_prefix_space", true);
        return std::make_unique<MetaspaceDecoder>(fields.string("replacement", "\u2581"), prepends);
    }
    if (type == "Replace") {
        return std::make_unique<ReplaceDecoder>(Pattern::read(fields), fields.string("content"));
    }
    if (type == "Fuse") {
        return std::make_unique<FuseDecoder>();
    }
    if (type == "Strip") {
        return std::make_unique<StripDecoder>(fields.string("content"),
                                              static_cast<std::size_t>(fields.integer("start", 0, 1'000'000)),
                                              static_cast<std::size_t>(fields.integer("stop", 0, 1'000'000)));
    }
    if (type == "ByteFallback") {
        return std::make_unique<ByteFallbackDecoder>();
    }
    if (type == "Sequence") {
        std::vector<std::unique_ptr<Decoder>> steps;
        for (const Fields& step : fields.objects("decoders")) {
            steps.push_back(makeDecoder(step));
        }
        return std::make_unique<DecoderSequence>(std::move(steps));
    }
    fields.unsupported("decoder", type);
}

} // namespace studio::text
