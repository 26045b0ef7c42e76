#include "core/files/folders.h"

#include "core/files/durablefile.h"

#include <algorithm>
#include <cerrno>

namespace studio {

Status makeFolders(FileSystem& fs, const std::string& path)
{
    FileStatus status;
    const int found = uninterrupted([&] { return fs.status(path, status); });
    if (found >= 0) {
        // A link may well point to a folder; making something in it will tell.
        if (status.kind == FileKind::Folder || status.kind == FileKind::Link) return {};
        return fileError(ENOTDIR, "use", path);
    }
    if (found != -ENOENT) return fileError(found, "use", path);
    const std::string parent = parentFolder(path);
    if (parent != path) {
        if (const Status made = makeFolders(fs, parent); !made) return made;
    }
    const int made = uninterrupted([&] { return fs.makeFolder(path); });
    if (made < 0 && made != -EEXIST) return fileError(made, "create the folder", path);
    return syncFolder(fs, parent);
}

Status removeTree(FileSystem& fs, const std::string& path)
{
    FileStatus status;
    const int found = uninterrupted([&] { return fs.status(path, status); });
    if (found == -ENOENT) return {};
    if (found < 0) return fileError(found, "remove", path);
    Status first;
    const auto note = [&](int answer, const std::string& where) {
        if (answer < 0 && answer != -ENOENT && first) first = fileError(answer, "remove", where);
    };
    if (status.kind != FileKind::Folder) {
        note(uninterrupted([&] { return fs.removeFile(path); }), path);
        return first;
    }
    std::vector<std::string> names;
    note(uninterrupted([&] { return fs.list(path, names); }), path);
    for (const std::string& name : names) {
        const Status removed = removeTree(fs, path + "/" + name);
        if (!removed && first) first = removed;
    }
    note(uninterrupted([&] { return fs.removeFolder(path); }), path);
    return first;
}

Status removeFolderDurably(FileSystem& fs, const std::string& path)
{
    const std::string trash = hiddenSibling(path, "trash");
    const int renamed = uninterrupted([&] { return fs.rename(path, trash); });
    if (renamed == -ENOENT) return {};
    if (renamed < 0) return fileError(renamed, "remove", path);
    // Contents may go only when the disk knows that the name is gone.
    if (const Status synced = syncFolder(fs, parentFolder(path)); !synced) return synced;
    return removeTree(fs, trash);
}

Status removeFolderDurably(const std::filesystem::path& path)
{
    return removeFolderDurably(posixFileSystem(), path.string());
}

namespace {

struct HiddenName
{
    std::string name; ///< what it stands beside
    std::string tag;  ///< "tmp", "trash", "old"; empty: not ours
};

// The inverse of hiddenSibling(): ".<name>.<tag>-<pid>-<eight letters or digits>".
HiddenName parseHidden(const std::string& entry)
{
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    const auto isLetter = [&](char c) { return isDigit(c) || (c >= 'a' && c <= 'z'); };
    if (entry.size() < 14 || entry.front() != '.') return {};
    const std::size_t random = entry.rfind('-');
    if (random == std::string::npos || entry.size() - random != 9) return {};
    if (!std::all_of(entry.begin() + static_cast<std::ptrdiff_t>(random) + 1, entry.end(), isLetter))
        return {};
    const std::size_t pid = random == 0 ? std::string::npos : entry.rfind('-', random - 1);
    if (pid == std::string::npos || pid + 1 == random) return {};
    if (!std::all_of(entry.begin() + static_cast<std::ptrdiff_t>(pid) + 1,
                     entry.begin() + static_cast<std::ptrdiff_t>(random), isDigit)) {
        return {};
    }
    const std::size_t dot = entry.rfind('.', pid);
    if (dot == 0 || dot == std::string::npos) return {};
    HiddenName hidden{entry.substr(1, dot - 1), entry.substr(dot + 1, pid - dot - 1)};
    if (hidden.tag != "tmp" && hidden.tag != "trash" && hidden.tag != "old") return {};
    return hidden;
}

} // namespace

Leftovers cleanLeftovers(FileSystem& fs, const std::string& folder)
{
    Leftovers result;
    std::vector<std::string> names;
    if (const int listed = uninterrupted([&] { return fs.list(folder, names); }); listed < 0) {
        if (listed != -ENOENT) result.failures.push_back(fileError(listed, "look into", folder));
        return result;
    }
    std::sort(names.begin(), names.end());
    // First give back names, so that nothing that is the only copy is removed.
    std::vector<std::string> remove;
    bool renamed = false;
    for (const std::string& entry : names) {
        const HiddenName hidden = parseHidden(entry);
        if (hidden.tag.empty()) continue;
        const std::string target = folder + "/" + hidden.name;
        if (hidden.tag != "old" || fileExists(fs, target)) {
            remove.push_back(entry);
            continue;
        }
        const int answer = uninterrupted([&] { return fs.rename(folder + "/" + entry, target); });
        if (answer < 0) {
            result.failures.push_back(fileError(answer, "restore", target));
        } else {
            result.restored.push_back(hidden.name);
            renamed = true;
        }
    }
    if (remove.empty() && !renamed) return result;
    // The renames that made these entries may not be on the disk yet: removing contents first could empty a
    // folder that a power loss brings back under its own name.
    if (const Status synced = syncFolder(fs, folder); !synced) {
        result.failures.push_back(synced.error());
        return result;
    }
    for (const std::string& entry : remove) {
        const Status removed = removeTree(fs, folder + "/" + entry);
        if (removed) {
            result.removed.push_back(entry);
        } else {
            result.failures.push_back(removed.error());
        }
    }
    return result;
}

} // namespace studio
