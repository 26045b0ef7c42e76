#include "engine/model/safetensors.h"

#include "core/json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>

namespace studio {

namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000;
/// Of one file; the largest models have some thousands in each.
constexpr std::size_t kMaxTensors = 20'000;
constexpr std::size_t kMaxMetadata = 10'000;
constexpr std::size_t kMaxDimensions = 32;
constexpr std::size_t kLengthBytes = 8;

struct HeaderEntry
{
    std::string name;
    TensorType type = TensorType::F32;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// Walks the header once, without building a document: the only shapes that exist are
/// {"name": {"dtype": "F32", "shape": [..], "data_offsets": [b, e]}, "__metadata__": {"key": "value"}}.
class HeaderHandler : public nlohmann::json_sax<Json>
{
public:
    std::vector<HeaderEntry> entries;
    std::vector<std::pair<std::string, std::string>> metadata;
    std::string problem;
    std::size_t position = 0;

    bool null() override { return misplaced("null"); }
    bool boolean(bool) override { return misplaced("true or false"); }
    bool number_integer(number_integer_t value) override { return misplaced(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return misplaced(text); }
    bool binary(binary_t&) override { return misplaced("binary data"); }

    bool number_unsigned(number_unsigned_t value) override
    {
        if (m_state == State::Shape) {
            if (entries.back().shape.size() >= kMaxDimensions)
                return fail(about("has more than 32 dimensions"));
            if (value > static_cast<std::uint64_t>(INT64_MAX))
                return fail(about("has a dimension that is too large"));
            entries.back().shape.push_back(static_cast<std::int64_t>(value));
            return true;
        }
        if (m_state == State::Offsets) {
            if (m_offsets == 0) entries.back().begin = value;
            if (m_offsets == 1) entries.back().end = value;
            return ++m_offsets <= 2 || fail(about("has more than two data_offsets"));
        }
        return misplaced(std::to_string(value));
    }

    bool string(string_t& value) override
    {
        if (m_state == State::Metadata) {
            metadata.back().second = std::move(value);
            return true;
        }
        if (m_state == State::Tensor && m_field == kDtype) {
            const auto type = tensorTypeOf(value);
            if (!type) return fail(about("has the unknown dtype \"" + value.substr(0, 40) + "\""));
            entries.back().type = *type;
            return true;
        }
        return misplaced("a string");
    }

    bool start_object(std::size_t) override
    {
        switch (m_state) {
        case State::Start:
            m_state = State::Names;
            return true;
        case State::Names:
            m_state = m_isMetadata ? State::Metadata : State::Tensor;
            return true;
        default:
            return misplaced("an object");
        }
    }

    bool end_object() override
    {
        switch (m_state) {
        case State::Tensor:
            if (m_seen != (kDtype | kShape | kDataOffsets))
                return fail(about("lacks dtype, shape or data_offsets"));
            m_state = State::Names;
            return true;
        case State::Metadata:
            m_state = State::Names;
            return true;
        default:
            m_state = State::Done;
            return true;
        }
    }

    bool start_array(std::size_t) override
    {
        if (m_state == State::Tensor && m_field == kShape) return m_state = State::Shape, true;
        if (m_state == State::Tensor && m_field == kDataOffsets)
            return m_state = State::Offsets, m_offsets = 0, true;
        return misplaced("a list");
    }

    bool end_array() override
    {
        if (m_state == State::Offsets && m_offsets != 2) return fail(about("needs two data_offsets"));
        m_state = State::Tensor;
        return true;
    }

    bool key(string_t& name) override
    {
        if (m_state == State::Metadata) {
            if (metadata.size() >= kMaxMetadata) return fail("its metadata has more than 10,000 entries");
            metadata.emplace_back(std::move(name), std::string());
            return true;
        }
        if (m_state == State::Tensor) {
            m_field = name == "dtype"          ? kDtype
                      : name == "shape"        ? kShape
                      : name == "data_offsets" ? kDataOffsets
                                               : 0;
            if (m_field == 0) return fail(about("has the unknown key \"" + name.substr(0, 40) + "\""));
            if (m_seen & m_field) return fail(about("has the key \"" + name + "\" twice"));
            m_seen |= m_field;
            return true;
        }
        m_isMetadata = name == "__metadata__";
        if (m_isMetadata) {
            if (m_hadMetadata) return fail("it has the key \"__metadata__\" twice");
            m_hadMetadata = true;
            return true;
        }
        if (entries.size() >= kMaxTensors) return fail("it has more than 20,000 tensors");
        entries.emplace_back();
        entries.back().name = std::move(name);
        m_seen = 0;
        return true;
    }

    bool parse_error(std::size_t where, const std::string&, const nlohmann::json::exception& error) override
    {
        position = where;
        std::string text = error.what();
        if (const auto colon = text.find(": "); colon != std::string::npos) text = text.substr(colon + 2);
        return fail("its header is broken JSON: " + text);
    }

private:
    enum class State { Start, Names, Metadata, Tensor, Shape, Offsets, Done };
    static constexpr int kDtype = 1, kShape = 2, kDataOffsets = 4;

    std::string about(const std::string& what) const
    {
        return "tensor \"" + (entries.empty() ? std::string() : entries.back().name.substr(0, 120)) + "\" " +
               what;
    }

    bool fail(std::string what)
    {
        if (problem.empty()) problem = std::move(what);
        return false;
    }

    bool misplaced(const std::string& what)
    {
        switch (m_state) {
        case State::Metadata:
            return fail("its metadata may hold strings only, not " + what);
        case State::Tensor:
            return fail(about("has " + what + " where its description belongs"));
        case State::Shape:
            return fail(about("has " + what + " in its shape"));
        case State::Offsets:
            return fail(about("has " + what + " in its data_offsets"));
        default:
            return fail("its header is not an object of tensors (" + what + " found)");
        }
    }

    State m_state = State::Start;
    bool m_isMetadata = false;
    bool m_hadMetadata = false;
    int m_field = 0;
    int m_seen = 0;
    int m_offsets = 0;
};

Error broken(const std::string& label, const std::string& why, std::uint64_t offset)
{
    return {ErrorCode::Malformed,
            "Cannot read " + label + ": " + why + ". Download the file again or choose another model.",
            label + ", offset " + std::to_string(offset)};
}

/// Bytes of shape times type; nothing when it does not fit or is no whole number of bytes.
std::optional<std::uint64_t> bytesOf(const std::vector<std::int64_t>& shape, TensorType type)
{
    std::uint64_t bits = static_cast<std::uint64_t>(tensorTypeBits(type));
    for (const auto dimension : shape)
        if (__builtin_mul_overflow(bits, static_cast<std::uint64_t>(dimension), &bits)) return std::nullopt;
    if (bits % 8 != 0) return std::nullopt;
    return bits / 8;
}

/// Checks every entry against the data that follows the header. Entries come back sorted by offset.
Status checkLayout(std::vector<HeaderEntry>& entries, std::uint64_t dataBytes, std::uint64_t dataStart,
                   const std::string& label)
{
    std::sort(entries.begin(), entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
        return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    std::uint64_t expected = 0;
    for (const auto& entry : entries) {
        const std::string who = "tensor \"" + entry.name.substr(0, 120) + "\" ";
        if (entry.end < entry.begin) return broken(label, who + "ends before it begins", dataStart);
        if (entry.end > dataBytes)
            return broken(label, who + "ends behind the end of the file, which may be cut off",
                          dataStart + dataBytes);
        if (entry.begin != expected)
            return broken(
                label, who + (entry.begin < expected ? "overlaps the one before" : "leaves a hole before it"),
                dataStart + entry.begin);
        const auto bytes = bytesOf(entry.shape, entry.type);
        if (!bytes || *bytes != entry.end - entry.begin)
            return broken(label,
                          who + "has data_offsets that do not fit its shape " + shapeText(entry.shape) +
                              " and dtype " + tensorTypeName(entry.type),
                          dataStart + entry.begin);
        expected = entry.end;
    }
    if (expected != dataBytes)
        return broken(label, std::to_string(dataBytes - expected) + " bytes follow the last tensor",
                      dataStart + expected);
    return {};
}

} // namespace

Result<std::shared_ptr<const SafetensorsFile>> SafetensorsFile::open(const std::filesystem::path& path)
{
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    return parse((*file)->bytes(), path.filename().string(), *file);
}

Result<std::shared_ptr<const SafetensorsFile>> SafetensorsFile::parse(std::span<const std::byte> bytes,
                                                                      const std::string& label,
                                                                      std::shared_ptr<const void> owner)
{
    if (bytes.size() < kLengthBytes)
        return broken(label, "it has " + std::to_string(bytes.size()) + " bytes and no room for a header", 0);
    std::uint64_t headerBytes = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i)
        headerBytes |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
    if (headerBytes > kMaxHeader)
        return broken(label, "its header would be longer than 100,000,000 bytes", 0);
    if (headerBytes > bytes.size() - kLengthBytes)
        return broken(label, "its header runs past the end of the file, which may be cut off", 0);

