#include "engine/native/kernels.h"

#include <cstdlib>
#include <string_view>

namespace studio {

extern const Kernels kKernelsPortable;
#if defined(STUDIO_X86)
extern const Kernels kKernelsAvx2;
extern const Kernels kKernelsAvx512;
#if defined(STUDIO_AVX512BF16)
extern const Kernels kKernelsAvx512Bf16;
#endif
#endif

namespace {

bool isNamed(std::string_view wanted, std::string_view name)
{
    if (wanted.size() != name.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const char a = wanted[i], b = name[i];
        const char lower = b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b;
        if (a != lower) return false;
    }
    return true;
}

} // namespace

int availableKernels(const Kernels** tables, int capacity)
{
    int count = 0;
    const auto add = [&](const Kernels& table) {
        if (count < capacity) tables[count++] = &table;
    };
    add(kKernelsPortable);
#if defined(STUDIO_X86)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) add(kKernelsAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
        add(kKernelsAvx512);
#if defined(STUDIO_AVX512BF16)
        if (__builtin_cpu_supports("avx512bf16")) add(kKernelsAvx512Bf16);
#endif
    }
#endif
    return count;
}

const Kernels& kernels()
{
    static const Kernels& chosen = []() -> const Kernels& {
        const Kernels* tables[8];
        const int count = availableKernels(tables, 8);
        if (const char* wanted = std::getenv("SENTENCE_STUDIO_ISA"))
            for (int i = 0; i < count; ++i)
                if (isNamed(wanted, tables[i]->name)) return *tables[i];
        return *tables[count - 1];
    }();
    return chosen;
}

} // namespace studio
