#include "support/testfiles.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace fs = std::filesystem;

namespace studio::test {

fs::path sourceFolder()
{
    return fs::path(STUDIO_SOURCE_DIR);
}

fs::path fixture(const std::string& name)
{
    return sourceFolder() / "tests" / "fixtures" / name;
}

fs::path sharedFile(const std::string& relative)
{
    const auto path = sourceFolder().parent_path() / "shared" / relative;
    return fs::exists(path) ? path : fs::path();
}

fs::path sampleModel()
{
    if (const char* given = std::getenv("SENTENCE_STUDIO_MODEL")) {
        return fs::exists(fs::path(given) / "model.safetensors") ? fs::path(given) : fs::path();
    }
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    const fs::path base = cache && *cache ? fs::path(cache) : fs::path(home ? home : "/") / ".cache";
    const auto folder = base / "sentence-studio" / "models" / "all-MiniLM-L6-v2";
    return fs::exists(folder / "model.safetensors") ? folder : fs::path();
}

std::string readFile(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void writeFile(const fs::path& path, const std::string& contents)
{
    fs::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary);
    out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::vector<std::string> readLines(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

TempFolder::TempFolder()
{
    std::string pattern = (fs::temp_directory_path() / "sentence-studio-test-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make a folder in the temporary folder");
    m_path = pattern;
}

TempFolder::~TempFolder()
{
    std::error_code ignored;
    fs::remove_all(m_path, ignored);
}

} // namespace studio::test
