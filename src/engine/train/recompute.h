#pragma once

#include "engine/loss/embeddingmodel.h"

#include <memory>

namespace studio {

/// A view of a model that keeps no activations (gradient_checkpointing, Chen et al. 2016, with whole texts as
/// segments): embed() runs without gradient in parts of the pack, and backward() embeds each part again, with
/// gradient and the same dropout, and passes its share of the gradient on. Activations of one part are in
/// memory at a time. Values equal the model's own up to rounding; dropout draws are others, because they
/// depend on the part. embedLayers() is the model's own.
std::unique_ptr<EmbeddingModel> recomputing(std::unique_ptr<EmbeddingModel> model);

} // namespace studio
