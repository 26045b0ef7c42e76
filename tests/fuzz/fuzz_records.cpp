#include "core/files/manifest.h"
#include "core/records/events.h"
#include "core/records/runstate.h"
#include "core/records/steps.h"
#include "fuzz/memoryfile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace studio;
    const std::string text(reinterpret_cast<const char*>(data), size);
    (void)eventFromJsonLine(text);
    (void)parseManifest(text, "fuzz");
    (void)runStatusFromJson(text, "fuzz");
    const fuzz::MemoryFile file(data, size);
    (void)readEvents(file.path());
    (void)StepFile::open(file.path());
    return 0;
}
