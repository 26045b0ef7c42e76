#include "core/experiment/migration.h"

namespace studio {

namespace {

void warn(std::vector<Issue>& issues, const char* code, std::string message)
{
    Issue issue;
    issue.severity = Severity::Warning;
    issue.code = code;
    issue.keys = {"version"};
    issue.message = std::move(message);
    issues.push_back(std::move(issue));
}

} // namespace

std::span<const Migration> experimentMigrations()
{
    return {};
}

void migrateExperiment(Json& document, std::vector<Issue>& issues, std::span<const Migration> steps,
                       int current)
{
    const auto given = document.find("version");
    if (given == document.end() || !given->is_number_integer() || given->get<std::int64_t>() < 0) {
        warn(issues, "experiment.version",
             "The file does not say its version; it is read as version " + std::to_string(current) + ".");
        return;
    }
    const auto version = given->get<std::int64_t>();
    if (version > current) {
        warn(issues, "experiment.newer",
             "The file was written by a newer program (version " + std::to_string(version) +
                 ", this one knows " + std::to_string(current) +
                 "). What is not known here has no effect; saving keeps it, but writes version " +
                 std::to_string(current) + ".");
        return;
    }
    auto at = static_cast<int>(version);
    for (const Migration& step : steps) {
        if (step.from != at) continue;
        step.apply(document, issues);
        ++at;
    }
    document["version"] = current;
}

} // namespace studio
