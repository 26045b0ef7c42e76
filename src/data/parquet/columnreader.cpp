#include "data/parquet/columnreader.h"

#include "data/parquet/codecs.h"

#include <bit>
#include <cstring>

namespace studio::parquet {
namespace {

constexpr std::uint64_t kMaxColumnBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxColumnRatio = 200;
/// Writers put some ten thousand values into a page, a million where all are null. A page that states more
/// than this was made to exhaust the memory: run lengths state any number in a few bytes.
constexpr std::int64_t kMaxPageValues = std::int64_t{1} << 26;

int bitsFor(int maxLevel)
{
    return static_cast<int>(std::bit_width(static_cast<unsigned>(maxLevel)));
}

ColumnKind kindOf(const SchemaNode& leaf, bool list)
{
    bool text = false;
    bool real = false;
    switch (leaf.meaning) {
    case Meaning::Decimal:
    case Meaning::Float16:
        real = true;
        break;
    case Meaning::Date:
    case Meaning::Time:
    case Meaning::Timestamp:
        text = true;
        break;
    default:
        text = Values::kindOf(leaf.type) == Values::Kind::Bytes || leaf.type == Type::Int96;
        real = Values::kindOf(leaf.type) == Values::Kind::Real;
    }
    if (list) return text ? ColumnKind::TextList : ColumnKind::List;
    return text ? ColumnKind::Text : real ? ColumnKind::Real : ColumnKind::Integer;
}

/// The pages of one chunk, one after the other, turned into rows.
class ChunkReader
{
public:
    ChunkReader(std::string_view file, const ColumnChunk& chunk, const ReadableColumn& column,
                std::int64_t limit, Column& out)
        : m_chunk(chunk),
          m_column(column),
          m_limit(limit),
          m_out(out),
          m_writer(column, out),
          m_fileSize(file.size())
    {
        m_dictionary.reset(Values::kindOf(column.leaf.type));
        m_values.reset(Values::kindOf(column.leaf.type));
        locate(file);
    }

    Status read();

private:
    void locate(std::string_view file);
    Status page(const PageHeader& header, std::string_view packed);
    Status dataPage(const PageHeader& header, std::string_view packed);
    Result<std::string_view> levels(const PageHeader& header, std::string_view body);
    bool splitLevels(std::string_view bytes, int maxLevel, std::size_t count,
                     std::vector<std::uint32_t>& out) const
    {
        return decodeRle(bytes, bitsFor(maxLevel), count, out);
    }
    Status flatRows(std::size_t count);
    Status listRows(std::size_t count);
    bool full() const { return m_limit >= 0 && m_out.rows() - m_firstRow >= m_limit; }

