#include "text/tokenizer.h"

#include "text/folder.h"
#include "text/pipeline.h"
#include "text/unicode.h"
#include "text/utf8.h"

#include <algorithm>

namespace studio {

using text::PlacedToken;
using text::PostProcessor;

struct Tokenizer::Impl
{
    text::Pipeline pipeline;
    text::FolderConfig config;
    std::optional<int> storedTruncation;
    int padId = 0;

    const text::Vocab& vocab() const { return pipeline.model->vocab(); }
    std::string_view tokenText(std::int32_t id) const;
    std::size_t contentLimit(int maxLength, bool addSpecialTokens, bool pair) const;
    void place(const std::vector<PlacedToken>& tokens, std::string_view given, std::string_view read,
               std::int32_t typeId, std::int8_t sequence, Encoding& encoding) const;
    void trim(std::string_view spelled, bool first, TextSpan& chars) const;
};

/// Puts what text/ reads into a Tokenizer and turns SpecError into a Result.
class TokenizerBuilder
{
public:
    template <typename Read>
    static Result<std::shared_ptr<const Tokenizer>> build(const TokenizerOptions& options,
                                                          const std::string& name, Read&& read)
    {
        try {
            auto impl = std::make_unique<Tokenizer::Impl>();
            text::TokenizerSpec spec = read(impl->config);
            impl->pipeline = text::makePipeline(spec, options.lowerCaseFirst);
            finish(*impl, spec);
            return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(impl)));
        } catch (const text::SpecError& failure) {
            return failure.error;
        } catch (const std::bad_alloc&) {
            return Error{ErrorCode::OutOfMemory, "There is not enough memory to read " + name, name};
        } catch (const std::exception& failure) {
            return Error{ErrorCode::Malformed, "Cannot read " + name + ": " + failure.what(), name};
        }
    }

private:
    static void finish(Tokenizer::Impl& impl, const text::TokenizerSpec& spec)
    {
        const text::Fields root(spec.root, spec.name, "");
        if (root.has("truncation")) {
            impl.storedTruncation = static_cast<int>(
                root.object("truncation").integer("max_length", 0, std::numeric_limits<int>::max()));
        }
        if (root.has("padding")) {
            const text::Fields padding = root.object("padding");
            impl.padId = static_cast<int>(padding.integer("pad_id", 0, std::numeric_limits<int>::max(), 0));
            impl.config.padsLeft = impl.config.padsLeft || padding.string("direction", "Right") == "Left";
        }
        std::vector<std::string> names = {impl.config.padToken};
        if (!root.has("padding")) {
            names.insert(names.end(), {"[PAD]", "<pad>"});
        }
        for (const std::string& padName : names) {
            const auto* const added = padName.empty() ? nullptr : impl.pipeline.added.byContent(padName);
            const std::int32_t id = added != nullptr  ? added->id
                                    : padName.empty() ? -1
                                                      : impl.vocab().find(padName);
            if (id >= 0) {
                impl.padId = id;
                break;
            }
        }
    }
};

std::string_view Tokenizer::Impl::tokenText(std::int32_t id) const
{
    const text::AddedToken* const added = pipeline.added.byId(id);
    return added != nullptr ? std::string_view(added->content) : vocab().token(id);
}

std::size_t Tokenizer::Impl::contentLimit(int maxLength, bool addSpecialTokens, bool pair) const
{
    if (maxLength <= 0) {
        return text::Pipeline::kNoLimit;
    }
    const std::size_t specials = addSpecialTokens ? pipeline.postProcessor.specialCount(pair) : 0;
    const auto all = static_cast<std::size_t>(maxLength);
    return all > specials ? all - specials : 0;
}

/// Byte-level tokens carry the space before a word; their offsets leave it out.
void Tokenizer::Impl::trim(std::string_view spelled, bool first, TextSpan& chars) const
{
    constexpr char32_t kMappedSpace = 0x120; // U+0120
    const auto isBlank = [](char32_t c) { return c == kMappedSpace || text::isSpace(c); };
    const char* const end = spelled.data() + spelled.size();
    std::uint32_t leading = 0;
    for (const char* p = spelled.data(); p < end && isBlank(text::nextChar(p));) {
        ++leading;
    }
    std::uint32_t trailing = 0;
    for (const char* p = end; p > spelled.data() && isBlank(text::previousChar(p));) {
        ++trailing;
    }
    if (leading > 0) {
        // The first token's space may be the pre-tokenizer's own: it has no place in the text. (Several
        // spaces that a stripping token such as " <mask>" swallowed are the text's.)
        const char* p = spelled.data();
        const bool ownSpace = leading == 1 || text::nextChar(p) == kMappedSpace;
        if ((first || chars.begin == 0) && pipeline.postProcessor.addsPrefixSpace() && ownSpace) {
            --leading;
        }
        chars.begin = std::min(chars.begin + leading, chars.end);
    }
    if (trailing > 0 && chars.end >= trailing) {
        chars.end = std::max(chars.end - trailing, chars.begin);
    }
}