    const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes,
                                  static_cast<std::size_t>(headerBytes));
    if (header.empty() || header.front() != '{')
        return broken(label, "its header does not begin with \"{\"", kLengthBytes);
    // nlohmann's lexer takes a NUL for the end of the text.
    if (const auto nul = header.find('\0'); nul != std::string_view::npos)
        return broken(label, "its header contains a NUL byte", kLengthBytes + nul);

    HeaderHandler handler;
    if (!Json::sax_parse(header.begin(), header.end(), &handler))
        return broken(label, handler.problem, kLengthBytes + (handler.position ? handler.position - 1 : 0));

    std::sort(handler.metadata.begin(), handler.metadata.end());
    for (std::size_t i = 1; i < handler.metadata.size(); ++i)
        if (handler.metadata[i].first == handler.metadata[i - 1].first)
            return broken(
                label, "its metadata has the key \"" + handler.metadata[i].first.substr(0, 80) + "\" twice",
                kLengthBytes);

    const std::uint64_t dataStart = kLengthBytes + headerBytes;
    if (auto layout = checkLayout(handler.entries, bytes.size() - dataStart, dataStart, label); !layout)
        return layout.error();

    std::shared_ptr<SafetensorsFile> file(new SafetensorsFile);
    file->m_label = label;
    file->m_owner = std::move(owner);
    file->m_metadata = std::move(handler.metadata);
    file->m_tensors.reserve(handler.entries.size());
    for (auto& entry : handler.entries)
        file->m_tensors.push_back({std::move(entry.name), entry.type, std::move(entry.shape),
                                   bytes.subspan(dataStart + entry.begin, entry.end - entry.begin)});
    auto& tensors = file->m_tensors;
    std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < tensors.size(); ++i)
        if (tensors[i].name == tensors[i - 1].name)
            return broken(label, "tensor \"" + tensors[i].name.substr(0, 120) + "\" occurs twice",
                          kLengthBytes);
    return std::shared_ptr<const SafetensorsFile>(std::move(file));
}

