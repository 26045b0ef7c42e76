#include "text/models.h"

namespace studio::text {

std::unique_ptr<Model> makeModel(const TokenizerSpec& spec)
{
    const Fields root(spec.root, spec.name, "");
    const Fields fields = root.object("model");
    if (!spec.hasVocab) {
        fields.fail("vocab", "is missing");
    }
    // Files from before 2021 do not name the type.
    std::string type = fields.string("type", "");
    if (type.empty()) {
        type = spec.scored ? "Unigram" : !spec.merges.empty() ? "BPE" : "WordPiece";
    }
    if (spec.scored != (type == "Unigram")) {
        fields.fail("vocab", spec.scored ? "must be an object of tokens and ids"
                                         : "must be a list of pieces and scores");
    }
    if (type == "WordPiece") {
        return std::make_unique<WordPiece>(spec.makeVocab(), fields);
    }
    if (type == "WordLevel") {
        return std::make_unique<WordLevel>(spec.makeVocab(), fields);
    }
    if (type == "BPE") {
        return std::make_unique<Bpe>(spec, fields);
    }
    if (type == "Unigram") {
        return std::make_unique<Unigram>(spec, fields);
    }
    fields.unsupported("model", type);
}

} // namespace studio::text
