#include "core/files/sha256.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace studio {

namespace {

// First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
alignas(16) constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

void plainBlocks(std::uint32_t* state, const unsigned char* bytes, std::size_t blocks)
{
    for (; blocks > 0; --blocks, bytes += 64) {
        std::uint32_t w[64];
        for (int i = 0; i < 16; ++i) {
            const unsigned char* p = bytes + 4 * i;
            w[i] = std::uint32_t(p[0]) << 24 | std::uint32_t(p[1]) << 16 | std::uint32_t(p[2]) << 8 | p[3];
        }
        for (int i = 16; i < 64; ++i) {
            const auto s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
            const auto s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        auto [a, b, c, d, e, f, g, h] = std::array<std::uint32_t, 8>{state[0], state[1], state[2], state[3],
                                                                     state[4], state[5], state[6], state[7]};
        for (int i = 0; i < 64; ++i) {
            const auto big1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
            const auto t1 = h + big1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
            const auto big0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
            const auto t2 = big0 + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
        }
        const std::uint32_t sums[8] = {a, b, c, d, e, f, g, h};
        for (int i = 0; i < 8; ++i)
            state[i] += sums[i];
    }
}

#if defined(__x86_64__)
// The processor keeps the state as the vectors {a,b,e,f} and {c,d,g,h} (most significant word first) and does
// two rounds an instruction; the message schedule runs four words at a time.
__attribute__((target("sha,sse4.1,ssse3"))) void
acceleratedBlocks(std::uint32_t* state, const unsigned char* bytes, std::size_t blocks)
{
    const __m128i bigEndian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));
    __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
    __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
    __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

    for (; blocks > 0; --blocks, bytes += 64) {
        const __m128i abefBefore = abef;
        const __m128i cdghBefore = cdgh;
        __m128i w[4];
        for (int i = 0; i < 4; ++i) {
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i)),
                                    bigEndian);
        }
        for (int four = 0; four < 16; ++four) {
            __m128i& now = w[four & 3];
            if (four >= 4) {
                const __m128i last = w[(four + 3) & 3];
                const __m128i shifted = _mm_alignr_epi8(last, w[(four + 2) & 3], 4); // w[i-7]
                now = _mm_add_epi32(_mm_sha256msg1_epu32(now, w[(four + 1) & 3]), shifted);
                now = _mm_sha256msg2_epu32(now, last);
            }
            __m128i sum =
                _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i*>(kRound + 4 * four)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            sum = _mm_shuffle_epi32(sum, 0x0e);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, sum);
        }
        abef = _mm_add_epi32(abef, abefBefore);
        cdgh = _mm_add_epi32(cdgh, cdghBefore);
    }

    const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    dcba = _mm_blend_epi16(feba, dchg, 0xf0);
    hgfe = _mm_alignr_epi8(dchg, feba, 8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state), dcba);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), hgfe);
}

bool processorHasSha()
{
    unsigned a = 7, b = 0, c = 0, d = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d)); // leaf 7: EBX bit 29 is SHA
    return __builtin_cpu_supports("sse4.1") && (b >> 29 & 1u);
}
#else
void acceleratedBlocks(std::uint32_t* state, const unsigned char* bytes, std::size_t blocks)
{
    plainBlocks(state, bytes, blocks);
}
bool processorHasSha()
{
    return false;
}
#endif

std::atomic<bool> g_accelerated{processorHasSha()};

void addBlocks(std::uint32_t* state, const unsigned char* bytes, std::size_t blocks)
{
    (g_accelerated.load(std::memory_order_relaxed) ? acceleratedBlocks : plainBlocks)(state, bytes, blocks);
}

} // namespace

Sha256::Sha256()
    : m_state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
      m_block{}
{}

void Sha256::add(const void* bytes, std::size_t count)
{
    const auto* at = static_cast<const unsigned char*>(bytes);
    m_total += count;
    if (m_filled > 0) {
        const std::size_t part = std::min(count, m_block.size() - m_filled);
        std::memcpy(m_block.data() + m_filled, at, part);
        m_filled += part, at += part, count -= part;
        if (m_filled < m_block.size()) return;
        addBlocks(m_state.data(), m_block.data(), 1);
        m_filled = 0;
    }
    addBlocks(m_state.data(), at, count / 64);
    at += count / 64 * 64;
    m_filled = count % 64;
    if (m_filled > 0) std::memcpy(m_block.data(), at, m_filled);
}

std::string Sha256::finish()
{
    const std::uint64_t bits = m_total * 8;
    unsigned char tail[72] = {0x80};
    const std::size_t zeros = (m_filled < 56 ? 56 : 120) - m_filled;
    for (int i = 0; i < 8; ++i)
        tail[zeros + i] = static_cast<unsigned char>(bits >> (56 - 8 * i));
    add(tail, zeros + 8);

    constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (const std::uint32_t word : m_state) {
        for (int shift = 28; shift >= 0; shift -= 4)
            hex += kDigits[word >> shift & 15u];
    }
    return hex;
}

std::string sha256(std::string_view bytes)
{
    Sha256 hash;
    hash.add(bytes);
    return hash.finish();
}

bool detail::sha256Accelerated()
{
    return g_accelerated.load();
}

void detail::setSha256Accelerated(bool on)
{
    g_accelerated.store(on && processorHasSha());
}

} // namespace studio
