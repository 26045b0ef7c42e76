#pragma once

#include "core/files/filesystem.h"

#include <filesystem>
#include <string>
#include <vector>

namespace studio {

/// Creates a folder and the missing ones above it, each made durable in its parent.
Status makeFolders(FileSystem& fs, const std::string& path);

/// Removes a folder and all below it, not following links. Goes on after failures and reports the first.
Status removeTree(FileSystem& fs, const std::string& path);

/// Takes a folder out of sight first (renamed to a hidden ".<name>.trash-…" beside it, made durable) and
/// removes its contents then, so that a crash never leaves half a folder under its own name. When the first
/// part fails, the folder is whole; when only the clearing away fails, the Error says so and cleanLeftovers()
/// finishes it later.
Status removeFolderDurably(FileSystem& fs, const std::string& path);
Status removeFolderDurably(const std::filesystem::path& path);

/// What cleanLeftovers() did, in names.
struct Leftovers
{
    std::vector<std::string> removed;
    std::vector<std::string> restored; ///< folders whose replacement was cut off between its two renames
    std::vector<Error> failures;       ///< what could not be cleared away
};

/// Clears away what writers left behind in `folder` when they were killed: hidden ".<name>.tmp-…", ".trash-…"
/// and
/// ".old-…" entries. Call it at start with the run's lock held: nobody else may be writing there.
Leftovers cleanLeftovers(FileSystem& fs, const std::string& folder);

} // namespace studio
