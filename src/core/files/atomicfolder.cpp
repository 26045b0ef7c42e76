#include "core/files/atomicfolder.h"

#include "core/files/durablefile.h"
#include "core/files/folders.h"
#include "core/files/relativepath.h"

#include <cerrno>
#include <utility>

namespace studio {

namespace {

// Answers of file systems that lack a call.
bool lacksCall(int answer)
{
    return answer == -ENOSYS || answer == -EINVAL || answer == -EOPNOTSUPP || answer == -ENOTTY;
}

std::string megabytes(std::uint64_t bytes)
{
    return std::to_string((bytes + (1u << 20) - 1) >> 20) + " MiB";
}

} // namespace

AtomicFolder::AtomicFolder(FileSystem& fs, std::string target, const AtomicFolderOptions& options)
    : m_fs(fs),
      m_target(std::move(target)),
      m_temporary(hiddenSibling(m_target, "tmp")),
      m_replaceAllowed(options.replace)
{
    m_manifest.kind = options.kind;
    m_manifest.run = options.run;
    m_manifest.step = options.step;
    m_manifest.extra = options.extra;
}

AtomicFolder::~AtomicFolder()
{
    abandon();
}

Result<std::unique_ptr<AtomicFolder>> AtomicFolder::begin(FileSystem& fs, const std::string& path,
                                                          const AtomicFolderOptions& options)
{
    std::string target = path;
    while (target.size() > 1 && target.back() == '/')
        target.pop_back();
    const std::string parent = parentFolder(target);
    if (const Status made = makeFolders(fs, parent); !made) return made.error();

    FileStatus status;
    const int found = uninterrupted([&] { return fs.status(target, status); });
    if (found < 0 && found != -ENOENT) return fileError(found, "look at", target);
    if (found >= 0) {
        if (status.kind != FileKind::Folder) return fileError(ENOTDIR, "replace", target);
        if (!options.replace) return fileError(EEXIST, "create", target);
    }
    if (options.expectedBytes > 0) {
        std::uint64_t available = 0;
        const std::uint64_t needed = options.expectedBytes + options.expectedBytes / 10 + options.spareBytes;
        // A file system that cannot say how much is free will say so when it is full.
        if (uninterrupted([&] { return fs.freeBytes(parent, available); }) >= 0 && available < needed) {
            return Error{ErrorCode::DiskFull,
                         "Cannot save " + target + ": it needs " + megabytes(needed) + ", the disk has " +
                             megabytes(available) +
                             " free. Free some space, then try again. Nothing was changed.",
                         target};
        }
    }
    std::unique_ptr<AtomicFolder> folder(new AtomicFolder(fs, target, options));
    const int made = uninterrupted([&] { return fs.makeFolder(folder->m_temporary); });
    if (made < 0) {
        folder->m_open = false;
        return fileError(made, "create a folder for", target);
    }
    return folder;
}

Error AtomicFolder::failed(Error error)
{
    if (!m_open) return error;
    abandon();
    error.message += " The unfinished folder was removed; what was there before is unchanged.";
    if (error.where.empty()) error.where = m_target;
    return error;
}

void AtomicFolder::abandon()
{
    if (!m_open) return;
    m_open = false;
    // What cannot be removed now is hidden, never offered, and cleared away by cleanLeftovers().
    (void)removeTree(m_fs, m_temporary);
}

Status AtomicFolder::makeSubFolders(const std::string& name)
{
    for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
        const std::string part = name.substr(0, slash);
        if (m_folders.contains(part)) continue;
        const int made = uninterrupted([&] { return m_fs.makeFolder(m_temporary + "/" + part); });
        if (made < 0) return fileError(made, "create the folder", shown(part));
        m_folders.insert(part);
    }
    return {};
}

Result<AtomicFolder::File> AtomicFolder::create(const std::string& name, std::uint64_t expectedSize)
{
    if (!m_open)
        return Error{ErrorCode::Internal, "The folder " + m_target + " is finished already.", m_target};
    if (const Status checked = checkRelativePath(name); !checked) return failed(checked.error());
    if (name == kManifestName)
        return failed({ErrorCode::Internal, "manifest.json is written by commit().", m_target});
    if (const Status made = makeSubFolders(name); !made) return failed(made.error());

    const std::string path = m_temporary + "/" + name;
    const int file = uninterrupted([&] { return m_fs.open(path, FileSystem::Open::CreateNew); });
    if (file < 0) return failed(fileError(file, "create", shown(name)));
    if (expectedSize > 0) {
        const int reserved = uninterrupted([&] { return m_fs.reserve(file, expectedSize); });
        if (reserved < 0 && !lacksCall(reserved)) {
            m_fs.close(file);
            return failed(fileError(reserved, "reserve room for", shown(name)));
        }
    }
    ++m_unfinished;
    return File(this, file, name);
}

Status AtomicFolder::add(const std::string& name, std::string_view bytes)
{
    Result<File> file = create(name, bytes.size());
    if (!file) return file.error();
    if (const Status written = file->write(bytes); !written) return written;
    return file->close();
}

Status AtomicFolder::addCopy(const std::string& name, const std::string& source)
{
    const Result<int> from = openFile(m_fs, source, FileSystem::Open::Read);
    if (!from) return failed(from.error());
    Status done;
    if (Result<File> to = create(name); !to) {
        done = to.error();
    } else {
        std::string chunk(1u << 20, '\0');
        while (done) {
            const auto got = readSome(m_fs, *from, chunk.data(), chunk.size(), source);
            if (!got) done = failed(got.error());
            if (!got || *got == 0) break;
            done = to->write(std::string_view(chunk.data(), *got));
        }
        if (done) done = to->close();
    }
    m_fs.close(*from);
    return done;
}

