#include "core/experiment/experiment.h"
#include "core/files/durablefile.h"

namespace studio {

namespace {

constexpr std::uint64_t kMaxBytes = 16u << 20;

} // namespace

Result<LoadedExperiment> loadExperiment(const std::filesystem::path& file)
{
    const Result<std::string> text = readWholeFile(posixFileSystem(), file.string(), kMaxBytes);
    if (!text) return text.error();
    return parseExperiment(*text, file.string());
}

Status saveExperiment(const Experiment& experiment, const std::filesystem::path& file)
{
    return writeFileDurably(file, experimentToJson(experiment));
}

} // namespace studio
