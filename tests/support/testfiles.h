#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace studio::test {

/// Root of the source tree.
std::filesystem::path sourceFolder();

/// tests/fixtures/<name>: small files that ship with the project.
std::filesystem::path fixture(const std::string& name);

/// A file below the folder `shared` beside the checkout; empty when that folder or the file is absent
/// (then the test skips by name: QSKIP("needs ../shared/data/…")).
std::filesystem::path sharedFile(const std::string& relative);

/// Folder of the real all-MiniLM-L6-v2: SENTENCE_STUDIO_MODEL, else the user's cache where ./test unpacks it;
/// empty when absent.
std::filesystem::path sampleModel();

std::string readFile(const std::filesystem::path& path);
void writeFile(const std::filesystem::path& path, const std::string& contents);
std::vector<std::string> readLines(const std::filesystem::path& path);

/// A folder that is removed at the end of the scope.
class TempFolder
{
public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    std::filesystem::path operator/(const std::string& name) const { return m_path / name; }

private:
    std::filesystem::path m_path;
};

} // namespace studio::test
