#include "support/memoryfilesystem.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace studio::test {

MemoryFileSystem::MemoryFileSystem() : m_root(std::make_shared<Node>())
{
    m_root->folder = true;
}

MemoryFileSystem::~MemoryFileSystem() = default;

MemoryFileSystem::Place MemoryFileSystem::find(const std::string& path) const
{
    Place place{nullptr, "", m_root};
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        const std::string name = path.substr(at, slash - at);
        at = slash + 1;
        if (name.empty() || name == ".") continue;
        if (!place.node || !place.node->folder) return {};
        place.parent = place.node;
        place.name = name;
        const auto found = place.parent->names.find(name);
        place.node = found == place.parent->names.end() ? nullptr : found->second;
    }
    return place;
}

void MemoryFileSystem::change(Node& folder, NameChange names)
{
    for (const auto& [name, node] : names) {
        if (node) {
            folder.names[name] = node;
        } else {
            folder.names.erase(name);
        }
    }
    folder.changes.push_back(std::move(names));
}

int MemoryFileSystem::open(const std::string& path, Open how)
{
    const Place place = find(path);
    NodePtr node = place.node;
    if (how == Open::CreateNew && node) return -EEXIST;
    if (how == Open::Folder && node && !node->folder) return -ENOTDIR;
    if (how != Open::Folder && node && node->folder) return -EISDIR;
    if (!node) {
        if (how == Open::Read || how == Open::Folder || !place.parent) return -ENOENT;
        node = std::make_shared<Node>();
        change(*place.parent, {{place.name, node}});
    }
    m_files[m_next] = {node, 0, how == Open::CreateNew || how == Open::Append};
    return m_next++;
}

std::int64_t MemoryFileSystem::read(int file, void* bytes, std::size_t count)
{
    const auto handle = m_files.find(file);
    if (handle == m_files.end() || handle->second.writing) return -EBADF;
    const std::string& data = handle->second.node->data;
    const std::size_t part = std::min(count, data.size() - std::min(data.size(), handle->second.position));
    if (part > 0) std::memcpy(bytes, data.data() + handle->second.position, part);
    handle->second.position += part;
    return static_cast<std::int64_t>(part);
}

std::int64_t MemoryFileSystem::write(int file, const void* bytes, std::size_t count)
{
    const auto handle = m_files.find(file);
    if (handle == m_files.end() || !handle->second.writing) return -EBADF;
    std::uint64_t available = 0;
    freeBytes("/", available);
    if (count > 0 && available == 0) return -ENOSPC;
    count = std::min({count, m_maxWrite, static_cast<std::size_t>(available)});
    Node& node = *handle->second.node;
    const std::string piece(static_cast<const char*>(bytes), count);
    node.unsynced.push_back({node.data.size(), piece});
    node.data += piece;
    return static_cast<std::int64_t>(count);
}

int MemoryFileSystem::sync(int file)
{
    const auto handle = m_files.find(file);
    if (handle == m_files.end()) return -EBADF;
    Node& node = *handle->second.node;
    node.syncedData = node.data;
    node.unsynced.clear();
    node.syncedNames = node.names;
    node.changes.clear();
    return 0;
}

int MemoryFileSystem::close(int file)
{
    return m_files.erase(file) == 1 ? 0 : -EBADF;
}

int MemoryFileSystem::reserve(int, std::uint64_t size)
{
    std::uint64_t available = 0;
    freeBytes("/", available);
    return size > available ? -ENOSPC : 0;
}

int MemoryFileSystem::truncate(const std::string& path, std::uint64_t size)
{
    const NodePtr node = find(path).node;
    if (!node) return -ENOENT;
    node->data.resize(size);
    std::vector<Write> kept;
    for (Write& write : node->unsynced) {
        if (write.offset >= size) continue;
        write.bytes.resize(std::min<std::size_t>(write.bytes.size(), size - write.offset));
        kept.push_back(std::move(write));
    }
    node->unsynced = std::move(kept);
    node->syncedData.resize(std::min<std::size_t>(node->syncedData.size(), size));
    return 0;
}

int MemoryFileSystem::renameChecked(const std::string& from, const std::string& to, bool replace)
{
    const Place source = find(from);
    const Place target = find(to);
    if (!source.node || !target.parent) return -ENOENT;
    if (target.node) {
        if (!replace) return -EEXIST;
        if (target.node->folder != source.node->folder) return target.node->folder ? -EISDIR : -ENOTDIR;
        if (!target.node->names.empty()) return -ENOTEMPTY;
    }
    if (source.parent == target.parent) {
        change(*source.parent, {{source.name, nullptr}, {target.name, source.node}});
    } else {
        change(*target.parent, {{target.name, source.node}});
        change(*source.parent, {{source.name, nullptr}});
    }
    return 0;
}

int MemoryFileSystem::rename(const std::string& from, const std::string& to)
{
    return renameChecked(from, to, true);
}

int MemoryFileSystem::renameNoReplace(const std::string& from, const std::string& to)
{
    return m_renameFlags ? renameChecked(from, to, false) : -EINVAL;
}

