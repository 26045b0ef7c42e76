#pragma once

#include "core/files/filesystem.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace studio {

inline constexpr const char* kManifestName = "manifest.json";

struct ManifestFile
{
    std::string path; ///< relative, "/" as separator
    std::uint64_t size = 0;
    std::string sha256; ///< 64 hexadecimal digits
};

/// manifest.json: written last, names every file of a folder. A folder without a valid one is not a
/// checkpoint.
struct Manifest
{
    std::string kind;       ///< "checkpoint", "model", …
    std::string run;        ///< id of the run that wrote it, may be empty
    std::int64_t step = -1; ///< optimizer step; -1 when there is none
    std::string
        extra; ///< JSON object with whatever the writer wants to keep (versions, device); may be empty
    std::vector<ManifestFile> files;

    std::uint64_t totalBytes() const;
};

enum class VerifyDepth {
    Sizes,  ///< every file exists with its size: milliseconds
    Hashes, ///< and its contents have the recorded SHA-256
};

std::string manifestToJson(const Manifest& manifest);

/// Strict: format, version, safe names, no name twice. `where` names the file in messages.
Result<Manifest> parseManifest(const std::string& text, const std::string& where);

/// Reads <folder>/manifest.json without looking at the files.
Result<Manifest> readManifest(FileSystem& fs, const std::string& folder);

/// Reads the manifest and checks every file of it. The Error names the first file that is missing, has
/// another size, is a link, or differs. Files that the manifest does not name are allowed (people add notes).
Result<Manifest> verifyManifest(FileSystem& fs, const std::string& folder, VerifyDepth depth);
Result<Manifest> verifyManifest(const std::filesystem::path& folder, VerifyDepth depth);

} // namespace studio
