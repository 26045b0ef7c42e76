#pragma once

#include "core/result.h"
#include "text/wordpiecetrainer.h"

#include <string>

namespace studio {

struct UnigramTraining
{
    int vocabSize = 8000;        ///< tokens in all, special ones included; fewer when the texts hold no more
    int maxPieceLength = 16;     ///< characters of a piece
    int maxSeedSize = 1'000'000; ///< pieces to begin with, the most promising substrings
    int iterations = 2;          ///< of expectation and maximisation between two prunings
    double shrinking = 0.75;     ///< share of the pieces that a pruning keeps
    bool lowercase = true;       ///< and accents are stripped, as in uncased BERT
};

/// Learns a Unigram vocabulary (Kudo 2018, "Subword Regularization"): all frequent substrings of words to
/// begin with, then in turn their probabilities by expectation and maximisation (with the Bayesian digamma
/// form of SentencePiece's trainer), and removal of the pieces whose loss changes the likelihood of the texts
/// least, down to the wanted size. Single characters always stay. A word begins with "▁" (Metaspace). Equal
/// texts give equal vocabularies. Returns the text of a tokenizer.json with [PAD] 0, [UNK] 1, [CLS] 2, [SEP]
/// 3, [MASK] 4. Errors: InvalidValue when vocabSize is too small for the alphabet or the texts hold no words.
Result<std::string> trainUnigram(const TextSource& next, const UnigramTraining& options);

} // namespace studio
