#include "cli/commands.h"

#include <cstdio>
#include <fstream>
#include <iostream>

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

Result<std::vector<std::string>> readTexts(const std::string& file)
{
    std::ifstream stored;
    std::istream* in = &std::cin;
    if (file != "-") {
        stored.open(file, std::ios::binary);
        if (!stored)
            return Error{ErrorCode::NotFound, "Cannot read " + file + ". Check the path after --input.", file};
        in = &stored;
    }
    std::vector<std::string> lines;
    for (std::string line; std::getline(*in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        lines.push_back(std::move(line));
    }
    return lines;
}

} // namespace studio::cli
