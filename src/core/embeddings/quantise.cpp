#include "core/embeddings/quantise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

namespace studio {
namespace {

constexpr std::array<std::pair<EmbeddingPrecision, const char*>, 5> kNames{
    {{EmbeddingPrecision::Float32, "float32"},
     {EmbeddingPrecision::Int8, "int8"},
     {EmbeddingPrecision::Uint8, "uint8"},
     {EmbeddingPrecision::Binary, "binary"},
     {EmbeddingPrecision::Ubinary, "ubinary"}}};

/// int8 of the original is its uint8 less 128, which flips the highest bit.
constexpr std::uint8_t kSignBit = 0x80;

} // namespace

std::optional<EmbeddingPrecision> embeddingPrecision(std::string_view name)
{
    for (const auto& [precision, text] : kNames)
        if (name == text) return precision;
    return std::nullopt;
}

const char* toText(EmbeddingPrecision precision)
{
    for (const auto& [known, text] : kNames)
        if (known == precision) return text;
    return "";
}

std::size_t embeddingBytes(EmbeddingPrecision precision, std::size_t dim)
{
    switch (precision) {
    case EmbeddingPrecision::Float32:
        return dim * sizeof(float);
    case EmbeddingPrecision::Int8:
    case EmbeddingPrecision::Uint8:
        return dim;
    case EmbeddingPrecision::Binary:
    case EmbeddingPrecision::Ubinary:
        return (dim + 7) / 8;
    }
    return 0;
}

bool needsRanges(EmbeddingPrecision precision)
{
    return precision == EmbeddingPrecision::Int8 || precision == EmbeddingPrecision::Uint8;
}

void EmbeddingRanges::add(std::span<const float> rows, std::size_t dim)
{
    for (std::size_t at = 0; at + dim <= rows.size(); at += dim) {
        const auto row = rows.subspan(at, dim);
        if (m_count++ == 0) {
            m_low.assign(row.begin(), row.end());
            m_high = m_low;
            continue;
        }
        for (std::size_t d = 0; d < dim; ++d) {
            m_low[d] = std::min(m_low[d], row[d]);
            m_high[d] = std::max(m_high[d], row[d]);
        }
    }
}

void quantise(std::span<const float> embedding, EmbeddingPrecision precision, const EmbeddingRanges& ranges,
              std::span<std::uint8_t> out)
{
    switch (precision) {
    case EmbeddingPrecision::Float32:
        std::memcpy(out.data(), embedding.data(), embedding.size_bytes());
        return;
    case EmbeddingPrecision::Int8:
    case EmbeddingPrecision::Uint8: {
        const std::uint8_t flip = precision == EmbeddingPrecision::Int8 ? kSignBit : 0;
        for (std::size_t d = 0; d < embedding.size(); ++d) {
            const float start = ranges.low()[d];
            float step = (ranges.high()[d] - start) / 255.0F;
            if (step == 0) step = 1;
            const float level = std::clamp(std::floor((embedding[d] - start) / step), 0.0F, 255.0F);
            out[d] = static_cast<std::uint8_t>(static_cast<std::uint8_t>(level) ^ flip);
        }
        return;
    }
    case EmbeddingPrecision::Binary:
    case EmbeddingPrecision::Ubinary:
        std::fill(out.begin(), out.end(), std::uint8_t{0});
        for (std::size_t d = 0; d < embedding.size(); ++d)
            if (embedding[d] > 0) out[d / 8] = static_cast<std::uint8_t>(out[d / 8] | (0x80U >> (d % 8)));
        if (precision == EmbeddingPrecision::Binary)
            for (auto& byte : out)
                byte = static_cast<std::uint8_t>(byte ^ kSignBit);
        return;
    }
}

} // namespace studio
