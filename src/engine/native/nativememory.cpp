#include "engine/native/nativememory.h"

#include "engine/native/nativebackward_p.h"

#include <algorithm>

namespace studio {

NativeMemory nativeMemory(const EncoderConfig& config, const std::vector<int>& lengths, int threads)
{
    NativeLayout layout;
    layout.preNorm = config.modelType == "modernbert";
    PackedBatch batch;
    int longest = 1;
    for (const int length : lengths) {
        batch.offsets.push_back(batch.offsets.back() + length);
        longest = std::max(longest, length);
    }
    const std::int64_t tokens = batch.offsets.back(), h = config.hiddenSize;
    batch.ids.resize(static_cast<std::size_t>(tokens));
    const auto slabs = slabsOf(batch, kSlabTokens);
    const LayerSizes sizes(config, layout);

    constexpr std::int64_t kFloat = sizeof(float);
    NativeMemory memory;
    memory.packed = 2 * PackedWeights::floats(config, layout) * kFloat;
    memory.activations =
        config.layers * sizes.floats(tokens) * kFloat + (layout.preNorm ? tokens * (h + 1) * kFloat : 0);
    memory.work = NativeBackward::workFloats(config, layout, slabs,
                                             config.relativeBuckets > 0 ? 2 * (longest + 32) : 0) *
                  kFloat;
    memory.scratch = threads * scratchFloats(config, kernels(), longest) * kFloat;
    memory.states = 2 * tokens * h * kFloat;
    return memory;
}

std::int64_t adamwMemory(const EncoderConfig& config, std::int64_t weights, std::int64_t usedRows)
{
    const std::int64_t width = config.embeddingSize > 0 ? config.embeddingSize : config.hiddenSize;
    const std::int64_t unused = std::max<std::int64_t>(0, config.vocabSize - usedRows) * width;
    return 3 * static_cast<std::int64_t>(sizeof(float)) * std::max<std::int64_t>(0, weights - unused);
}

} // namespace studio
