#include "ui/designer/documentchecks.h"

#include "core/experiment/experiment.h"

namespace fs = std::filesystem;

namespace studio {

namespace {

Issue problem(const std::string& code, const std::string& key, const std::string& message)
{
    Issue issue;
    issue.code = code;
    issue.keys = {key};
    issue.message = message;
    return issue;
}

void checkData(const std::vector<DataSpec>& sets, const std::string& list, std::vector<Issue>& issues)
{
    for (std::size_t i = 0; i < sets.size(); ++i) {
        if (sets[i].path.empty()) continue; // validateExperiment speaks of it
        std::error_code ignored;
        const fs::path path(sets[i].path);
        if (fs::exists(path, ignored)) continue;
        issues.push_back(problem("data_missing", list + "[" + std::to_string(i) + "].path",
                                 "There is no file " + path.string() + ". Choose another under Data."));
    }
}

} // namespace

std::vector<Issue> checkFiles(const Experiment& experiment)
{
    std::vector<Issue> issues;
    std::error_code ignored;
    const fs::path model(experiment.model.path);
    if (!model.empty() && !fs::exists(model, ignored)) {
        issues.push_back(problem("model_missing", "model.path",
                                 "There is no folder " + model.string() + ". Choose the folder of a model."));
    } else if (!model.empty() && !fs::exists(model / "config.json", ignored) &&
               !fs::exists(model / "modules.json", ignored)) {
        issues.push_back(problem("model_no_config", "model.path",
                                 model.string() +
                                     " holds neither config.json nor modules.json: it is not a model's "
                                     "folder. Choose another."));
    }
    checkData(experiment.train, "train", issues);
    checkData(experiment.eval, "eval", issues);
    checkData(experiment.test, "test", issues);
    if (experiment.arguments.outputDir && !experiment.arguments.outputDir->empty() &&
        fs::exists(*experiment.arguments.outputDir, ignored) &&
        !fs::is_directory(*experiment.arguments.outputDir, ignored)) {
        issues.push_back(
            problem("output_not_folder", "output_dir",
                    *experiment.arguments.outputDir + " is a file, a folder is needed. Name another."));
    }
    return issues;
}

} // namespace studio
