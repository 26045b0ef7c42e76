#include "cli/embeddingwriter.h"

#include "data/parquet/embeddingfile.h"

#include <nlohmann/json.hpp>

#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace studio::cli {

static_assert(std::endian::native == std::endian::little, "numbers lie in the files as in memory");

namespace {

/// Room for the header of a NumPy file whose number of rows is only known at the end.
constexpr std::size_t kNpyHeader = 128;

class NpyWriter : public EmbeddingWriter
{
public:
    NpyWriter(std::filesystem::path file, EmbeddingPrecision precision)
        : EmbeddingWriter(std::move(file), precision)
    {}

    Status add(std::span<const std::string> texts, std::span<const std::uint8_t> rows,
               std::size_t elements) override
    {
        if (m_elements == 0) {
            m_elements = elements;
            if (auto status = write(header()); !status) return status;
        }
        m_rows += texts.size();
        return write(rows.data(), rows.size());
    }

protected:
    Status writeEnd() override { return m_elements == 0 ? write(header()) : rewriteStart(header()); }

private:
    std::string header() const
    {
        const char* type =
            m_precision == EmbeddingPrecision::Float32                                             ? "<f4"
            : m_precision == EmbeddingPrecision::Int8 || m_precision == EmbeddingPrecision::Binary ? "|i1"
                                                                                                   : "|u1";
        std::string text = std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (" +
                           std::to_string(m_rows) + ", " + std::to_string(m_elements) + "), }";
        // Magic, version and length take 10 bytes, the newline one; data starts at a multiple of 64.
        text.resize(kNpyHeader - 11, ' ');
        const auto length = static_cast<unsigned>(kNpyHeader - 10);
        const char prefix[] = {'\x93',
                               'N',
                               'U',
                               'M',
                               'P',
                               'Y',
                               1,
                               0,
                               static_cast<char>(length & 0xff),
                               static_cast<char>(length >> 8)};
        return std::string(prefix, sizeof prefix) + text + '\n';
    }

    std::size_t m_rows = 0, m_elements = 0;
};

class JsonLinesWriter : public EmbeddingWriter
{
public:
    JsonLinesWriter(std::filesystem::path file, EmbeddingPrecision precision)
        : EmbeddingWriter(std::move(file), precision)
    {}

    Status add(std::span<const std::string> texts, std::span<const std::uint8_t> rows,
               std::size_t elements) override
    {
        std::string lines;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            lines += "{\"text\": " +
                     nlohmann::json(texts[i]).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                     ", \"embedding\": [";
            for (std::size_t d = 0; d < elements; ++d) {
                if (d > 0) lines += ", ";
                appendElement(lines, rows, i * elements + d);
            }
            lines += "]}\n";
        }
        return write(lines);
    }

private:
    void appendElement(std::string& out, std::span<const std::uint8_t> rows, std::size_t at) const
    {
        char buffer[32];
        char* end = buffer;
        if (m_precision == EmbeddingPrecision::Float32) {
            float value = 0;
            std::memcpy(&value, rows.data() + at * sizeof value, sizeof value);
            end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
        } else {
            const bool isSigned =
                m_precision == EmbeddingPrecision::Int8 || m_precision == EmbeddingPrecision::Binary;
            end = std::to_chars(buffer, buffer + sizeof buffer,
                                isSigned ? static_cast<int>(static_cast<std::int8_t>(rows[at])) : rows[at])
                      .ptr;
        }
        out.append(buffer, end);
    }
};

class ParquetWriter : public EmbeddingWriter
{
public:
    ParquetWriter(std::filesystem::path file, EmbeddingPrecision precision)
        : EmbeddingWriter(std::move(file), precision),
          m_parquet(precision == EmbeddingPrecision::Float32 ? parquet::ElementType::Float32
                    : precision == EmbeddingPrecision::Int8 || precision == EmbeddingPrecision::Binary
                        ? parquet::ElementType::Int8
                        : parquet::ElementType::Uint8)
    {}

    Status add(std::span<const std::string> texts, std::span<const std::uint8_t> rows,
               std::size_t elements) override
    {
        if (auto status = begin(); !status) return status;
        return write(m_parquet.rows(texts, rows, elements));
    }

protected:
    Status writeEnd() override
    {
        if (auto status = begin(); !status) return status;
        return write(m_parquet.tail());
    }

private:
    Status begin()
    {
        if (m_begun) return {};
        m_begun = true;
        return write(m_parquet.head());
    }

    parquet::EmbeddingFile m_parquet;
    bool m_begun = false;
};

} // namespace

Result<std::unique_ptr<EmbeddingWriter>> EmbeddingWriter::create(const std::filesystem::path& file,
                                                                 EmbeddingPrecision precision)
{
    std::unique_ptr<EmbeddingWriter> writer;
    const auto ending = file.extension();
    if (ending == ".npy")
        writer = std::make_unique<NpyWriter>(file, precision);
    else if (ending == ".jsonl")
        writer = std::make_unique<JsonLinesWriter>(file, precision);
    else if (ending == ".parquet")
        writer = std::make_unique<ParquetWriter>(file, precision);
    else
        return Error{ErrorCode::InvalidValue,
                     "The ending of " + file.string() +
                         " names no format for embeddings. Use .npy, .jsonl or .parquet.",
                     file.string()};
    if (auto status = writer->open(); !status) return status.error();
    return writer;
}

EmbeddingWriter::EmbeddingWriter(std::filesystem::path file, EmbeddingPrecision precision)
    : m_precision(precision), m_file(std::move(file)), m_partial(m_file.string() + ".partial")
{}

EmbeddingWriter::~EmbeddingWriter()
{
    if (m_descriptor < 0) return;
    ::close(m_descriptor);
    ::unlink(m_partial.c_str());
}

Error EmbeddingWriter::failed() const
{
    const int reason = errno;
    return {reason == ENOSPC || reason == EDQUOT ? ErrorCode::DiskFull : ErrorCode::NotWritable,
            "Cannot write " + m_file.string() + ": " + std::strerror(reason) +
                ". Choose another place with --output.",
            m_file.string()};
}

Status EmbeddingWriter::open()
{
    m_descriptor = ::open(m_partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (m_descriptor < 0) return failed();
    return {};
}

Status EmbeddingWriter::write(const void* bytes, std::size_t count)
{
    const char* at = static_cast<const char*>(bytes);
    while (count > 0) {
        const auto written = ::write(m_descriptor, at, count);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failed();
        at += written;
        count -= static_cast<std::size_t>(written);
    }
    return {};
}

Status EmbeddingWriter::rewriteStart(const std::string& bytes)
{
    if (::lseek(m_descriptor, 0, SEEK_SET) < 0) return failed();
    return write(bytes);
}

Status EmbeddingWriter::finish()
{
    if (auto status = writeEnd(); !status) return status;
    if (::fsync(m_descriptor) != 0) return failed();
    const int closed = ::close(m_descriptor);
    m_descriptor = -1;
    if (closed != 0 || ::rename(m_partial.c_str(), m_file.c_str()) != 0) {
        const auto error = failed();
        ::unlink(m_partial.c_str());
        return error;
    }
    return {};
}

} // namespace studio::cli
