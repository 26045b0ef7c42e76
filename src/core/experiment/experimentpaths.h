#pragma once

#include <filesystem>

namespace studio {

struct Experiment;

/// What `${cache}` stands for: $XDG_CACHE_HOME/sentence-studio, else ~/.cache/sentence-studio.
std::filesystem::path cacheDirectory();

/// What `${resources}` stands for, the folder with experiments/, presets/ and data/ that comes with the
/// program: $SENTENCE_STUDIO_RESOURCES, else share/sentence-studio beside the program's bin/, else the source
/// tree's resources/.
std::filesystem::path resourceDirectory();

/// A copy for a file in `to` of an experiment whose relative paths are meant from `from`: they point to the
/// same files. `${cache}`, `${resources}` and `~` stay as they are; what lies neither below nor beside `to`
/// gets
/// `${cache}` or `${resources}` where it lies there, else its absolute path.
Experiment rebasedPaths(const Experiment& experiment, const std::filesystem::path& from,
                        const std::filesystem::path& to);

} // namespace studio
