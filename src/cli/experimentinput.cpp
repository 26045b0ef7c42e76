#include "cli/experimentinput.h"

#include "cli/commands.h"
#include "cli/settings.h"
#include "core/experiment/experiment.h"

#include <filesystem>

namespace studio::cli {

Result<Experiment> readExperiment(const std::string& file, const std::vector<std::string>& settings)
{
    auto loaded = loadExperiment(file);
    if (!loaded) return loaded.error();
    report(loaded->issues);
    if (hasErrors(loaded->issues))
        return Error{ErrorCode::InvalidValue, file + " has errors. Mend what is named above and run it again.", file};
    auto& experiment = loaded->experiment;
    for (const auto& setting : settings) {
        if (auto status = applySetting(experiment, setting); !status) return status.error();
    }
    return absolutePaths(experiment, std::filesystem::absolute(file).parent_path());
}

} // namespace studio::cli
