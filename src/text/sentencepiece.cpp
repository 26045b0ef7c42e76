#include "text/sentencepiece.h"

#include "text/protobuf.h"
#include "text/utf8.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace studio::text {
namespace {

using nlohmann::json;

constexpr std::string_view kSpace = "\xE2\x96\x81"; // "▁"

enum PieceType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

struct Piece
{
    std::string text;
    double score = 0;
    std::uint64_t type = Normal;
};

/// The members of ModelProto that matter for reading (sentencepiece_model.proto), with their defaults.
struct SpModel
{
    std::vector<Piece> pieces;
    std::uint64_t modelType = 1; ///< 1: unigram, 2: BPE, 3: word, 4: char
    bool byteFallback = false;
    bool splitByWhitespace = true;
    bool spaceAsSuffix = false;
    bool addDummyPrefix = true;
    bool removeExtraSpaces = true;
    bool escapeSpaces = true;
    std::string charsMap;
};

Piece readPiece(ProtobufReader reader)
{
    Piece piece;
    while (reader.next()) {
        switch (reader.field()) {
        case 1:
            piece.text = reader.bytes();
            if (validPrefix(piece.text) != piece.text.size()) {
                reader.fail("a piece is not UTF-8");
            }
            break;
        case 2:
            piece.score = static_cast<double>(reader.real());
            if (!std::isfinite(piece.score)) {
                reader.fail("a score is not finite");
            }
            break;
        case 3:
            piece.type = reader.number();
            break;
        default:
            break;
        }
    }
    return piece;
}

void readTrainer(ProtobufReader reader, SpModel& model)
{
    while (reader.next()) {
        switch (reader.field()) {
        case 3:
            model.modelType = reader.number();
            break;
        case 22:
            model.splitByWhitespace = reader.boolean();
            break;
        case 24:
            model.spaceAsSuffix = reader.boolean();
            break;
        case 35:
            model.byteFallback = reader.boolean();
            break;
        default:
            break;
        }
    }
}

void readNormalizer(ProtobufReader reader, SpModel& model)
{
    while (reader.next()) {
        switch (reader.field()) {
        case 2:
            model.charsMap = reader.bytes();
            break;
        case 3:
            model.addDummyPrefix = reader.boolean();
            break;
        case 4:
            model.removeExtraSpaces = reader.boolean();
            break;
        case 5:
            model.escapeSpaces = reader.boolean();
            break;
        default:
            break;
        }
    }
}

SpModel readModel(std::string_view bytes, const std::string& name)
{
    SpModel model;
    ProtobufReader reader(bytes, name);
    while (reader.next()) {
        switch (reader.field()) {
        case 1:
            if (model.pieces.size() >= kMaxVocab) {
                reader.fail("more than " + std::to_string(kMaxVocab) + " pieces");
            }
            model.pieces.push_back(readPiece(reader.message()));
            if (model.pieces.back().text.empty()) {
                reader.fail("a piece is empty");
            }
            break;
        case 2:
            readTrainer(reader.message(), model);
            break;
        case 3:
            readNormalizer(reader.message(), model);
            break;
        default:
            break;
        }
    }
    if (model.pieces.empty()) {
        failSpec(ErrorCode::Malformed, name + " is not a SentencePiece model: it holds no pieces", name);
    }
    if (model.modelType != 1 && model.modelType != 2) {
        failSpec(ErrorCode::Unsupported,
                 std::string("the SentencePiece model type '") +
                     (model.modelType == 3   ? "word"
                      : model.modelType == 4 ? "char"
                                             : "unknown") +
                     "' of " + name + " is not supported. Choose a unigram or BPE model.",
                 name);
    }
    return model;
}

std::string encodeBase64(std::string_view bytes)
{
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t bits = 0;
        const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0u);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out += j <= n ? kAlphabet[bits >> (18 - 6 * j) & 63] : '=';
        }
    }
    return out;
}

json charsMapStep(const SpModel& model)
{
    return {{"type", "Precompiled"}, {"precompiled_charsmap", encodeBase64(model.charsMap)}};
}

json replaceStep(const char* kind, const char* pattern, std::string_view content)
{
    return {{"type", "Replace"}, {"pattern", {{kind, pattern}}}, {"content", content}};
}

