#pragma once

#include "core/files/bytesink.h"
#include "core/files/filesystem.h"
#include "core/files/manifest.h"
#include "core/files/sha256.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace studio {

struct AtomicFolderOptions
{
    std::string kind;                     ///< of the manifest: "checkpoint", "model"
    std::string run;                      ///< id of the run
    std::int64_t step = -1;               ///< optimizer step, -1: none
    std::string extra;                    ///< JSON object kept in the manifest
    std::uint64_t expectedBytes = 0;      ///< of all files; checked against the free space first
    std::uint64_t spareBytes = 16u << 20; ///< must stay free besides
    bool replace = true; ///< an existing folder of that name is replaced, else it is an Error
};

/// Writes a folder so that it appears whole or not at all (design section 10, reliability notes 1.2): a
/// hidden temporary folder beside the target, every file hashed while written and fsynced, manifest.json
/// last, every folder fsynced, one rename, fsync of the parent.
///
///     auto folder = AtomicFolder::begin(fs, "out/checkpoint-500", options);
///     folder->add("config.json", text);
///     auto file = folder->create("model.safetensors", size);
///     file->write(bytes); file->close();
///     folder->commit();
///
/// After any failure, and when destroyed without commit(), the temporary folder is removed and the target is
/// what it was before. One exception: when the very last call (fsync of the parent) fails, the new folder is
/// in place and whole, a replaced one is kept hidden until cleanLeftovers(), and the Error says that the disk
/// did not confirm.
class AtomicFolder
{
public:
    /// One file being written. close() makes it part of the folder; destroyed without it, commit() refuses.
    class File final : public ByteSink
    {
    public:
        File(File&& other) noexcept;
        File& operator=(File&&) = delete;
        ~File() override;

        Status write(std::string_view bytes) override;
        Status close();

    private:
        friend class AtomicFolder;
        File(AtomicFolder* folder, int file, std::string name);

        AtomicFolder* m_folder;
        int m_file;
        std::string m_name;
        Sha256 m_hash;
        std::uint64_t m_size = 0;
    };

    /// Checks the free space, clears nothing, creates the temporary folder (and missing parents of the
    /// target).
    static Result<std::unique_ptr<AtomicFolder>> begin(FileSystem& fs, const std::string& target,
                                                       const AtomicFolderOptions& options);
    ~AtomicFolder();
    AtomicFolder(const AtomicFolder&) = delete;
    AtomicFolder& operator=(const AtomicFolder&) = delete;

    /// A new file; `name` is relative ("1_Pooling/config.json"), its sub-folders are made. With a size, room
    /// is reserved at once, so that a full disk shows before anything is written.
    Result<File> create(const std::string& name, std::uint64_t expectedSize = 0);
    Status add(const std::string& name, std::string_view bytes);
    /// Copies a file byte for byte.
    Status addCopy(const std::string& name, const std::string& source);

    Status commit();
    void abandon();

    const std::string& target() const { return m_target; }
    const Manifest& manifest() const { return m_manifest; }

private:
    AtomicFolder(FileSystem& fs, std::string target, const AtomicFolderOptions& options);
    Status makeSubFolders(const std::string& name);
    Status syncAll();
    Status place();
    Status placeWithoutExchange(bool exists);
    Error failed(Error error);
    std::string shown(const std::string& name) const { return m_target + "/" + name; }

    FileSystem& m_fs;
    std::string m_target;
    std::string m_temporary;
    std::string m_replaced; ///< where the replaced folder is after place(), to be removed
    bool m_replaceAllowed;
    bool m_open = true;              ///< the temporary folder exists and may be removed
    int m_unfinished = 0;            ///< files created and not closed
    std::set<std::string> m_folders; ///< sub-folders made, parents before children
    Manifest m_manifest;
};

} // namespace studio
