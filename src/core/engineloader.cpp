#include "core/engine_api.h"

#include <cstdlib>
#include <dlfcn.h>
#include <mutex>

namespace studio {
namespace {

std::mutex g_mutex;
Engine* g_engine = nullptr;
Engine* g_replacement = nullptr;

std::filesystem::path programFolder()
{
    std::error_code ec;
    const auto exe = std::filesystem::read_symlink("/proc/self/exe", ec);
    return ec ? std::filesystem::path() : exe.parent_path();
}

/// Beside the program in the build tree (bin/../lib) and in an installed tree (bin/../lib/sentence-studio).
std::filesystem::path libraryPath()
{
    const auto base = programFolder();
    for (const char* folder : {"../lib", "../lib/sentence-studio", "."}) {
        auto candidate = base / folder / "libengine.so";
        if (std::filesystem::exists(candidate)) return candidate.lexically_normal();
    }
    return {};
}

} // namespace

void setEngineForTesting(Engine* engine)
{
    std::lock_guard lock(g_mutex);
    g_replacement = engine;
}

Result<Engine*> loadEngine()
{
    std::lock_guard lock(g_mutex);
    if (g_replacement) return g_replacement;
    if (g_engine) return g_engine;

    const auto path = libraryPath();
    if (path.empty())
        return Error{ErrorCode::NotFound,
                     "The training engine (libengine.so) is not beside the program. Build it with ./run, or "
                     "install the package again.",
                     programFolder().string()};
    // Torch's OpenMP threads would go on spinning behind every operation and take the cores from the encoder's own threads.
    // Read when the library is loaded; a value that the person set stays.
    setenv("OMP_WAIT_POLICY", "passive", 0);
    // RTLD_LOCAL keeps torch's symbols away from Qt's; the library is never closed, torch does not allow it.
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char* reason = dlerror();
        return Error{ErrorCode::Unreadable,
                     std::string("The training engine cannot be loaded: ") + (reason ? reason : "unknown reason"),
                     path.string()};
    }
    using MakeEngine = Engine* (*)();
    const auto make = reinterpret_cast<MakeEngine>(dlsym(handle, kMakeEngineSymbol));
    if (!make)
        return Error{ErrorCode::Malformed, "The training engine's library is not one of this program's.",
                     path.string()};
    g_engine = make();
    return g_engine;
}

} // namespace studio
