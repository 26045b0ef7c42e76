#pragma once

#include "text/addedtokens.h"
#include "text/bertfast.h"
#include "text/decoder.h"
#include "text/model.h"
#include "text/normalizer.h"
#include "text/postprocessor.h"
#include "text/pretokenizer.h"

#include <limits>
#include <memory>
#include <optional>

namespace studio::text {

/// A token with its place in the text, before special tokens are put around.
struct PlacedToken
{
    std::int32_t id = 0;
    TextSpan bytes;      ///< in the text as given to run()
    std::string spelled; ///< the token's text when it is not the vocabulary's word for the id
};

/// added tokens → normalizer → pre-tokenizer → model. Everything a tokenizer.json describes.
struct Pipeline
{
    static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

    AddedTokens added;
    std::unique_ptr<Normalizer> normalizer;
    std::unique_ptr<PreTokenizer> preTokenizer;
    std::unique_ptr<Model> model;
    PostProcessor postProcessor;
    std::unique_ptr<Decoder> decoder;
    std::unique_ptr<BertFast> fast; ///< set when the components are BERT's: ids in one pass

    /// Ids of well-formed text, at least the first `limit` when there are as many.
    void ids(std::string_view text, std::size_t limit, std::vector<std::int32_t>& out) const;
    /// The same with places and spellings.
    void tokens(std::string_view text, std::vector<PlacedToken>& out) const;

private:
    template <typename Emit>
    void run(std::string_view text, bool track, std::size_t limit, Emit&& emit) const;
};

/// Builds the components that spec.root names.
Pipeline makePipeline(TokenizerSpec& spec, bool lowerCaseFirst);

} // namespace studio::text
