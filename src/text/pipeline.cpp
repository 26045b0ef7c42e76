#include "text/pipeline.h"

#include "text/models.h"

#include <algorithm>

namespace studio::text {
namespace {

bool isLowercase(const nlohmann::json& normalizer)
{
    return normalizer.is_object() && normalizer.value("type", "") == "Lowercase";
}

/// A Lowercase step stands there already (sentence-transformers looks no deeper, not into a BertNormalizer
/// either).
bool lowersCase(const nlohmann::json& normalizer)
{
    if (normalizer.is_object() && normalizer.value("type", "") == "Sequence" &&
        normalizer.contains("normalizers") && normalizer["normalizers"].is_array()) {
        return std::any_of(normalizer["normalizers"].begin(), normalizer["normalizers"].end(), isLowercase);
    }
    return isLowercase(normalizer);
}

void addLowerCase(nlohmann::json& root)
{
    nlohmann::json& normalizer = root["normalizer"];
    if (lowersCase(normalizer)) {
        return;
    }
    nlohmann::json steps = nlohmann::json::array();
    steps.push_back(nlohmann::json{{"type", "Lowercase"}});
    if (normalizer.is_object()) {
        steps.push_back(normalizer);
    }
    normalizer = nlohmann::json::object();
    normalizer["type"] = "Sequence";
    normalizer["normalizers"] = std::move(steps);
}

/// BERT's normalizer followed by BERT's pre-tokenizer and WordPiece with nothing between them.
std::unique_ptr<BertFast> makeFastPath(const Fields& root, const Pipeline& pipeline)
{
    const auto* const words = dynamic_cast<const WordPiece*>(pipeline.model.get());
    if (words == nullptr || pipeline.added.any(true) || words->maxChars() > BertFast::kMaxChars ||
        !root.has("normalizer") || !root.has("pre_tokenizer") ||
        root.object("normalizer").type() != "BertNormalizer" ||
        root.object("pre_tokenizer").type() != "BertPreTokenizer") {
        return nullptr;
    }
    return std::make_unique<BertFast>(readBertOptions(root.object("normalizer")), *words);
}

} // namespace

template <typename Emit>
void Pipeline::run(std::string_view text, bool track, std::size_t limit, Emit&& emit) const
{
    std::size_t count = 0;
    std::vector<ModelToken> modelTokens;
    std::vector<AddedTokens::Segment> raw;
    std::vector<AddedTokens::Segment> inner;
    CutText cut;
    NormalizedText normalized;
    const bool trackOffsets = track || (preTokenizer && preTokenizer->needsOffsets());
    added.split(text, false, raw);
    for (const AddedTokens::Segment& segment : raw) {
        if (count >= limit) {
            return;
        }
        const std::string_view part = text.substr(segment.begin, segment.end - segment.begin);
        if (segment.id >= 0) {
            emit(segment.id,
                 TextSpan{static_cast<std::uint32_t>(segment.begin), static_cast<std::uint32_t>(segment.end)},
                 part);
            ++count;
            continue;
        }
        normalized.assign(part, static_cast<std::uint32_t>(segment.begin), trackOffsets);
        if (normalizer) {
            normalizer->apply(normalized);
        }
        inner.clear();
        added.split(normalized.text, true, inner);
        for (const AddedTokens::Segment& piece : inner) {
            if (piece.id >= 0) {
                emit(piece.id, normalized.original(piece.begin, piece.end),
                     std::string_view(normalized.text).substr(piece.begin, piece.end - piece.begin));
                ++count;
                continue;
            }
            if (inner.size() == 1) {
                std::swap(cut.text, normalized);
            } else {
                cut.text.assignSlice(normalized, piece.begin, piece.end);
            }
            cut.pieces.assign(1, {0, static_cast<std::uint32_t>(cut.text.text.size())});
            if (preTokenizer) {
                preTokenizer->apply(cut);
            }
            for (const CutText::Piece& word : cut.pieces) {
                if (count >= limit) {
                    return;
                }
                modelTokens.clear();
                const std::string_view view = cut.view(word);
                model->tokenize(view, modelTokens);
                for (const ModelToken& token : modelTokens) {
                    emit(token.id, cut.text.original(word.begin + token.begin, word.begin + token.end),
                         token.spelled ? view.substr(token.begin, token.end - token.begin)
                                       : std::string_view());
                }
                count += modelTokens.size();
            }
        }
    }
}

void Pipeline::ids(std::string_view text, std::size_t limit, std::vector<std::int32_t>& out) const
{
    if (fast && !added.occurs(text)) {
        const std::size_t before = out.size();
        if (fast->run(text, limit, out)) {
            return;
        }
        out.resize(before);
    }
    run(text, false, limit, [&](std::int32_t id, TextSpan, std::string_view) { out.push_back(id); });
}

void Pipeline::tokens(std::string_view text, std::vector<PlacedToken>& out) const
{
    run(text, true, kNoLimit, [&](std::int32_t id, TextSpan bytes, std::string_view spelled) {
        out.push_back({id, bytes, std::string(spelled)});
    });
}

Pipeline makePipeline(TokenizerSpec& spec, bool lowerCaseFirst)
{
    if (lowerCaseFirst) {
        addLowerCase(spec.root);
    }
    const Fields root(spec.root, spec.name, "");
    if (const std::string version = root.string("version", "1.0"); version != "1.0") {
        root.unsupported("version", version);
    }
    Pipeline pipeline;
    if (root.has("normalizer")) {
        pipeline.normalizer = makeNormalizer(root.object("normalizer"));
    }
    if (root.has("pre_tokenizer")) {
        pipeline.preTokenizer = makePreTokenizer(root.object("pre_tokenizer"));
    }
    if (root.has("post_processor")) {
        pipeline.postProcessor = PostProcessor::read(root.object("post_processor"));
    }
    if (root.has("decoder")) {
        pipeline.decoder = makeDecoder(root.object("decoder"));
    }
    pipeline.model = makeModel(spec);
    if (auto* const bpe = dynamic_cast<Bpe*>(pipeline.model.get()); bpe != nullptr && pipeline.preTokenizer &&
                                                                    bpe->canReadRawBytes() &&
                                                                    pipeline.preTokenizer->keepRawBytes()) {
        bpe->readRawBytes();
    }
    if (root.has("added_tokens")) {
        for (const Fields& fields : root.objects("added_tokens")) {
            AddedToken token = readAddedToken(fields);
            if (const std::int32_t id = pipeline.model->vocab().find(token.content); id >= 0) {
                token.id = id;
            }
            pipeline.added.add(std::move(token));
        }
    }
    pipeline.added.prepare(pipeline.normalizer.get());
    pipeline.fast = makeFastPath(root, pipeline);
    return pipeline;
}

} // namespace studio::text