AtomicFolder::File::File(AtomicFolder* folder, int file, std::string name)
    : m_folder(folder), m_file(file), m_name(std::move(name))
{}

AtomicFolder::File::File(File&& other) noexcept
    : m_folder(other.m_folder),
      m_file(std::exchange(other.m_file, -1)),
      m_name(std::move(other.m_name)),
      m_hash(other.m_hash),
      m_size(other.m_size)
{}

AtomicFolder::File::~File()
{
    if (m_file >= 0) m_folder->m_fs.close(m_file);
}

Status AtomicFolder::File::write(std::string_view bytes)
{
    if (m_file < 0) return Error{ErrorCode::Internal, "The file " + m_name + " is closed already.", m_name};
    const Status written = writeAll(m_folder->m_fs, m_file, bytes, m_folder->shown(m_name));
    if (!written) {
        m_folder->m_fs.close(std::exchange(m_file, -1));
        return m_folder->failed(written.error());
    }
    m_hash.add(bytes);
    m_size += bytes.size();
    return {};
}

Status AtomicFolder::File::close()
{
    if (m_file < 0) return Error{ErrorCode::Internal, "The file " + m_name + " is closed already.", m_name};
    FileSystem& fs = m_folder->m_fs;
    const std::string path = m_folder->shown(m_name);
    const Status synced = syncFile(fs, m_file, path);
    const Status closed = closeFile(fs, std::exchange(m_file, -1), path);
    if (!synced) return m_folder->failed(synced.error());
    if (!closed) return m_folder->failed(closed.error());
    m_folder->m_manifest.files.push_back({m_name, m_size, m_hash.finish()});
    --m_folder->m_unfinished;
    return {};
}

Status AtomicFolder::syncAll()
{
    // Children before parents: the reverse of the set's order.
    for (auto part = m_folders.rbegin(); part != m_folders.rend(); ++part) {
        if (const Status synced = syncFolder(m_fs, m_temporary + "/" + *part); !synced) return synced;
    }
    return syncFolder(m_fs, m_temporary);
}

Status AtomicFolder::placeWithoutExchange(bool exists)
{
    if (!exists) {
        const int renamed = uninterrupted([&] { return m_fs.rename(m_temporary, m_target); });
        if (renamed < 0) return fileError(renamed, "save", m_target);
        return {};
    }
    // Two renames with a gap between them, which cleanLeftovers() closes.
    const std::string old = hiddenSibling(m_target, "old");
    const int aside = uninterrupted([&] { return m_fs.rename(m_target, old); });
    if (aside < 0) return fileError(aside, "replace", m_target);
    Status done = syncFolder(m_fs, parentFolder(m_target));
    if (done) {
        const int renamed = uninterrupted([&] { return m_fs.rename(m_temporary, m_target); });
        if (renamed < 0) done = fileError(renamed, "save", m_target);
    }
    if (!done) {
        const int back = uninterrupted([&] { return m_fs.rename(old, m_target); });
        if (back < 0) {
            Error error = done.error();
            error.message += " The previous version lies in " + old + " and is restored at the next start.";
            return error;
        }
        return done;
    }
    m_replaced = old;
    return {};
}

Status AtomicFolder::place()
{
    FileStatus status;
    const int found = uninterrupted([&] { return m_fs.status(m_target, status); });
    if (found < 0 && found != -ENOENT) return fileError(found, "look at", m_target);
    const bool exists = found >= 0;
    if (exists && !m_replaceAllowed) return fileError(EEXIST, "save", m_target);
    const int placed = uninterrupted([&] {
        return exists ? m_fs.exchange(m_temporary, m_target) : m_fs.renameNoReplace(m_temporary, m_target);
    });
    if (lacksCall(placed)) return placeWithoutExchange(exists);
    if (placed < 0) return fileError(placed, "save", m_target);
    if (exists) m_replaced = m_temporary;
    return {};
}

Status AtomicFolder::commit()
{
    if (!m_open)
        return Error{ErrorCode::Internal, "The folder " + m_target + " is finished already.", m_target};
    if (m_unfinished > 0 || m_manifest.files.empty()) {
        return failed(
            {ErrorCode::Internal, "Cannot save " + m_target + ": a file of it was not finished.", m_target});
    }
    const std::string path = m_temporary + "/" + kManifestName;
    Result<int> file = openFile(m_fs, path, FileSystem::Open::CreateNew);
    if (!file) return failed(file.error());
    Status done = writeAll(m_fs, *file, manifestToJson(m_manifest), shown(kManifestName));
    if (done) done = syncFile(m_fs, *file, shown(kManifestName));
    const Status closed = closeFile(m_fs, *file, shown(kManifestName));
    if (done) done = closed;
    if (done) done = syncAll();
    if (done) done = place();
    if (!done) return failed(done.error());

    m_open = false;
    if (const Status synced = syncFolder(m_fs, parentFolder(m_target)); !synced) {
        // Neither the new folder nor the replaced one may be touched now: the disk holds one of them, which
        // one is not known.
        Error error = synced.error();
        error.message = "The disk did not confirm that " + m_target + " was saved. " + error.message;
        error.where = m_target;
        return error;
    }
    if (!m_replaced.empty()) (void)removeTree(m_fs, m_replaced);
    return {};
}

} // namespace studio
