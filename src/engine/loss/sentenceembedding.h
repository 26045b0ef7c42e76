#pragma once

#include "engine/loss/embeddingmodel.h"

#include <memory>

namespace studio {

class SentenceModel;

/// A loss's view of a SentenceModel, which must outlive it. clone() opens the model's folder again and copies
/// the present weights.
std::unique_ptr<EmbeddingModel> sentenceEmbeddingModel(SentenceModel& model);

/// The same for a model that the view owns.
std::unique_ptr<EmbeddingModel> sentenceEmbeddingModel(std::unique_ptr<SentenceModel> model);

} // namespace studio