std::size_t TensorToWrite::byteSize() const
{
    return static_cast<std::size_t>(bytesOf(shape, type).value_or(0));
}

Result<ModelFile> safetensorsFile(std::string relativePath, std::vector<TensorToWrite> tensors,
                                  const std::vector<std::pair<std::string, std::string>>& metadata)
{
    std::sort(tensors.begin(), tensors.end(), [](const TensorToWrite& a, const TensorToWrite& b) {
        return a.type != b.type ? a.type > b.type : a.name < b.name;
    });
    std::vector<std::string_view> names;
    for (const auto& tensor : tensors)
        names.push_back(tensor.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end() ||
        std::binary_search(names.begin(), names.end(), std::string_view("__metadata__")))
        return Error{ErrorCode::InvalidValue,
                     "Cannot write " + relativePath + ": the tensor name \"" +
                         std::string(twice != names.end() ? *twice : std::string_view("__metadata__")) +
                         "\" is used twice or is reserved.",
                     relativePath};

    std::string header = "{";
    if (!metadata.empty()) {
        auto json = Json::object();
        for (const auto& [key, value] : metadata)
            json[key] = value;
        header += "\"__metadata__\":" + json.dump();
    }
    std::uint64_t offset = 0;
    for (const auto& tensor : tensors) {
        const std::uint64_t end = offset + tensor.byteSize();
        Json entry = Json::object();
        entry["dtype"] = tensorTypeName(tensor.type);
        entry["shape"] = tensor.shape;
        entry["data_offsets"] = {offset, end};
        if (header.size() > 1) header += ",";
        header += Json(tensor.name).dump() + ":" + entry.dump();
        offset = end;
    }
    header += "}";
    header.resize((header.size() + 7) / 8 * 8, ' ');

    std::string prefix(kLengthBytes, '\0');
    for (std::size_t i = 0; i < kLengthBytes; ++i)
        prefix[i] = static_cast<char>((static_cast<std::uint64_t>(header.size()) >> (8 * i)) & 0xff);
    header = prefix + header;

    ModelFile file;
    file.relativePath = std::move(relativePath);
    file.size = header.size() + static_cast<std::size_t>(offset);
    file.write = [header = std::move(header), tensors = std::move(tensors)](ByteSink& sink) -> Status {
        if (auto status = sink.write(header); !status) return status;
        for (const auto& tensor : tensors)
            if (auto status = tensor.write(sink); !status) return status;
        return {};
    };
    return file;
}

} // namespace studio
