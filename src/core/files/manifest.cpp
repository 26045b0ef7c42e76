#include "core/files/manifest.h"

#include "core/files/jsontext.h"
#include "core/files/relativepath.h"
#include "core/files/sha256.h"

#include <nlohmann/json.hpp>

#include <set>

namespace studio {

namespace {

constexpr const char* kFormat = "sentence-studio/manifest";
constexpr int kVersion = 1;
constexpr std::uint64_t kMaxManifestBytes = 16u << 20;

Error invalid(const std::string& where, const std::string& why)
{
    return {ErrorCode::Malformed,
            "The manifest " + where + " is not valid: " + why +
                ". This folder cannot be used; choose another one.",
            where};
}

Error damaged(const std::string& folder, const std::string& file, const std::string& why)
{
    return {ErrorCode::Malformed,
            "The folder " + folder + " is damaged: " + file + " " + why + ". Use an older checkpoint.",
            folder + "/" + file};
}

Status verifyFile(FileSystem& fs, const std::string& folder, const ManifestFile& file, VerifyDepth depth)
{
    const std::string path = folder + "/" + file.path;
    // A link anywhere on the way could lead out of the folder.
    for (std::size_t slash = file.path.find('/'); slash != std::string::npos;
         slash = file.path.find('/', slash + 1)) {
        FileStatus status;
        const std::string part = folder + "/" + file.path.substr(0, slash);
        if (uninterrupted([&] { return fs.status(part, status); }) < 0)
            return damaged(folder, file.path, "is missing");
        if (status.kind != FileKind::Folder)
            return damaged(folder, file.path, "does not lie in a plain folder");
    }
    FileStatus status;
    if (uninterrupted([&] { return fs.status(path, status); }) < 0)
        return damaged(folder, file.path, "is missing");
    if (status.kind != FileKind::File) return damaged(folder, file.path, "is not a plain file");
    if (status.size != file.size) {
        return damaged(folder, file.path,
                       "has " + std::to_string(status.size) + " bytes instead of " +
                           std::to_string(file.size));
    }
    if (depth == VerifyDepth::Sizes) return {};

    const Result<int> opened = openFile(fs, path, FileSystem::Open::Read);
    if (!opened) return opened.error();
    Sha256 hash;
    std::string chunk(1u << 20, '\0');
    while (true) {
        const auto got = readSome(fs, *opened, chunk.data(), chunk.size(), path);
        if (!got || *got == 0) {
            fs.close(*opened);
            if (!got) return got.error();
            break;
        }
        hash.add(chunk.data(), *got);
    }
    if (hash.finish() != file.sha256) return damaged(folder, file.path, "has other contents than recorded");
    return {};
}

} // namespace

std::uint64_t Manifest::totalBytes() const
{
    std::uint64_t total = 0;
    for (const ManifestFile& file : files)
        total += file.size;
    return total;
}

std::string manifestToJson(const Manifest& manifest)
{
    Json document;
    document["format"] = kFormat;
    document["version"] = kVersion;
    document["kind"] = manifest.kind;
    document["run"] = manifest.run;
    document["step"] = manifest.step;
    if (!manifest.extra.empty()) document["extra"] = Json::parse(manifest.extra, nullptr, false);
    Json files = Json::array();
    for (const ManifestFile& file : manifest.files) {
        Json entry;
        entry["path"] = file.path;
        entry["size"] = file.size;
        entry["sha256"] = file.sha256;
        files.push_back(std::move(entry));
    }
    document["files"] = std::move(files);
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Manifest> parseManifest(const std::string& text, const std::string& where)
{
    const Result<Json> document = parseJsonText(text, where);
    if (!document) return document.error();
    if (!document->is_object()) return invalid(where, "it is not an object");
    const auto textOf = [](const Json& object, const char* key) {
        const auto found = object.find(key);
        return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    if (textOf(*document, "format") != kFormat)
        return invalid(where, "its \"format\" is not " + std::string(kFormat));
    const auto version = document->find("version");
    if (version == document->end() || !version->is_number_unsigned())
        return invalid(where, "its \"version\" is missing");
    if (*version != kVersion) {
        return Error{ErrorCode::Unsupported,
                     "The manifest " + where + " has version " + version->dump() +
                         ", this program knows version " + std::to_string(kVersion) +
                         ". Use the newer program that wrote it.",
                     where};
    }
    Manifest manifest;
    manifest.kind = textOf(*document, "kind");
    manifest.run = textOf(*document, "run");
    if (const auto step = document->find("step"); step != document->end() && step->is_number_integer()) {
        manifest.step = step->get<std::int64_t>();
    }
    if (const auto extra = document->find("extra"); extra != document->end()) manifest.extra = extra->dump();
    const auto files = document->find("files");
    if (files == document->end() || !files->is_array())
        return invalid(where, "its list \"files\" is missing");
    std::set<std::string> names;
    for (const Json& entry : *files) {
        ManifestFile file;
        if (!entry.is_object()) return invalid(where, "an entry of \"files\" is not an object");
        file.path = textOf(entry, "path");
        if (const Status checked = checkRelativePath(file.path); !checked)
            return invalid(where, checked.error().message);
        if (!names.insert(file.path).second) return invalid(where, "it names " + file.path + " twice");
        const auto size = entry.find("size");
        if (size == entry.end() || !size->is_number_unsigned())
            return invalid(where, "the size of " + file.path + " is missing");
        file.size = size->get<std::uint64_t>();
        file.sha256 = textOf(entry, "sha256");
        if (file.sha256.size() != 64 ||
            file.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
            return invalid(where, "the hash of " + file.path + " is not a SHA-256");
        }
        manifest.files.push_back(std::move(file));
    }
    if (manifest.files.empty()) return invalid(where, "it names no file");
    return manifest;
}

Result<Manifest> readManifest(FileSystem& fs, const std::string& folder)
{
    const std::string path = folder + "/" + kManifestName;
    const Result<std::string> text = readWholeFile(fs, path, kMaxManifestBytes);
    if (!text) {
        if (text.error().code != ErrorCode::NotFound) return text.error();
        return Error{
            ErrorCode::NotFound,
            "The folder " + folder + " has no " + kManifestName +
                ": it is not a checkpoint of this program, or its saving was cut off. Choose another one.",
            folder};
    }
    return parseManifest(*text, path);
}

Result<Manifest> verifyManifest(FileSystem& fs, const std::string& folder, VerifyDepth depth)
{
    Result<Manifest> manifest = readManifest(fs, folder);
    if (!manifest) return manifest;
    for (const ManifestFile& file : manifest->files) {
        if (const Status checked = verifyFile(fs, folder, file, depth); !checked) return checked.error();
    }
    return manifest;
}

Result<Manifest> verifyManifest(const std::filesystem::path& folder, VerifyDepth depth)
{
    return verifyManifest(posixFileSystem(), folder.string(), depth);
}

} // namespace studio
