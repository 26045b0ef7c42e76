#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace studio {

/// Precisions of stored embeddings, named as SentenceTransformer.encode(precision=…) names them.
enum class EmbeddingPrecision { Float32, Int8, Uint8, Binary, Ubinary };

std::optional<EmbeddingPrecision> embeddingPrecision(std::string_view name);
const char* toText(EmbeddingPrecision precision);

/// Bytes of one embedding of `dim` values: binary kinds pack eight dimensions into a byte, a last one is
/// filled with zeros.
std::size_t embeddingBytes(EmbeddingPrecision precision, std::size_t dim);

/// Whether the scale of each dimension has to be known before the first value can be written.
bool needsRanges(EmbeddingPrecision precision);

/// Smallest and largest value of each dimension over many embeddings.
class EmbeddingRanges
{
public:
    /// Rows of `dim` values each, row-major. All calls have the same dim.
    void add(std::span<const float> rows, std::size_t dim);

    std::int64_t count() const { return m_count; }
    const std::vector<float>& low() const { return m_low; }
    const std::vector<float>& high() const { return m_high; }

private:
    std::vector<float> m_low, m_high;
    std::int64_t m_count = 0;
};

/// Writes one embedding as quantize_embeddings (sentence-transformers 6.2, util/quantization.py) does, in
/// 32-bit arithmetic: int8 and uint8 are floor((x - low) / ((high - low) / 255)), cut to 0..255, int8 less
/// 128; binary kinds are the signs (x > 0), first dimension in the highest bit, binary less 128. `ranges` is
/// read for int8 and uint8 only; `out` has embeddingBytes().
void quantise(std::span<const float> embedding, EmbeddingPrecision precision, const EmbeddingRanges& ranges,
              std::span<std::uint8_t> out);

} // namespace studio
