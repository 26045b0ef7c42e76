#pragma once

#include <cstdint>

namespace studio {

/// Dropout by counter: element `index` of a stream is kept when the hash of index · multiplier + offset is at
/// least `threshold` (p · 2^32). Draws depend on the stream and the index only: not on threads, vector width,
/// or what was drawn before.
struct DropoutStream
{
    std::uint32_t offset = 0;
    std::uint32_t multiplier = 1; ///< odd
    std::uint32_t threshold = 0;  ///< 0: off
    float scale = 1;              ///< 1 / (1 - p)
};

/// What a product does with each finished tile of C. A·B already carries the bias.
enum class Epilogue {
    Store,          ///< C = A·B
    Add,            ///< C += A·B
    AddFrom,        ///< C = A·B + other
    Gelu,           ///< other = A·B (kept for the backward pass), C = gelu(other)
    TimesGeluSlope, ///< C = A·B · gelu'(other), active = gelu(other); C may be other
};

/// C[m0..m1, n] with epilogue; rows of A, C and other are m apart by their strides.
struct Product
{
    Epilogue epilogue = Epilogue::Store;
    int m0 = 0, m1 = 0; ///< rows of A and C
    int n = 0;          ///< columns of C, a multiple of panelWidth
    int k = 0;
    const float* a = nullptr; ///< [m, k]
    std::int64_t aStride = 0;
    const float* b = nullptr; ///< panels of panelWidth columns, each [k, panelWidth], one after the other
    float* c = nullptr;       ///< [m, n]
    std::int64_t cStride = 0;
    float* other = nullptr;
    float* active = nullptr;     ///< [m, n], rows cStride apart
    const float* bias = nullptr; ///< [n], where the sums begin; null: zero
    bool bf16 = false;           ///< operands rounded to bf16: B is packed so, A is on the way
    float* scratch = nullptr;    ///< productScratch(k) floats, with bf16 only
};

/// Weight gradient dW[n0..n1, k0..k1] += dYᵀ·X over all tokens in their order, and db += column sums of dY. X
/// may be given as normalised rows whose gain and shift are applied on the way.
struct WeightGradient
{
    int n0 = 0, n1 = 0;
    int k0 = 0, k1 = 0; ///< multiples of panelWidth
    std::int64_t tokens = 0;
    const float* dy = nullptr; ///< [tokens, n]
    std::int64_t dyStride = 0;
    const float* x = nullptr; ///< [tokens, k]
    std::int64_t xStride = 0;
    const float* gamma = nullptr; ///< [k]; null: X as it is
    const float* beta = nullptr;  ///< [k]; null: no shift
    float* dw = nullptr;          ///< [n, k]
    std::int64_t dwStride = 0;
    float* db = nullptr;      ///< [n]; null: not wanted
    float* scratch = nullptr; ///< gradientScratch(n1 - n0) floats
    bool bf16 = false;        ///< operands rounded to bf16 (the column sums are not)
};

/// y = LayerNorm(residual + dropout(x)) row by row; x becomes the normalised row.
struct NormForward
{
    std::int64_t rows = 0;
    std::int64_t firstRow = 0;       ///< number of the first row in the batch: where dropout's counter begins
    int h = 0;                       ///< a multiple of the vector length
    float* x = nullptr;              ///< in: branch output, out: normalised rows
    const float* residual = nullptr; ///< null: none
    float* sum = nullptr;            ///< null, or receives residual + dropout(x); may be the residual
    const float* gamma = nullptr;
    const float* beta = nullptr; ///< null: no shift
    float* y = nullptr;          ///< may be the residual
    float* rstd = nullptr;       ///< [rows]
    float eps = 1e-12f;
    DropoutStream dropout;
};

/// Gradient of NormForward. dgamma and dbeta are added to.
struct NormBackward
{
    std::int64_t rows = 0;
    std::int64_t firstRow = 0;
    int h = 0;
    const float* dy = nullptr;
    const float* normalised = nullptr;
    const float* rstd = nullptr;
    const float* gamma = nullptr;
    const float* add =
        nullptr; ///< added to the gradient (of a residual stream that goes round the norm); null: nothing
    float* dResidual = nullptr; ///< may be `add`
    float* dBranch = nullptr;   ///< null: not wanted
    float* dgamma = nullptr;
    float* dbeta = nullptr;
    DropoutStream dropout;
};

/// Attention of one head over one sequence; rows of q, k, v are `stride` floats apart and carry their biases.
struct Attention
{
    int length = 0;
    int headSize = 0;
    int h = 0; ///< distance from q to k to v in a row
    float scale = 1;
    const float* qkv = nullptr; ///< q of this head in the sequence's first row
    std::int64_t stride = 0;
    float* context = nullptr; ///< [length, headSize], rows contextStride apart
    std::int64_t contextStride = 0;
    float* logSum = nullptr;         ///< [length]: log of the sum of exponentials; forward: null: not wanted
    const float* dContext = nullptr; ///< backward, rows contextStride apart
    float* dQkv = nullptr;           ///< backward, like qkv, may be the same
    /// Added to the scores by distance: pair (i, j) gets distanceBias[j - i]; null: nothing.
    const float* distanceBias = nullptr;
    float* dDistanceBias = nullptr; ///< backward, added to; null: not wanted
    int window = 0;                 ///< local attention: |i - j| <= window; 0: all
    DropoutStream dropout;    ///< stream of this sequence and head; score (i, j) is element i · length + j
    float* scratch = nullptr; ///< attentionScratch(length, headSize) floats
};

/// Turns the heads of rows by their positions (rotary embedding, the form that pairs element i with i + d/2).
struct Rotation
{
    std::int64_t rows = 0;
    int heads = 0;
    int headSize = 0;   ///< even
    float* x = nullptr; ///< [rows, heads · headSize], rows `stride` apart
    std::int64_t stride = 0;
    const std::int32_t* positions = nullptr; ///< [rows]
    const float* cosines = nullptr;          ///< [position, headSize / 2]
    const float* sines = nullptr;
    bool back = false; ///< the inverse turn, which is the gradient
};

/// The kernels of one instruction set.
struct Kernels
{
    const char* name; ///< "AVX2"
    int vectorLength; ///< floats
    int panelWidth;   ///< columns of a packed panel
    int tileRows;     ///< rows of a register tile
    bool bf16Dot; ///< has instructions for products of bf16 values; without them bf16 saves memory traffic
                  ///< only

