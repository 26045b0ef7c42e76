#include "cli/commands.h"

#include <cstdio>

namespace studio::cli {
namespace {

const char* word(Severity severity)
{
    switch (severity) {
    case Severity::Error: return "error";
    case Severity::Warning: return "warning";
    case Severity::Normalise: return "note";
    }
    return "";
}

} // namespace

int report(const Error& error)
{
    std::fprintf(stderr, "error: %s\n", error.text().c_str());
    return kFailed;
}

void report(const std::vector<Issue>& issues)
{
    for (const auto& issue : issues) {
        // What construction makes of an argument is shown by the forms and by `args`; here it would drown the rest.
        if (issue.severity == Severity::Normalise) continue;
        std::string keys;
        for (const auto& key : issue.keys) keys += (keys.empty() ? "" : ", ") + key;
        std::fprintf(stderr, "%s: %s%s%s [%s]\n", word(issue.severity), keys.c_str(), keys.empty() ? "" : ": ",
                     issue.message.c_str(), issue.code.c_str());
    }
}

} // namespace studio::cli