void Tokenizer::Impl::place(const std::vector<PlacedToken>& tokens, std::string_view given,
                            std::string_view read, std::int32_t typeId, std::int8_t sequence,
                            Encoding& encoding) const
{
    // Character number of every byte that was read, and where each character lies in what was given.
    std::vector<std::uint32_t> charAt(read.size() + 1);
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < read.size(); ++i) {
        count += (static_cast<unsigned char>(read[i]) & 0xC0) != 0x80;
        charAt[i] = count - 1;
    }
    charAt[read.size()] = count;
    std::vector<std::uint32_t> byteOf;
    byteOf.reserve(count + 1);
    for (std::size_t at = 0; at < given.size();) {
        byteOf.push_back(static_cast<std::uint32_t>(at));
        bool valid = true;
        at += text::sequenceLength(given.substr(at), valid);
    }
    byteOf.push_back(static_cast<std::uint32_t>(given.size()));
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const PlacedToken& token = tokens[i];
        const std::string_view spelled =
            token.spelled.empty() ? tokenText(token.id) : std::string_view(token.spelled);
        TextSpan chars{charAt[token.bytes.begin], charAt[token.bytes.end]};
        if (pipeline.postProcessor.trimsOffsets()) {
            trim(spelled, i == 0, chars);
        }
        encoding.ids.push_back(token.id);
        encoding.typeIds.push_back(typeId);
        encoding.tokens.emplace_back(spelled);
        encoding.offsets.push_back(chars);
        encoding.byteOffsets.push_back({byteOf[chars.begin], byteOf[chars.end]});
        encoding.specialMask.push_back(0);
        encoding.sequence.push_back(sequence);
    }
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

