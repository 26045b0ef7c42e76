#pragma once

#include <cstdint>

namespace studio {

/// Dropout by counter: element `index` of a stream is kept when the hash of index · multiplier + offset is at least
/// `threshold` (p · 2^32). Draws depend on the stream and the index only: not on threads, vector width, or what was drawn
/// before.
struct DropoutStream
{
    std::uint32_t offset = 0;
    std::uint32_t multiplier = 1; ///< odd
    std::uint32_t threshold = 0;  ///< 0: off
    float scale = 1;              ///< 1 / (1 - p)
};

/// What a product does with each finished tile of C.
enum class Epilogue {
    Store,          ///< C = A·B
    Add,            ///< C += A·B
    AddFrom,        ///< C = A·B + other
    BiasGelu,       ///< other = A·B + bias (kept for the backward pass), C = gelu(other)
    TimesGeluSlope, ///< C = A·B · gelu'(other)
};

/// C[m0..m1, n] with epilogue; rows of A, C and other are m apart by their strides.
struct Product
{
    Epilogue epilogue = Epilogue::Store;
    int m0 = 0, m1 = 0;       ///< rows of A and C
    int n = 0;                ///< columns of C, a multiple of panelWidth
    int k = 0;
    const float* a = nullptr; ///< [m, k]
    std::int64_t aStride = 0;
    const float* b = nullptr; ///< panels of panelWidth columns
    std::int64_t panelStride = 0;  ///< from one panel to the next
    std::int64_t bStride = 0;      ///< from one row of a panel to the next
    float* c = nullptr;       ///< [m, n]
    std::int64_t cStride = 0;
    float* other = nullptr;
    const float* bias = nullptr;
};

/// Weight gradient dW[n0..n1, k] = dYᵀ·X over all tokens in their order, and db = column sums of dY.
struct WeightGradient
{
    int n0 = 0, n1 = 0;
    int k = 0;                  ///< a multiple of panelWidth
    std::int64_t tokens = 0;
    const float* dy = nullptr;  ///< [tokens, n]
    std::int64_t dyStride = 0;
    const float* x = nullptr;   ///< [tokens, k]
    std::int64_t xStride = 0;
    float* dw = nullptr;        ///< [n, k], added to
    float* db = nullptr;        ///< [n], added to
    float* scratch = nullptr;   ///< kTokenChunk · k floats
};
inline constexpr int kTokenChunk = 192;

/// y = LayerNorm(residual + dropout(x + bias)) row by row; x becomes the normalised row.
struct NormForward
{
    std::int64_t r0 = 0, r1 = 0;
    int h = 0;                ///< a multiple of the vector length
    float* x = nullptr;       ///< in: branch output, out: normalised rows
    const float* residual = nullptr;
    const float* bias = nullptr;
    const float* gamma = nullptr;
    const float* beta = nullptr;
    float* y = nullptr;       ///< may be the residual
    float* rstd = nullptr;    ///< [rows]
    float eps = 1e-12f;
    DropoutStream dropout;
};

/// Gradient of NormForward. dgamma, dbeta and dbias are added to.
struct NormBackward
{
    std::int64_t r0 = 0, r1 = 0;
    int h = 0;
    const float* dy = nullptr;
    const float* normalised = nullptr;
    const float* rstd = nullptr;
    const float* gamma = nullptr;
    float* dResidual = nullptr;
    float* dBranch = nullptr;  ///< null: not wanted
    float* dgamma = nullptr;
    float* dbeta = nullptr;
    DropoutStream dropout;
};

/// Attention of one head over one sequence; rows of q, k, v are `stride` floats apart.
struct Attention
{
    int length = 0;
    int headSize = 0;           ///< a multiple of the vector length
    int h = 0;                  ///< distance from q to k to v in a row
    float scale = 1;
    const float* qkv = nullptr; ///< q of this head in the sequence's first row
    std::int64_t stride = 0;
    const float* bias = nullptr;  ///< q's bias of this head; k's and v's are h further
    float* context = nullptr;   ///< [length, headSize], rows contextStride apart
    std::int64_t contextStride = 0;
    float* logSum = nullptr;    ///< [length]: log of the sum of exponentials
    const float* dContext = nullptr;  ///< backward
    float* dQkv = nullptr;            ///< backward, like qkv
    const float* positionBias = nullptr;  ///< added to the scores, [length, length] with rows biasStride apart; may be null
    float* dPositionBias = nullptr;       ///< backward, added to
    std::int64_t biasStride = 0;
    int window = 0;             ///< local attention: |i - j| <= window; 0: all
    DropoutStream dropout;      ///< stream of this sequence and head; score (i, j) is element i · length + j
    float* scratch = nullptr;   ///< attentionScratch(length, headSize) floats
};

/// The kernels of one instruction set.
struct Kernels
{
    const char* name;     ///< "AVX2"
    int vectorLength;     ///< floats
    int panelWidth;       ///< columns of a packed panel
    int tileRows;         ///< rows of a register tile

    /// Packs W[n, k] (row-major) into panels for A·Wᵀ: panel p, row j holds W[p·panelWidth …, j]. Panels p0..p1.
    void (*packTransposed)(const float* w, int k, int p0, int p1, float* packed);
    void (*product)(const Product&);
    void (*weightGradient)(const WeightGradient&);
    void (*normForward)(const NormForward&);
    void (*normBackward)(const NormBackward&);
    void (*attentionForward)(const Attention&);
    void (*attentionBackward)(const Attention&);
    std::int64_t (*attentionScratch)(int length, int headSize);
    /// out[i] = gelu(u[i]) for n values.
    void (*gelu)(const float* u, float* out, std::int64_t n);
    /// y[r, :] = normalised[r, :] · gamma + beta for rows r0..r1.
    void (*affine)(const float* normalised, const float* gamma, const float* beta, float* y, std::int64_t r0, std::int64_t r1, int h);
    /// x[i] *= mask(first + i)
    void (*dropout)(float* x, std::int64_t n, DropoutStream dropout, std::uint32_t first);
    /// y[i] += x[i]
    void (*add)(const float* x, float* y, std::int64_t n);
};

/// The table of the best set that this machine and this build have, or of the one that SENTENCE_STUDIO_ISA names
/// ("portable", "avx2", "avx512").
const Kernels& kernels();

/// All tables that this machine can run, best last.
int availableKernels(const Kernels** tables, int capacity);

} // namespace studio
