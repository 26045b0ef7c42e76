#include "core/files/relativepath.h"

#include <algorithm>
#include <array>
#include <string>

namespace fs = std::filesystem;

namespace studio {

namespace {

Error refused(std::string_view name, const std::string& why)
{
    std::string shown;
    for (const char c : name.substr(0, 120)) {
        shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    }
    if (name.size() > 120) shown += "…";
    return {ErrorCode::Malformed,
            "The file name \"" + shown + "\" is refused: " + why +
                ". Names inside a folder must be plain relative paths; do not use files from this source "
                "unless you "
                "trust it.",
            {}};
}

bool isDeviceName(std::string_view part)
{
    std::string stem(part.substr(0, part.find('.')));
    while (!stem.empty() && stem.back() == ' ')
        stem.pop_back();
    std::transform(stem.begin(), stem.end(), stem.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (stem == "CON" || stem == "PRN" || stem == "AUX" || stem == "NUL") return true;
    return stem.size() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && stem[3] >= '1' &&
           stem[3] <= '9';
}

bool isBlobName(const std::string& name)
{
    return (name.size() == 40 || name.size() == 64) &&
           name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// The Hub's cache: <repo>/snapshots/<revision>/<name…>, a link to <repo>/blobs/<hash> by "../../blobs/<hash>"
// (one more
// "../" for each sub-folder of the name).
bool isCacheLink(const fs::path& link, const fs::path& folder)
{
    std::error_code failed;
    const fs::path target = fs::read_symlink(link, failed);
    if (failed || target.is_absolute() || !isBlobName(target.filename().string())) return false;
    const fs::path blob = (link.parent_path() / target).lexically_normal();
    if (blob.parent_path().filename() != "blobs") return false;
    const fs::path repo = blob.parent_path().parent_path();
    const fs::path below = folder.lexically_normal().lexically_relative(repo);
    const auto part = below.begin();
    if (part == below.end() || *part != "snapshots") return false;
    return fs::symlink_status(blob, failed).type() == fs::file_type::regular;
}

} // namespace

Status checkRelativePath(std::string_view name)
{
    if (name.empty()) return refused(name, "it is empty");
    if (name.size() > 4096) return refused(name, "it is longer than 4096 bytes");
    if (name.front() == '/' || name.front() == '\\') return refused(name, "it is an absolute path");
    if (name.front() == '~') return refused(name, "it begins with \"~\"");
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            return refused(name, "it holds a control character");
        }
    }
    std::size_t from = 0;
    while (from <= name.size()) {
        const std::size_t to = std::min(name.find_first_of("/\\", from), name.size());
        const std::string_view part = name.substr(from, to - from);
        if (part.empty()) return refused(name, "a part of it is empty");
        if (part == "." || part == "..") return refused(name, "it holds \"" + std::string(part) + "\"");
        if (part.size() > 255) return refused(name, "a part of it is longer than 255 bytes");
        if (part.find(':') != std::string_view::npos)
            return refused(name, "it holds \":\" (a drive or stream)");
        if (isDeviceName(part)) return refused(name, "\"" + std::string(part) + "\" is a device on Windows");
        from = to + 1;
    }
    return {};
}

Result<fs::path> resolveBeneath(const fs::path& folder, std::string_view name)
{
    if (const Status checked = checkRelativePath(name); !checked) return checked.error();
    fs::path path = folder;
    std::error_code ignored;
    const fs::path base = fs::absolute(folder, ignored);
    for (const fs::path& part : fs::path(name)) {
        path /= part;
        const fs::path absolute = fs::absolute(path, ignored);
        if (fs::symlink_status(absolute, ignored).type() != fs::file_type::symlink) continue;
        if (!isCacheLink(absolute, base)) {
            return refused(name, path.string() + " is a symbolic link that leaves the folder");
        }
    }
    return path;
}

} // namespace studio
