#include "data/parquet/embeddingfile.h"

#include "data/parquet/metadata.h"
#include "data/parquet/thriftwriter.h"

#include <bit>

namespace studio::parquet {
namespace {

static_assert(std::endian::native == std::endian::little, "plain values lie in the file as in memory");

// Numbers of parquet.thrift.
constexpr int kTypeInt32 = 1, kTypeFloat = 4, kTypeBytes = 6;
constexpr int kRequired = 0, kRepeated = 2;
constexpr int kConvertedUtf8 = 0, kConvertedList = 3, kConvertedUint8 = 11, kConvertedInt8 = 15;
constexpr int kDataPage = 0, kUncompressed = 0;
constexpr int kPlain = static_cast<int>(Encoding::Plain), kRle = static_cast<int>(Encoding::Rle);

void append32(std::string& bytes, std::uint32_t value)
{
    for (int i = 0; i < 4; ++i)
        bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

/// A run of equal levels of one bit, in the run-length form of Encodings.md.
void appendRun(std::string& bytes, std::size_t count, char level)
{
    std::uint64_t head = static_cast<std::uint64_t>(count) << 1;
    for (; head >= 0x80; head >>= 7)
        bytes.push_back(static_cast<char>((head & 0x7f) | 0x80));
    bytes.push_back(static_cast<char>(head));
    bytes.push_back(level);
}

/// Levels with their length in front, as a data page of the first version holds them.
std::string levels(const std::string& runs)
{
    std::string bytes;
    append32(bytes, static_cast<std::uint32_t>(runs.size()));
    return bytes + runs;
}

std::string page(const std::string& body, std::size_t values)
{
    ThriftWriter header;
    header.beginStruct();
    header.i32(1, kDataPage);
    header.i32(2, static_cast<std::int64_t>(body.size()));
    header.i32(3, static_cast<std::int64_t>(body.size()));
    header.beginStruct(5);
    header.i32(1, static_cast<std::int64_t>(values));
    header.i32(2, kPlain);
    header.i32(3, kRle);
    header.i32(4, kRle);
    header.endStruct();
    header.endStruct();
    return header.bytes() + body;
}

int physicalType(ElementType type)
{
    return type == ElementType::Float32 ? kTypeFloat : kTypeInt32;
}

void schema(ThriftWriter& out, ElementType type)
{
    const auto node = [&](const char* name, int repetition, int physical, int children, int converted) {
        out.beginStruct();
        if (physical >= 0) out.i32(1, physical);
        if (repetition >= 0) out.i32(3, repetition);
        out.text(4, name);
        if (children > 0) out.i32(5, children);
        if (converted >= 0) out.i32(6, converted);
        out.endStruct();
    };
    const int converted = type == ElementType::Int8    ? kConvertedInt8
                          : type == ElementType::Uint8 ? kConvertedUint8
                                                       : -1;
    out.beginStructs(2, 5);
    node("schema", -1, -1, 2, -1);
    node("text", kRequired, kTypeBytes, 0, kConvertedUtf8);
    node("embedding", kRequired, -1, 1, kConvertedList);
    node("list", kRepeated, -1, 1, -1);
    node("element", kRequired, physicalType(type), 0, converted);
}

} // namespace

std::string EmbeddingFile::head()
{
    m_written = 4;
    return "PAR1";
}

std::string EmbeddingFile::rows(std::span<const std::string> texts, std::span<const std::uint8_t> elements,
                                std::size_t length)
{
    std::string body;
    for (const auto& text : texts) {
        append32(body, static_cast<std::uint32_t>(text.size()));
        body += text;
    }
    const std::string textPage = page(body, texts.size());

    // Every row starts a list (repetition 0) that goes on (repetition 1); every element is there (definition
    // 1).
    std::string repetition;
    for (std::size_t row = 0; row < texts.size(); ++row) {
        appendRun(repetition, 1, 0);
        if (length > 1) appendRun(repetition, length - 1, 1);
    }
    std::string definition;
    appendRun(definition, texts.size() * length, 1);
    body = levels(repetition) + levels(definition);
    if (m_type == ElementType::Float32) {
        body.append(reinterpret_cast<const char*>(elements.data()), elements.size());
    } else {
        for (const auto element : elements)
            append32(body, m_type == ElementType::Int8
                               ? static_cast<std::uint32_t>(static_cast<std::int8_t>(element))
                               : element);
    }
    const std::string embeddingPage = page(body, texts.size() * length);

    Group group;
    group.rows = static_cast<std::int64_t>(texts.size());
    group.text = {m_written, static_cast<std::int64_t>(textPage.size()), group.rows};
    group.embedding = {m_written + group.text.bytes, static_cast<std::int64_t>(embeddingPage.size()),
                       group.rows * static_cast<std::int64_t>(length)};
    m_groups.push_back(group);
    m_written += group.text.bytes + group.embedding.bytes;
    return textPage + embeddingPage;
}

std::string EmbeddingFile::tail() const
{
    std::int64_t rows = 0;
    for (const auto& group : m_groups)
        rows += group.rows;
    ThriftWriter out;
    out.beginStruct();
    out.i32(1, 1);
    schema(out, m_type);
    out.i64(3, rows);
    out.beginStructs(4, m_groups.size());
    for (const auto& group : m_groups) {
        const auto column = [&](const Chunk& chunk, int type, std::initializer_list<const char*> path) {
            out.beginStruct();
            out.i64(2, chunk.offset);
            out.beginStruct(3);
            out.i32(1, type);
            out.beginIntegers(2, 2);
            out.element(std::int64_t{kPlain});
            out.element(std::int64_t{kRle});
            out.beginTexts(3, path.size());
            for (const char* name : path)
                out.element(std::string_view(name));
            out.i32(4, kUncompressed);
            out.i64(5, chunk.values);
            out.i64(6, chunk.bytes);
            out.i64(7, chunk.bytes);
            out.i64(9, chunk.offset);
            out.endStruct();
            out.endStruct();
        };
        out.beginStruct();
        out.beginStructs(1, 2);
        column(group.text, kTypeBytes, {"text"});
        column(group.embedding, physicalType(m_type), {"embedding", "list", "element"});
        out.i64(2, group.text.bytes + group.embedding.bytes);
        out.i64(3, group.rows);
        out.endStruct();
    }
    out.text(6, "sentence-studio");
    out.endStruct();

    std::string bytes = out.bytes();
    append32(bytes, static_cast<std::uint32_t>(out.bytes().size()));
    return bytes + "PAR1";
}

} // namespace studio::parquet
