#include "engine/model/configreader.h"
#include "engine/model/modelfolder.h"
#include "engine/model/modulelist.h"

#include <cstdint>
#include <fstream>

#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace studio;
    static const auto folder = [] {
        auto name = std::filesystem::temp_directory_path() / ("fuzz-modules-" + std::to_string(::getpid()));
        std::filesystem::create_directories(name);
        return name;
    }();
    for (const char* name : {"modules.json", "config.json"})
        std::ofstream(folder / name, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    if (const auto opened = ModelFolder::open(folder)) (void)readModules(*opened);
    return 0;
}