json metaspace(bool prepend, bool split)
{
    return {{"type", "Metaspace"},
            {"replacement", kSpace},
            {"prepend_scheme", prepend ? "always" : "never"},
            {"split", split}};
}

/// The merges of a BPE model: every way to make a piece of two pieces, in the order of the pieces' ids.
void addMerges(TokenizerSpec& spec)
{
    StringTable ids;
    ids.reserve(spec.vocab.size());
    for (const TokenizerSpec::Piece& piece : spec.vocab) {
        ids.insert(spec.text(piece.offset, piece.length), piece.id, true);
    }
    for (const TokenizerSpec::Piece& piece : spec.vocab) {
        const std::string_view text = spec.text(piece.offset, piece.length);
        std::vector<std::tuple<std::size_t, std::size_t, TokenizerSpec::Merge>> ways;
        std::size_t characters = 0;
        for (std::size_t at = 0; at < text.size();) {
            at += charLength(static_cast<unsigned char>(text[at]));
            ++characters;
            if (at < text.size() && ids.find(text.substr(0, at)) >= 0 && ids.find(text.substr(at)) >= 0) {
                const auto left = static_cast<std::uint32_t>(at);
                ways.emplace_back(
                    characters, text.size() - at,
                    TokenizerSpec::Merge{piece.offset, left, piece.offset + left, piece.length - left});
            }
        }
        for (const auto& way : ways) { // already by the length of the left part
            spec.merges.push_back(std::get<2>(way));
        }
    }
}

class Importer
{
public:
    Importer(const SpModel& model, const std::string& name, const json& config)
        : m_model(model), m_config(config)
    {
        m_spec.name = name;
        m_spec.uniqueTokens = false;
        m_spec.root = {{"version", "1.0"}, {"added_tokens", json::array()}};
    }