int MemoryFileSystem::exchange(const std::string& a, const std::string& b)
{
    if (!m_renameFlags) return -EINVAL;
    const Place first = find(a);
    const Place second = find(b);
    if (!first.node || !second.node) return -ENOENT;
    if (first.parent != second.parent) return -EXDEV;
    change(*first.parent, {{first.name, second.node}, {second.name, first.node}});
    return 0;
}

int MemoryFileSystem::makeFolder(const std::string& path)
{
    const Place place = find(path);
    if (place.node) return -EEXIST;
    if (!place.parent) return -ENOENT;
    auto node = std::make_shared<Node>();
    node->folder = true;
    change(*place.parent, {{place.name, node}});
    return 0;
}

int MemoryFileSystem::removeFile(const std::string& path)
{
    const Place place = find(path);
    if (!place.node) return -ENOENT;
    if (place.node->folder) return -EISDIR;
    change(*place.parent, {{place.name, nullptr}});
    return 0;
}

int MemoryFileSystem::removeFolder(const std::string& path)
{
    const Place place = find(path);
    if (!place.node) return -ENOENT;
    if (!place.node->folder) return -ENOTDIR;
    if (!place.node->names.empty()) return -ENOTEMPTY;
    change(*place.parent, {{place.name, nullptr}});
    return 0;
}

int MemoryFileSystem::status(const std::string& path, FileStatus& status)
{
    const NodePtr node = find(path).node;
    if (!node) return -ENOENT;
    status.kind = node->folder ? FileKind::Folder : FileKind::File;
    status.size = node->data.size();
    return 0;
}

int MemoryFileSystem::list(const std::string& path, std::vector<std::string>& names)
{
    names.clear();
    const NodePtr node = find(path).node;
    if (!node) return -ENOENT;
    if (!node->folder) return -ENOTDIR;
    for (const auto& [name, child] : node->names)
        names.push_back(name);
    return 0;
}

std::uint64_t MemoryFileSystem::bytesOf(const Node& node)
{
    std::uint64_t total = node.data.size();
    for (const auto& [name, child] : node.names)
        total += bytesOf(*child);
    return total;
}

int MemoryFileSystem::freeBytes(const std::string&, std::uint64_t& bytes)
{
    const std::uint64_t used = bytesOf(*m_root);
    bytes = used >= m_capacity ? 0 : m_capacity - used;
    return 0;
}

std::optional<std::string> MemoryFileSystem::contents(const std::string& path) const
{
    const NodePtr node = find(path).node;
    if (!node || node->folder) return std::nullopt;
    return node->data;
}

void MemoryFileSystem::damage(const std::string& path, const std::string& bytes)
{
    const NodePtr node = find(path).node;
    node->data = bytes;
    node->syncedData = bytes;
    node->unsynced.clear();
}

std::string MemoryFileSystem::survivingData(const Node& node, Loss loss, std::mt19937& random)
{
    if (loss == Loss::DropAll) return node.syncedData;
    if (loss == Loss::KeepAll) return node.data;
    std::string data = node.syncedData;
    for (const Write& write : node.unsynced) {
        const unsigned fate = random() % 3;
        if (fate == 0) continue;
        std::size_t kept = write.bytes.size();
        if (fate == 2) kept = std::min<std::size_t>(kept, random() % (kept / 512 + 1) * 512);
        // A later write that survives an earlier one leaves a hole of zeros.
        if (data.size() < write.offset + kept) data.resize(write.offset + kept, '\0');
        data.replace(write.offset, kept, write.bytes, 0, kept);
    }
    return data;
}

MemoryFileSystem::NodePtr MemoryFileSystem::survivor(const Node& node, Loss loss, std::mt19937& random)
{
    auto copy = std::make_shared<Node>();
    copy->folder = node.folder;
    copy->data = copy->syncedData = survivingData(node, loss, random);
    std::map<std::string, NodePtr> names = node.syncedNames;
    const std::size_t ordered = node.changes.empty() ? 0 : random() % (node.changes.size() + 1);
    for (std::size_t i = 0; i < node.changes.size(); ++i) {
        const bool kept = loss == Loss::KeepAll || (loss == Loss::InOrder && i < ordered) ||
                          (loss == Loss::AnyOrder && random() % 2 == 0);
        if (!kept) continue;
        for (const auto& [name, child] : node.changes[i]) {
            if (child) {
                names[name] = child;
            } else {
                names.erase(name);
            }
        }
    }
    for (const auto& [name, child] : names)
        copy->names[name] = survivor(*child, loss, random);
    copy->syncedNames = copy->names;
    return copy;
}

std::unique_ptr<MemoryFileSystem> MemoryFileSystem::afterPowerLoss(Loss loss, std::mt19937& random) const
{
    auto disk = std::make_unique<MemoryFileSystem>();
    disk->m_root = survivor(*m_root, loss, random);
    disk->m_capacity = m_capacity;
    disk->m_renameFlags = m_renameFlags;
    return disk;
}

} // namespace studio::test
