#include "data/parquet/parquetreader.h"

#include "data/parquet/columnreader.h"
#include "data/readerparts.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace studio {
namespace {

/// A file mapped for reading; pages that are not looked at are not read.
class Mapping
{
public:
    static Result<std::unique_ptr<Mapping>> open(const std::filesystem::path& path)
    {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat info = {};
        if (file < 0 || ::fstat(file, &info) != 0) {
            const int reason = errno;
            if (file >= 0) ::close(file);
            if (reason == ENOENT)
                return Error{ErrorCode::NotFound,
                             "Cannot find " + path.string() +
                                 ". Check the path under Data, or choose the file again.",
                             path.string()};
            return Error{ErrorCode::Unreadable,
                         "Cannot open " + path.string() + ": " + std::strerror(reason) + ".", path.string()};
        }
        auto out = std::unique_ptr<Mapping>(new Mapping);
        out->m_size = S_ISREG(info.st_mode) ? static_cast<std::size_t>(info.st_size) : 0;
        if (out->m_size > 0) out->m_data = ::mmap(nullptr, out->m_size, PROT_READ, MAP_PRIVATE, file, 0);
        ::close(file);
        if (out->m_data == MAP_FAILED) {
            out->m_data = nullptr;
            return Error{ErrorCode::Unreadable,
                         "Cannot read " + path.string() + ": " + std::strerror(errno) + ".", path.string()};
        }
        return out;
    }
    ~Mapping()
    {
        if (m_data) ::munmap(m_data, m_size);
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    std::string_view bytes() const { return {static_cast<const char*>(m_data), m_data ? m_size : 0}; }

private:
    Mapping() = default;
    void* m_data = nullptr;
    std::size_t m_size = 0;
};

class ParquetReader
{
public:
    ParquetReader(std::string_view file, std::string name, const ReadOptions& options, ReadReport& report)
        : m_file(file), m_name(std::move(name)), m_options(options), m_report(report)
    {}

    Result<Table> read();

private:
    Status chooseColumns();
    Status readGroup(const parquet::RowGroup& group, std::int64_t limit);
    Error named(const Error& error) const
    {
        return {error.code, "Cannot read " + m_name + ": " + error.message + ".", m_name};
    }

    std::string_view m_file;
    std::string m_name;
    const ReadOptions& m_options;
    ReadReport& m_report;
    parquet::FileMetadata m_metadata;
    std::vector<parquet::ReadableColumn> m_columns;
    Table m_table;
};

Status ParquetReader::chooseColumns()
{
    std::vector<std::string> reasons;
    for (const auto& field : m_metadata.root.children) {
        m_report.columns.push_back(field.name);
        auto column = parquet::readable(field);
        const auto& keep = m_options.columns;
        const bool wanted = std::find(keep.begin(), keep.end(), field.name) != keep.end();
        if (!column) {
            if (wanted)
                return Error{ErrorCode::Unsupported,
                             "The column \"" + field.name + "\" of " + m_name +
                                 " cannot be used: " + column.error().message + ". Choose another column.",
                             m_name};
            m_report.skippedColumns.push_back(field.name + ": " + column.error().message);
            continue;
        }
        if (!keep.empty() && !wanted) continue;
        m_table.addColumn(Column(column->name, column->kind));
        m_columns.push_back(std::move(*column));
    }
    for (const auto& wanted : m_options.columns)
        if (std::find(m_report.columns.begin(), m_report.columns.end(), wanted) == m_report.columns.end())
            return noSuchColumn(m_name, wanted, m_report.columns);
    return {};
}

Status ParquetReader::readGroup(const parquet::RowGroup& group, std::int64_t limit)
{
    for (std::size_t i = 0; i < m_columns.size(); ++i) {
        const auto& column = m_columns[i];
        const auto chunk = std::find_if(group.columns.begin(), group.columns.end(),
                                        [&](const auto& c) { return c.path == column.path; });
        if (chunk == group.columns.end())
            return named(
                parquet::malformed("the column \"" + column.name + "\" is missing in a part of the file"));
        const auto codec = parquet::codecName(chunk->codec);
        if (!codec.empty() && m_report.compression.find(codec) == std::string::npos)
            m_report.compression += (m_report.compression.empty() ? "" : ", ") + codec;
        auto& out = m_table.column(static_cast<int>(i));
        if (auto status = parquet::readChunk(m_file, *chunk, column, limit, out); !status)
            return named(status.error());
        if (out.rows() != m_table.column(0).rows())
            return named(parquet::malformed("its columns \"" + m_columns[0].name + "\" and \"" + column.name +
                                            "\" have different numbers of rows"));
        if (m_options.progress) {
            const auto done = static_cast<double>(chunk->dataOffset + chunk->packedSize);
            const auto total = static_cast<std::int64_t>(m_file.size());
            if (!m_options.progress(std::min(static_cast<std::int64_t>(done), total), total))
                return Error{ErrorCode::Busy, "Reading " + m_name + " was stopped.", {}};
        }
    }
    return {};
}

Result<Table> ParquetReader::read()
{
    auto metadata = parquet::readMetadata(m_file);
    if (!metadata) return named(metadata.error());
    m_metadata = std::move(*metadata);
    m_report.totalRows = m_metadata.rows;
    if (auto status = chooseColumns(); !status) return status.error();
    for (const auto& group : m_metadata.groups) {
        const auto limit = m_options.limit < 0 ? -1 : m_options.limit - m_table.rows();
        if (limit == 0) {
            m_report.complete = m_table.rows() >= m_metadata.rows;
            break;
        }
        if (auto status = readGroup(group, limit); !status) return status.error();
    }
    if (m_options.limit >= 0 && m_table.rows() >= m_options.limit)
        m_report.complete = m_table.rows() >= m_metadata.rows;
    return std::move(m_table);
}

} // namespace

Result<Table> readParquet(const std::filesystem::path& path, const ReadOptions& options, ReadReport& report)
{
    auto mapping = Mapping::open(path);
    if (!mapping) return mapping.error();
    report.fileBytes = static_cast<std::int64_t>((*mapping)->bytes().size());
    report.encoding = "UTF-8";
    return ParquetReader((*mapping)->bytes(), path.filename().string(), options, report).read();
}

} // namespace studio