    TokenizerSpec run()
    {
        std::string family = m_config.is_object() && m_config.contains("tokenizer_class") &&
                                     m_config["tokenizer_class"].is_string()
                                 ? m_config["tokenizer_class"].get<std::string>()
                                 : std::string();
        if (family.ends_with("Fast")) {
            family.resize(family.size() - 4);
        }
        const bool xlm = family == "XLMRobertaTokenizer";
        addPieces(xlm);
        addModel(xlm);
        if (family == "AlbertTokenizer") {
            albert();
        } else if (xlm) {
            xlmRoberta();
        } else if (family == "T5Tokenizer") {
            t5();
        } else if (family == "LlamaTokenizer" || family == "GemmaTokenizer") {
            llama(family == "GemmaTokenizer");
        } else {
            plain();
        }
        return std::move(m_spec);
    }

private:
    void addToken(std::string_view content, std::int32_t id, bool special, bool leftStrip = false)
    {
        m_spec.root["added_tokens"].push_back({{"id", static_cast<std::uint32_t>(id)},
                                               {"content", content},
                                               {"special", special},
                                               {"single_word", false},
                                               {"lstrip", leftStrip},
                                               {"rstrip", false},
                                               {"normalized", false}});
    }
    void addPieces(bool fairseq)
    {
        std::size_t first = 0;
        if (fairseq) { // fairseq's order: four specials of its own, then the pieces after <unk>, <s>, </s>
            for (const char* const token : {"<s>", "<pad>", "</s>", "<unk>"}) {
                addToken(token, static_cast<std::int32_t>(m_spec.vocab.size()), true);
                m_spec.add(token, static_cast<std::int32_t>(m_spec.vocab.size()));
            }
            first = 3;
        }
        for (std::size_t i = first; i < m_model.pieces.size(); ++i) {
            const Piece& piece = m_model.pieces[i];
            const auto id = static_cast<std::int32_t>(m_spec.vocab.size());
            // User-defined symbols of a unigram model are pieces like others; a BPE model must not merge
            // them.
            const bool symbol = piece.type == UserDefined && m_model.modelType == 2;
            if (piece.type == Control || symbol || (piece.type == Unknown && !fairseq)) {
                addToken(piece.text, id, piece.type != UserDefined);
            }
            m_unknown = piece.type == Unknown ? id : m_unknown;
            m_spec.add(piece.text, id, piece.score);
        }
        if (fairseq) {
            addToken("<mask>", static_cast<std::int32_t>(m_spec.vocab.size()), true, true);
            m_spec.add("<mask>", static_cast<std::int32_t>(m_spec.vocab.size()));
            m_unknown = 3;
        }
    }
    void addModel(bool fairseq)
    {
        json model = {{"byte_fallback", m_model.byteFallback && !fairseq}};
        if (m_model.modelType == 1) {
            m_spec.scored = true;
            model["type"] = "Unigram";
            if (m_unknown >= 0) {
                model["unk_id"] = static_cast<std::uint32_t>(m_unknown);
            }
        } else {
            addMerges(m_spec);
            model["type"] = "BPE";
            model["fuse_unk"] = true;
            if (m_unknown >= 0) {
                model["unk_token"] = m_model.pieces[static_cast<std::size_t>(m_unknown)].text;
            }
        }
        m_spec.root["model"] = std::move(model);
    }
    bool flag(const char* key, bool fallback) const
    {
        return Fields(m_config, "tokenizer_config.json", "").boolean(key, fallback);
    }
    void pieceTokenizer(bool prepend)
    {
        m_spec.root["pre_tokenizer"] = {
            {"type", "Sequence"},
            {"pretokenizers", json::array({json{{"type", "WhitespaceSplit"}}, metaspace(prepend, true)})}};
        m_spec.root["decoder"] = metaspace(prepend, true);
    }
    /// A template of special tokens around A and B; `middle` stands between the two.
    void surround(const std::vector<std::string>& before, const std::vector<std::string>& middle,
                  const std::vector<std::string>& after, unsigned pairType)
    {
        json single = json::array();
        json pair = json::array();
        json specials = json::object();
        const auto special = [&](const std::string& token, unsigned type) -> json {
            const std::int32_t id = m_spec.idOf(token);
            if (id < 0) {
                failSpec(ErrorCode::Malformed,
                         "the pieces of " + m_spec.name + " lack the special token '" + token + "'",
                         m_spec.name);
            }
            specials[token] = {{"id", token},
                               {"ids", json::array({static_cast<std::uint32_t>(id)})},
                               {"tokens", json::array({token})}};
            return {{"SpecialToken", {{"id", token}, {"type_id", type}}}};
        };
        const auto sequence = [](const char* name, unsigned type) -> json {
            return {{"Sequence", {{"id", name}, {"type_id", type}}}};
        };
        for (const std::string& token : before) {
            single.push_back(special(token, 0));
        }
        single.push_back(sequence("A", 0));
        pair = single;
        for (const std::string& token : after) {
            single.push_back(special(token, 0));
        }
        for (const std::string& token : middle) {
            pair.push_back(special(token, 0));
        }
        pair.push_back(sequence("B", pairType));
        for (const std::string& token : after) {
            pair.push_back(special(token, pairType));
        }
        m_spec.root["post_processor"] = {
            {"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", specials}};
    }
    void setNormalizers(json steps)
    {
        m_spec.root["normalizer"] = {{"type", "Sequence"}, {"normalizers", std::move(steps)}};
    }
    json charsMapSteps() const
    {
        json steps = json::array();
        if (!m_model.charsMap.empty()) {
            steps.push_back(charsMapStep(m_model));
        }
        return steps;
    }