    const ColumnChunk& m_chunk;
    const ReadableColumn& m_column;
    std::int64_t m_limit;
    Column& m_out;
    ValueWriter m_writer;
    std::uint64_t m_fileSize;
    std::string_view m_bytes;
    std::int64_t m_firstRow = 0;
    Values m_dictionary;
    bool m_hasDictionary = false;
    Values m_values;
    std::vector<std::uint32_t> m_definition;
    std::vector<std::uint32_t> m_repetition;
    bool m_inList = false; ///< a list may go on in the next page
};

void ChunkReader::locate(std::string_view file)
{
    auto begin = m_chunk.dataOffset;
    if (m_chunk.dictionaryOffset > 0 && m_chunk.dictionaryOffset < begin) begin = m_chunk.dictionaryOffset;
    if (begin < 4 || begin > static_cast<std::int64_t>(file.size())) return;
    m_bytes = file.substr(static_cast<std::size_t>(begin));
    // Some writers state a size that leaves out the dictionary; pages are counted by their values instead.
}

Status ChunkReader::read()
{
    if (m_bytes.empty()) return malformed("the column \"" + m_column.name + "\" lies outside of the file");
    m_firstRow = m_out.rows();
    std::int64_t seen = 0;
    while (seen < m_chunk.values && !full()) {
        auto header = readPageHeader(m_bytes);
        if (!header) return header.error();
        m_bytes.remove_prefix(header->headerSize);
        if (static_cast<std::uint64_t>(header->packedSize) > m_bytes.size())
            return malformed("a page reaches beyond the end of the file");
        if (header->values > kMaxPageValues)
            return malformed("a page of the column \"" + m_column.name + "\" states " +
                             std::to_string(header->values) + " values");
        if (auto status = page(*header, m_bytes.substr(0, static_cast<std::size_t>(header->packedSize)));
            !status)
            return status;
        m_bytes.remove_prefix(static_cast<std::size_t>(header->packedSize));
        if (header->type == PageType::Data || header->type == PageType::DataV2) seen += header->values;
        if (m_out.bytes() > kMaxColumnBytes && m_out.bytes() / kMaxColumnRatio > m_fileSize)
            return malformed("the column \"" + m_column.name +
                             "\" unpacks to more than 200 times the file's size");
    }
    if (m_inList) m_writer.endList();
    m_inList = false;
    return {};
}

Status ChunkReader::page(const PageHeader& header, std::string_view packed)
{
    if (header.type == PageType::Index) return {};
    if (header.type != PageType::Dictionary) return dataPage(header, packed);
    auto bytes = unpack(m_chunk.codec, packed, static_cast<std::size_t>(header.unpackedSize));
    if (!bytes) return bytes.error();
    m_dictionary.reset(m_dictionary.kind);
    m_hasDictionary = true;
    return decodeValues(Encoding::Plain, *bytes, static_cast<std::size_t>(header.values), m_column.leaf.type,
                        m_column.leaf.typeLength, nullptr, m_dictionary);
}

/// Reads the levels off a page of version 1 and returns what follows them.
Result<std::string_view> ChunkReader::levels(const PageHeader& header, std::string_view body)
{
    const auto count = static_cast<std::size_t>(header.values);
    const auto take = [&](int maxLevel, std::vector<std::uint32_t>& out) {
        if (maxLevel == 0) {
            out.assign(count, 0);
            return true;
        }
        std::uint32_t size = 0;
        if (body.size() < 4) return false;
        std::memcpy(&size, body.data(), 4);
        if (size > body.size() - 4 || !splitLevels(body.substr(4, size), maxLevel, count, out)) return false;
        body.remove_prefix(4 + size);
        return true;
    };
    if (header.levelEncoding == Encoding::BitPacked && m_column.maxDefinition > 0)
        return unsupported("its levels use the encoding BIT_PACKED, which is not read");
    if (!take(m_column.list ? 1 : 0, m_repetition) || !take(m_column.maxDefinition, m_definition))
        return malformed("the levels of a page are damaged");
    return body;
}

Status ChunkReader::dataPage(const PageHeader& header, std::string_view packed)
{
    const auto count = static_cast<std::size_t>(header.values);
    std::string unpacked;
    std::string_view body;
    if (header.type == PageType::Data) {
        auto bytes = unpack(m_chunk.codec, packed, static_cast<std::size_t>(header.unpackedSize));
        if (!bytes) return bytes.error();
        unpacked = std::move(*bytes);
        auto rest = levels(header, unpacked);
        if (!rest) return rest.error();
        body = *rest;
    } else {
        const auto repetition = static_cast<std::uint64_t>(header.repetitionBytes),
                   definition = static_cast<std::uint64_t>(header.definitionBytes);
        if (header.repetitionBytes < 0 || header.definitionBytes < 0 ||
            repetition + definition > packed.size() ||
            static_cast<std::int64_t>(repetition + definition) > header.unpackedSize)
            return malformed("the levels of a page are damaged");
        const bool good =
            splitLevels(packed.substr(0, repetition), m_column.list ? 1 : 0, count, m_repetition) &&
            splitLevels(packed.substr(repetition, definition), m_column.maxDefinition, count, m_definition);
        if (!good) return malformed("the levels of a page are damaged");
        body = packed.substr(repetition + definition);
        if (header.packed && m_chunk.codec != Codec::None) {
            const auto size = static_cast<std::size_t>(header.unpackedSize) - repetition - definition;
            auto bytes = unpack(m_chunk.codec, body, size);
            if (!bytes) return bytes.error();
            unpacked = std::move(*bytes);
            body = unpacked;
        }
    }
    std::size_t present = 0;
    for (const auto level : m_definition) {
        if (level > static_cast<std::uint32_t>(m_column.maxDefinition))
            return malformed("the levels of a page are damaged");
        present += level == static_cast<std::uint32_t>(m_column.maxDefinition);
    }
    m_values.reset(m_values.kind);
    if (present > 0) {
        auto status =
            decodeValues(header.encoding, body, present, m_column.leaf.type, m_column.leaf.typeLength,
                         m_hasDictionary ? &m_dictionary : nullptr, m_values);
        if (!status) return status;
    }
    return m_column.list ? listRows(count) : flatRows(count);
}

Status ChunkReader::flatRows(std::size_t count)
{
    std::size_t next = 0;
    for (std::size_t i = 0; i < count && !full(); ++i) {
        if (m_definition[i] < static_cast<std::uint32_t>(m_column.maxDefinition)) {
            m_writer.null();
            continue;
        }
        if (auto status = m_writer.value(m_values, next++); !status) return status;
    }
    return {};
}

Status ChunkReader::listRows(std::size_t count)
{
    std::size_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto level = static_cast<int>(m_definition[i]);
        if (m_repetition[i] == 0) {
            if (m_inList) m_writer.endList();
            m_inList = false;
            if (full()) return {};
            if (level < m_column.listDefinition) {
                m_writer.null();
                continue;
            }
            m_writer.beginList();
            m_inList = true;
            if (level < m_column.repeatedDefinition) continue;
        } else if (!m_inList) {
            return malformed("a list goes on that never began");
        }
        if (level < m_column.maxDefinition) {
            m_writer.nullElement();
            continue;
        }
        if (auto status = m_writer.element(m_values, next++); !status) return status;
    }
    return {};
}

} // namespace

