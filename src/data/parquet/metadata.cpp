#include "data/parquet/metadata.h"

#include "data/parquet/thriftreader.h"

#include <cstring>

namespace studio::parquet {
namespace {

constexpr int kMaxSchemaDepth = 32;
constexpr std::int64_t kMaxPage = std::int64_t{1} << 30;

struct FlatNode
{
    SchemaNode node;
    std::int64_t children = 0;
};

Meaning convertedMeaning(std::int64_t code, SchemaNode& node)
{
    switch (code) {
    case 0:
    case 4:
    case 19:
        return Meaning::Text; // UTF8, ENUM, JSON
    case 1:
    case 2:
        return Meaning::Map;
    case 3:
        return Meaning::List;
    case 5:
        return Meaning::Decimal;
    case 6:
        return Meaning::Date;
    case 7:
        node.perSecond = 1000;
        return Meaning::Time;
    case 8:
        node.perSecond = 1'000'000;
        return Meaning::Time;
    case 9:
        node.perSecond = 1000;
        return Meaning::Timestamp;
    case 10:
        node.perSecond = 1'000'000;
        return Meaning::Timestamp;
    case 14:
        return Meaning::Unsigned64;
    default:
        return Meaning::None;
    }
}

/// TIME and TIMESTAMP: field 2 is a union of units.
void readTimeUnit(ThriftReader& reader, SchemaNode& node)
{
    for (ThriftReader::Fields fields(reader); fields.next();) {
        if (fields.id() != 2 || fields.type() != ThriftType::Struct) {
            fields.skip();
            continue;
        }
        for (ThriftReader::Fields unit(reader); unit.next(); unit.skip())
            node.perSecond = unit.id() == 1 ? 1000 : unit.id() == 2 ? 1'000'000 : 0;
    }
}

/// LogicalType is a union: one field, whose number is the kind.
void readLogicalType(ThriftReader& reader, SchemaNode& node)
{
    for (ThriftReader::Fields fields(reader); fields.next();) {
        if (fields.type() != ThriftType::Struct) {
            fields.skip();
            continue;
        }
        switch (fields.id()) {
        case 1:
        case 4:
        case 12:
            node.meaning = Meaning::Text;
            break;
        case 2:
            node.meaning = Meaning::Map;
            break;
        case 3:
            node.meaning = Meaning::List;
            break;
        case 5:
            node.meaning = Meaning::Decimal;
            break;
        case 6:
            node.meaning = Meaning::Date;
            break;
        case 7:
            node.meaning = Meaning::Time;
            readTimeUnit(reader, node);
            continue;
        case 8:
            node.meaning = Meaning::Timestamp;
            readTimeUnit(reader, node);
            continue;
        case 14:
            node.meaning = Meaning::Uuid;
            break;
        case 15:
            node.meaning = Meaning::Float16;
            break;
        default:
            break;
        }
        fields.skip();
    }
}

FlatNode readSchemaElement(ThriftReader& reader)
{
    FlatNode out;
    for (ThriftReader::Fields fields(reader); fields.next();) {
        switch (fields.id()) {
        case 1: {
            const auto type = fields.integer();
            if (type < 0 || type > 7) reader.fail();
            out.node.type = static_cast<Type>(type);
            out.node.leaf = true;
            break;
        }
        case 2:
            out.node.typeLength = static_cast<int>(fields.integer());
            break;
        case 3: {
            const auto repetition = fields.integer();
            if (repetition < 0 || repetition > 2) reader.fail();
            out.node.repetition = static_cast<Repetition>(repetition);
            break;
        }
        case 4:
            out.node.name = fields.binary();
            break;
        case 5:
            out.children = fields.integer();
            break;
        case 6: {
            const auto meaning = convertedMeaning(fields.integer(), out.node);
            if (out.node.meaning == Meaning::None) out.node.meaning = meaning;
            break;
        }
        case 7:
            out.node.scale = static_cast<int>(fields.integer());
            break;
        case 10:
            if (fields.type() == ThriftType::Struct)
                readLogicalType(reader, out.node);
            else
                fields.skip();
            break;
        default:
            fields.skip();
        }
    }
    if (out.children > 0) out.node.leaf = false;
    return out;
}

/// The flat list of the file is a tree in depth-first order.
bool buildTree(std::vector<FlatNode>& flat, std::size_t& at, SchemaNode& node, int depth)
{
    if (at >= flat.size() || depth > kMaxSchemaDepth) return false;
    const auto children = flat[at].children;
    node = std::move(flat[at].node);
    ++at;
    if (children < 0 || children > static_cast<std::int64_t>(flat.size())) return false;
    for (std::int64_t i = 0; i < children; ++i) {
        node.children.emplace_back();
        if (!buildTree(flat, at, node.children.back(), depth + 1)) return false;
    }
    return true;
}

void readColumnMetadata(ThriftReader& reader, ColumnChunk& out)
{
    for (ThriftReader::Fields fields(reader); fields.next();) {
        switch (fields.id()) {
        case 1:
            out.type = static_cast<Type>(fields.integer());
            break;
        case 3:
            for (auto n = fields.list(ThriftType::Binary); n > 0; --n) {
                if (!out.path.empty()) out.path += '.';
                out.path += reader.binary();
            }
            break;
        case 4: {
            const auto codec = fields.integer();
            if (codec < 0 || codec > 7) reader.fail();
            out.codec = static_cast<Codec>(codec);
            break;
        }
        case 5:
            out.values = fields.integer();
            break;
        case 7:
            out.packedSize = fields.integer();
            break;
        case 9:
            out.dataOffset = fields.integer();
            break;
        case 11:
            out.dictionaryOffset = fields.integer();
            break;
        default:
            fields.skip();
        }
    }
}

RowGroup readRowGroup(ThriftReader& reader)
{
    RowGroup out;
    for (ThriftReader::Fields fields(reader); fields.next();) {
        if (fields.id() == 3) {
            out.rows = fields.integer();
        } else if (fields.id() == 1) {
            for (auto n = fields.list(ThriftType::Struct); n > 0 && !reader.failed(); --n) {
                ColumnChunk chunk;
                for (ThriftReader::Fields inner(reader); inner.next();) {
                    if (inner.id() == 3 && inner.type() == ThriftType::Struct) {
                        readColumnMetadata(reader, chunk);
                    } else {
                        chunk.elsewhere |= inner.id() == 1;
                        inner.skip();
                    }
                }
                out.columns.push_back(std::move(chunk));
            }
        } else {
            fields.skip();
        }
    }
    return out;
}

} // namespace

Error malformed(const std::string& what)
{
    return {ErrorCode::Malformed, what, {}};
}

Error unsupported(const std::string& what)
{
    return {ErrorCode::Unsupported, what, {}};
}

std::string codecName(Codec codec)
{
    static constexpr const char* names[] = {"", "snappy", "gzip", "lzo", "brotli", "lz4", "zstd", "lz4"};
    return names[static_cast<int>(codec)];
}

Result<FileMetadata> readMetadata(std::string_view file)
{
    if (file.size() < 12 || !file.starts_with("PAR1"))
        return malformed("it does not start as a Parquet file");
    if (file.ends_with("PARE")) return unsupported("its footer is encrypted");
    if (!file.ends_with("PAR1"))
        return malformed("it does not end as a Parquet file; it was probably cut off");
    std::uint32_t size = 0;
    std::memcpy(&size, file.data() + file.size() - 8, 4);
    if (size > file.size() - 12) return malformed("its footer is larger than the file");

    ThriftReader reader(file.substr(file.size() - 8 - size, size));
    FileMetadata out;
    std::vector<FlatNode> flat;
    for (ThriftReader::Fields fields(reader); fields.next();) {
        switch (fields.id()) {
        case 2:
            for (auto n = fields.list(ThriftType::Struct); n > 0 && !reader.failed(); --n)
                flat.push_back(readSchemaElement(reader));
            break;
        case 3:
            out.rows = fields.integer();
            break;
        case 4:
            for (auto n = fields.list(ThriftType::Struct); n > 0 && !reader.failed(); --n)
                out.groups.push_back(readRowGroup(reader));
            break;
        default:
            fields.skip();
        }
    }
    if (reader.failed()) return malformed("its footer is damaged");
    std::size_t at = 0;
    if (!buildTree(flat, at, out.root, 0) || at != flat.size()) return malformed("its schema is damaged");
    return out;
}

Result<PageHeader> readPageHeader(std::string_view bytes)
{
    ThriftReader reader(bytes);
    PageHeader out;
    bool described = false;
    const auto encoding = [&](std::int64_t code) {
        if (code < 0 || code > 9 || code == 1) reader.fail();
        return static_cast<Encoding>(code);
    };
    for (ThriftReader::Fields fields(reader); fields.next();) {
        switch (fields.id()) {
        case 1: {
            const auto type = fields.integer();
            if (type < 0 || type > 3) reader.fail();
            out.type = static_cast<PageType>(type);
            break;
        }
        case 2:
            out.unpackedSize = fields.integer();
            break;
        case 3:
            out.packedSize = fields.integer();
            break;
        case 5:
        case 7:
            described = true;
            for (ThriftReader::Fields page(reader); page.next();) {
                if (page.id() == 1)
                    out.values = page.integer();
                else if (page.id() == 2)
                    out.encoding = encoding(page.integer());
                else if (page.id() == 3 && fields.id() == 5)
                    out.levelEncoding = encoding(page.integer());
                else
                    page.skip();
            }
            break;
        case 8:
            described = true;
            for (ThriftReader::Fields page(reader); page.next();) {
                switch (page.id()) {
                case 1:
                    out.values = page.integer();
                    break;
                case 4:
                    out.encoding = encoding(page.integer());
                    break;
                case 5:
                    out.definitionBytes = page.integer();
                    break;
                case 6:
                    out.repetitionBytes = page.integer();
                    break;
                case 7:
                    out.packed = page.truth();
                    break;
                default:
                    page.skip();
                }
            }
            break;
        default:
            fields.skip();
        }
    }
    const bool sizes = out.unpackedSize >= 0 && out.unpackedSize <= kMaxPage && out.packedSize >= 0 &&
                       out.packedSize <= kMaxPage;
    if (reader.failed() || !sizes || out.values < 0 || out.values > kMaxPage ||
        (!described && out.type != PageType::Index))
        return malformed("a page header is damaged");
    out.headerSize = reader.position();
    return out;
}

} // namespace studio::parquet