Result<std::shared_ptr<const Tokenizer>> Tokenizer::load(const std::filesystem::path& modelFolder,
                                                         const TokenizerOptions& options)
{
    return TokenizerBuilder::build(options, modelFolder.string(), [&](text::FolderConfig& config) {
        return text::readFolder(modelFolder, options.verbatim, config);
    });
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::fromJson(std::string_view json, const std::string& name,
                                                             const TokenizerOptions& options)
{
    return TokenizerBuilder::build(options, name,
                                   [&](text::FolderConfig&) { return text::parseTokenizerJson(json, name); });
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view utf8, int maxLength, bool addSpecialTokens) const
{
    std::vector<std::int32_t> ids;
    encodeTo(utf8, maxLength, addSpecialTokens, ids);
    return ids;
}

std::size_t Tokenizer::encodeTo(std::string_view utf8, int maxLength, bool addSpecialTokens,
                                std::vector<std::int32_t>& ids) const
{
    std::string copy;
    if (text::validPrefix(utf8) != utf8.size()) {
        std::size_t replaced = 0;
        copy = text::repaired(utf8, replaced);
        utf8 = copy;
    }
    const std::size_t before = ids.size();
    const std::size_t limit = m_impl->contentLimit(maxLength, addSpecialTokens, false);
    for (const PostProcessor::Part& part : m_impl->pipeline.postProcessor.parts(false)) {
        if (part.kind == PostProcessor::Part::Special) {
            if (addSpecialTokens) {
                ids.insert(ids.end(), part.ids.begin(), part.ids.end());
            }
            continue;
        }
        const std::size_t start = ids.size();
        if (limit > 0) {
            m_impl->pipeline.ids(utf8, m_impl->config.truncatesLeft ? text::Pipeline::kNoLimit : limit, ids);
        }
        if (const std::size_t count = ids.size() - start; count > limit) {
            const auto surplus = static_cast<std::ptrdiff_t>(count - limit);
            const auto first = ids.begin() + static_cast<std::ptrdiff_t>(start);
            m_impl->config.truncatesLeft ? ids.erase(first, first + surplus)
                                         : ids.erase(ids.end() - surplus, ids.end());
        }
    }
    if (maxLength > 0 && ids.size() - before > static_cast<std::size_t>(maxLength)) {
        ids.resize(before + static_cast<std::size_t>(maxLength));
    }
    return ids.size() - before;
}

Encoding Tokenizer::encodeDetailed(std::string_view first, std::optional<std::string_view> pair,
                                   int maxLength, bool addSpecialTokens) const
{
    Encoding encoding;
    const std::string_view given[2] = {first, pair.value_or(std::string_view())};
    std::string read[2];
    std::vector<PlacedToken> tokens[2];
    const std::size_t count = pair ? 2 : 1;
    for (std::size_t i = 0; i < count; ++i) {
        read[i] = text::repaired(given[i], encoding.invalidSequences);
        m_impl->pipeline.tokens(read[i], tokens[i]);
    }
    // Longest first, as the library does it: the shorter text keeps its tokens until both are equally long.
    const std::size_t limit = m_impl->contentLimit(maxLength, addSpecialTokens, pair.has_value());
    const std::size_t n[2] = {tokens[0].size(), tokens[1].size()};
    std::size_t keep[2] = {std::min(n[0], limit), 0};
    if (pair && n[0] + n[1] > limit) {
        const std::size_t shorter = n[0] <= n[1] ? 0 : 1;
        keep[shorter] = n[shorter];
        keep[1 - shorter] = n[shorter] > limit ? n[shorter] : std::max(n[shorter], limit - n[shorter]);
        if (keep[0] + keep[1] > limit) {
            keep[shorter] = limit / 2;
            keep[1 - shorter] = limit / 2 + limit % 2;
        }
    } else if (pair) {
        keep[1] = n[1];
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (keep[i] < n[i]) {
            encoding.truncated = true;
            const auto surplus = static_cast<std::ptrdiff_t>(n[i] - keep[i]);
            m_impl->config.truncatesLeft ? tokens[i].erase(tokens[i].begin(), tokens[i].begin() + surplus)
                                         : tokens[i].erase(tokens[i].end() - surplus, tokens[i].end());
        }
    }
    for (const PostProcessor::Part& part : m_impl->pipeline.postProcessor.parts(pair.has_value())) {
        if (part.kind != PostProcessor::Part::Special) {
            const int i = part.kind == PostProcessor::Part::First ? 0 : 1;
            m_impl->place(tokens[i], given[i], read[i], part.typeId, static_cast<std::int8_t>(i), encoding);
            continue;
        }
        for (std::size_t i = 0; addSpecialTokens && i < part.ids.size(); ++i) {
            encoding.ids.push_back(part.ids[i]);
            encoding.typeIds.push_back(part.typeId);
            encoding.tokens.push_back(part.tokens[i]);
            encoding.offsets.emplace_back();
            encoding.byteOffsets.emplace_back();
            encoding.specialMask.push_back(1);
            encoding.sequence.push_back(-1);
        }
    }
    return encoding;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool skipSpecial) const
{
    std::vector<std::string> tokens;
    for (const std::int32_t id : ids) {
        if (!(skipSpecial && isSpecial(id))) {
            if (const std::string_view token = m_impl->tokenText(id); !token.empty()) {
                tokens.emplace_back(token);
            }
        }
    }
    const bool spaced = m_impl->pipeline.decoder == nullptr;
    if (!spaced) {
        m_impl->pipeline.decoder->apply(tokens);
    }
    std::string out;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        out += spaced && i > 0 ? " " : "";
        out += tokens[i];
    }
    if (m_impl->config.cleansUp) {
        text::tidySpaces(out);
    }
    return out;
}

int Tokenizer::padId() const
{
    return m_impl->padId;
}
std::optional<int> Tokenizer::modelMaxLength() const
{
    return m_impl->config.modelMaxLength;
}
std::optional<int> Tokenizer::storedTruncation() const
{
    return m_impl->storedTruncation;
}
bool Tokenizer::padsLeft() const
{
    return m_impl->config.padsLeft;
}
std::string Tokenizer::idToToken(int id) const
{
    return std::string(m_impl->tokenText(id));
}
std::string Tokenizer::modelType() const
{
    return m_impl->pipeline.model->type();
}

int Tokenizer::vocabSize() const
{
    return std::max(static_cast<int>(m_impl->vocab().size()), m_impl->pipeline.added.largestId() + 1);
}

std::optional<int> Tokenizer::tokenToId(std::string_view token) const
{
    if (const text::AddedToken* const added = m_impl->pipeline.added.byContent(token)) {
        return added->id;
    }
    const std::int32_t id = m_impl->vocab().find(token);
    return id >= 0 ? std::optional<int>(id) : std::nullopt;
}

bool Tokenizer::isSpecial(int id) const
{
    const text::AddedToken* const added = m_impl->pipeline.added.byId(id);
    return added != nullptr && added->special;
}

} // namespace studio