Result<ReadableColumn> readable(const SchemaNode& field)
{
    ReadableColumn out;
    out.name = out.path = field.name;
    const int optional = field.repetition == Repetition::Optional ? 1 : 0;
    if (field.leaf) {
        out.leaf = field;
        out.list = field.repetition == Repetition::Repeated;
        out.maxDefinition = out.list ? 1 : optional;
        out.repeatedDefinition = 1;
        out.kind = kindOf(field, out.list);
        if (field.meaning == Meaning::Float16 && (field.type != Type::FixedBytes || field.typeLength != 2))
            return malformed("its schema is damaged");
        return out;
    }
    const auto refuse = [&](const char* what) { return unsupported(std::string(what) + " are not read"); };
    if (field.meaning == Meaning::Map) return refuse("maps");
    if (field.meaning != Meaning::List || field.children.size() != 1 ||
        field.repetition == Repetition::Repeated)
        return refuse("nested values");
    const auto& repeated = field.children[0];
    if (repeated.repetition != Repetition::Repeated) return refuse("nested values");
    out.list = true;
    out.listDefinition = optional;
    out.repeatedDefinition = optional + 1;
    out.maxDefinition = optional + 1;
    out.path += "." + repeated.name;
    if (repeated.leaf) {
        out.leaf = repeated;
    } else {
        if (repeated.children.size() != 1 || !repeated.children[0].leaf ||
            repeated.children[0].repetition == Repetition::Repeated)
            return refuse("nested lists");
        out.leaf = repeated.children[0];
        out.path += "." + out.leaf.name;
        out.maxDefinition += out.leaf.repetition == Repetition::Optional ? 1 : 0;
    }
    out.kind = kindOf(out.leaf, true);
    return out;
}

Status readChunk(std::string_view file, const ColumnChunk& chunk, const ReadableColumn& column,
                 std::int64_t limit, Column& out)
{
    if (chunk.elsewhere) return unsupported("the column \"" + column.name + "\" is kept in another file");
    if (chunk.type != column.leaf.type || chunk.values < 0)
        return malformed("the footer contradicts itself about the column \"" + column.name + "\"");
    return ChunkReader(file, chunk, column, limit, out).read();
}

} // namespace studio::parquet