    void albert()
    {
        json steps = json::array({replaceStep("String", "``", "\""), replaceStep("String", "''", "\"")});
        if (!flag("keep_accents", false)) {
            steps.push_back({{"type", "NFKD"}});
            steps.push_back({{"type", "StripAccents"}});
        }
        if (flag("do_lower_case", true)) {
            steps.push_back({{"type", "Lowercase"}});
        }
        for (json& step : charsMapSteps()) {
            steps.push_back(step);
        }
        setNormalizers(std::move(steps));
        pieceTokenizer(flag("add_prefix_space", true));
        surround({"[CLS]"}, {"[SEP]"}, {"[SEP]"}, 1);
    }
    void xlmRoberta()
    {
        setNormalizers(charsMapSteps());
        pieceTokenizer(flag("add_prefix_space", true));
        surround({"<s>"}, {"</s>", "</s>"}, {"</s>"}, 0);
    }
    void t5()
    {
        setNormalizers(charsMapSteps());
        pieceTokenizer(true);
        surround({}, {"</s>"}, {"</s>"}, 0);
    }
    void llama(bool gemma)
    {
        if (gemma) {
            setNormalizers(json::array({replaceStep("String", " ", kSpace)}));
        } else {
            json pre = metaspace(true, false);
            pre["prepend_scheme"] = !flag("add_prefix_space", true) ? "never"
                                    : flag("legacy", false)         ? "always"
                                                                    : "first";
            m_spec.root["pre_tokenizer"] = std::move(pre);
        }
        json decoders = json::array({replaceStep("String", "\xE2\x96\x81", " "),
                                     json{{"type", "ByteFallback"}}, json{{"type", "Fuse"}}});
        if (!gemma) {
            decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1u}, {"stop", 0u}});
        }
        m_spec.root["decoder"] = {{"type", "Sequence"}, {"decoders", std::move(decoders)}};
        bosAndEos(true, gemma ? "<bos>" : "<s>", gemma ? "<eos>" : "</s>");
    }
    void plain()
    {
        if (!m_model.escapeSpaces) {
            failSpec(ErrorCode::Unsupported,
                     "the SentencePiece option 'escape_whitespaces: false' of " + m_spec.name +
                         " is not supported",
                     m_spec.name);
        }
        if (m_model.spaceAsSuffix) {
            failSpec(ErrorCode::Unsupported,
                     "the SentencePiece option 'treat_whitespace_as_suffix' of " + m_spec.name +
                         " is not supported",
                     m_spec.name);
        }
        json steps = charsMapSteps();
        if (m_model.removeExtraSpaces) {
            steps.push_back({{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}});
            steps.push_back(replaceStep("Regex", " {2,}", " "));
        }
        setNormalizers(std::move(steps));
        json pre = metaspace(m_model.addDummyPrefix, m_model.splitByWhitespace && m_model.modelType == 1);
        if (m_model.addDummyPrefix && m_model.modelType == 2) {
            pre["prepend_scheme"] = "first"; // not again behind each symbol that was cut out
        }
        m_spec.root["pre_tokenizer"] = std::move(pre);
        preferSymbols();
        m_spec.root["decoder"] = {{"type", "Sequence"},
                                  {"decoders", json::array({json{{"type", "ByteFallback"}},
                                                            metaspace(m_model.addDummyPrefix, true)})}};
        bosAndEos(false, "<s>", "</s>");
    }
    /// SentencePiece gives user-defined symbols a score that no other segmentation reaches.
    void preferSymbols()
    {
        double best = -1e30;
        for (const Piece& piece : m_model.pieces) {
            best = piece.type == Normal ? std::max(best, piece.score) : best;
        }
        for (std::size_t i = 0; i < m_model.pieces.size() && m_model.modelType == 1; ++i) {
            if (m_model.pieces[i].type == UserDefined) {
                m_spec.vocab[i].score = static_cast<double>(countChars(m_model.pieces[i].text)) * best - 0.1;
            }
        }
    }
    void bosAndEos(bool bosByDefault, const char* bos, const char* eos)
    {
        std::vector<std::string> before;
        std::vector<std::string> after;
        if (flag("add_bos_token", bosByDefault)) {
            before.emplace_back(bos);
        }
        if (flag("add_eos_token", false)) {
            after.emplace_back(eos);
        }
        if (!before.empty() || !after.empty()) {
            std::vector<std::string> middle = after;
            middle.insert(middle.end(), before.begin(), before.end());
            surround(before, middle, after, 1);
        }
    }

    const SpModel& m_model;
    const json& m_config;
    TokenizerSpec m_spec;
    std::int32_t m_unknown = -1;
};

} // namespace

TokenizerSpec readSentencePiece(std::string_view bytes, const std::string& name, const json& tokenizerConfig)
{
    const SpModel model = readModel(bytes, name);
    return Importer(model, name, tokenizerConfig).run();
}

} // namespace studio::text
