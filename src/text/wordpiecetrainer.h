#pragma once

#include "core/result.h"

#include <functional>
#include <string>

namespace studio {

struct WordPieceTraining
{
    int vocabSize = 30'522;   ///< tokens in all, special ones included; fewer when the texts hold no more
    int minFrequency = 2;     ///< a pair that occurs less often is not merged
    int maxCharacters = 1000; ///< of the alphabet, the most frequent ones; words with others become [UNK]
    bool lowercase = true;    ///< and accents are stripped, as in uncased BERT
};

/// Gives the next text and returns true, or returns false at the end.
using TextSource = std::function<bool(std::string& text)>;

/// Learns a BERT vocabulary from texts: characters, then the most frequent pair of neighbours becomes a
/// token, again and again (as the Python library's WordPieceTrainer does). Equally frequent pairs go by their
/// ids, so equal texts give equal vocabularies. Returns the text of a tokenizer.json with [PAD] 0, [UNK] 1,
/// [CLS] 2, [SEP] 3, [MASK] 4. Errors: InvalidValue when vocabSize is too small for the alphabet or the texts
/// hold no words.
Result<std::string> trainWordPiece(const TextSource& next, const WordPieceTraining& options);

} // namespace studio