    /// Packs W[n, k] (row-major) into panels for A·Wᵀ: panel p, row j holds W[p·panelWidth …, j]. Panels
    /// p0..p1.
    void (*packTransposed)(const float* w, int k, int p0, int p1, float* packed);
    /// The same rounded to bf16, in half the memory: two rows of a panel in one.
    void (*packTransposedBf16)(const float* w, int k, int p0, int p1, float* packed);
    /// Packs W[k, n] (row-major) into panels for A·W: panel p, row j holds W[j, p·panelWidth …]. Panel p lies
    /// at packed + p · k · panelWidth. Panels p0..p1, rows j0..j1 (a panel may hold the rows of several
    /// matrices: `packed` is moved and `depth` says how many rows a whole panel has).
    void (*packPlain)(const float* w, int n, int rows, int depth, int p0, int p1, float* packed);
    void (*packPlainBf16)(const float* w, int n, int rows, int depth, int p0, int p1, float* packed);
    void (*product)(const Product&);
    std::int64_t (*productScratch)(int k);
    void (*weightGradient)(const WeightGradient&);
    std::int64_t (*gradientScratch)(int rows);
    void (*normForward)(const NormForward&);
    void (*normBackward)(const NormBackward&);
    void (*attentionForward)(const Attention&);
    void (*attentionBackward)(const Attention&);
    std::int64_t (*attentionScratch)(int length, int headSize);
    void (*rotate)(const Rotation&);
    /// u [rows, 2f] holds values and gates: out[r, i] = gelu(u[r, i]) · u[r, f + i], times dropout's mask of
    /// element (firstRow + r) · f + i.
    void (*gated)(const float* u, float* out, std::int64_t rows, int f, DropoutStream dropout,
                  std::int64_t firstRow);
    /// The gradient of `gated`: u becomes its own gradient; `out` holds d out and becomes out again.
    void (*gatedBackward)(float* u, float* out, std::int64_t rows, int f, DropoutStream dropout,
                          std::int64_t firstRow);
    /// x[i] *= mask(first + i)
    void (*dropout)(float* x, std::int64_t n, DropoutStream dropout, std::uint32_t first);
    /// y[i] = residual[i] + x[i] · mask(first + i); y may be the residual
    void (*dropoutAdd)(const float* x, const float* residual, float* y, std::int64_t n, DropoutStream dropout,
                       std::uint32_t first);
    /// y[i] += x[i]
    void (*add)(const float* x, float* y, std::int64_t n);
};

/// The table of the best set that this machine and this build have, or of the one that SENTENCE_STUDIO_ISA
/// names
/// ("portable", "avx2", "avx512", "avx512-bf16").
const Kernels& kernels();

/// All tables that this machine can run, best last.
int availableKernels(const Kernels** tables, int capacity);

} // namespace studio
