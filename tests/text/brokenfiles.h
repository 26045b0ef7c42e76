#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace studio::test {

/// A tokenizer.json that must be refused, with a part of what the error says. (In a file of its own: moc
/// loses its way among so many raw strings.)
struct BrokenFile
{
    std::string name;
    std::string contents;
    std::string says;
};

std::vector<BrokenFile> brokenFiles();

/// A small valid tokenizer.json.
nlohmann::json smallFile();

} // namespace studio::test
