#pragma once

#include "core/files/filesystem.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace studio::test {

/// A file system in memory that remembers what a power loss may take away. Written bytes are certain only
/// after the file was synced; names created, renamed or removed in a folder only after that folder was
/// synced.
class MemoryFileSystem final : public FileSystem
{
public:
    MemoryFileSystem();
    ~MemoryFileSystem() override;

    /// What a power loss does with everything that was not synced.
    enum class Loss {
        DropAll,  ///< nothing of it reached the disk
        KeepAll,  ///< all of it did
        InOrder,  ///< changes of names up to some moment; writes kept, dropped or torn at 512 bytes
        AnyOrder, ///< any subset of the changes of names; writes kept, dropped or torn at 512 bytes
    };
    /// The disk as it is found after the power came back.
    std::unique_ptr<MemoryFileSystem> afterPowerLoss(Loss loss, std::mt19937& random) const;

    void setCapacity(std::uint64_t bytes) { m_capacity = bytes; }
    /// Without: renameNoReplace() and exchange() answer EINVAL, as some network file systems do.
    void setHasRenameFlags(bool has) { m_renameFlags = has; }
    void setMaxWrite(std::size_t bytes) { m_maxWrite = bytes; }

    /// For tests: contents of a file, nothing when it does not exist.
    std::optional<std::string> contents(const std::string& path) const;
    /// Puts bytes into an existing file behind everybody's back.
    void damage(const std::string& path, const std::string& bytes);
    std::size_t openFiles() const { return m_files.size(); }

    int open(const std::string& path, Open how) override;
    std::int64_t read(int file, void* bytes, std::size_t count) override;
    std::int64_t write(int file, const void* bytes, std::size_t count) override;
    int sync(int file) override;
    int close(int file) override;
    int reserve(int file, std::uint64_t size) override;
    int truncate(const std::string& path, std::uint64_t size) override;
    int rename(const std::string& from, const std::string& to) override;
    int renameNoReplace(const std::string& from, const std::string& to) override;
    int exchange(const std::string& a, const std::string& b) override;
    int makeFolder(const std::string& path) override;
    int removeFile(const std::string& path) override;
    int removeFolder(const std::string& path) override;
    int status(const std::string& path, FileStatus& status) override;
    int list(const std::string& path, std::vector<std::string>& names) override;
    int freeBytes(const std::string& path, std::uint64_t& bytes) override;

private:
    struct Node;
    using NodePtr = std::shared_ptr<Node>;
    /// One change of a folder's names that reaches the disk as a whole: name → node, or no node.
    using NameChange = std::vector<std::pair<std::string, NodePtr>>;
    struct Write
    {
        std::size_t offset;
        std::string bytes;
    };
    struct Node
    {
        bool folder = false;
        std::string data;
        std::string syncedData;
        std::vector<Write> unsynced;
        std::map<std::string, NodePtr> names;
        std::map<std::string, NodePtr> syncedNames;
        std::vector<NameChange> changes;
    };
    struct Handle
    {
        NodePtr node;
        std::size_t position = 0;
        bool writing = false;
    };
    struct Place
    {
        NodePtr parent;
        std::string name;
        NodePtr node;
    };

    Place find(const std::string& path) const;
    int renameChecked(const std::string& from, const std::string& to, bool replace);
    static void change(Node& folder, NameChange names);
    static NodePtr survivor(const Node& node, Loss loss, std::mt19937& random);
    static std::string survivingData(const Node& node, Loss loss, std::mt19937& random);
    static std::uint64_t bytesOf(const Node& node);

    NodePtr m_root;
    std::map<int, Handle> m_files;
    int m_next = 3;
    std::uint64_t m_capacity = 1u << 30;
    bool m_renameFlags = true;
    std::size_t m_maxWrite = SIZE_MAX;
};

} // namespace studio::test
