// Bytes of broken weights: safetensors headers and state dicts in zip archives.

#include "hostilefiles.h"

namespace studio::test {

namespace {

std::string little(std::uint64_t value, int bytes)
{
    std::string text;
    for (int i = 0; i < bytes; ++i)
        text.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    return text;
}

/// An archive of entries stored as they are.
std::string zipOf(const std::vector<std::pair<std::string, std::string>>& entries)
{
    std::string file, directory;
    for (const auto& [name, data] : entries) {
        const auto at = file.size();
        const std::string common = little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(0, 4) +
                                   little(data.size(), 4) + little(data.size(), 4) + little(name.size(), 2) + little(0, 2);
        file += "PK\x03\x04" + common + name + data;
        directory += "PK\x01\x02" + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) +
                     little(at, 4) + name;
    }
    const auto start = file.size();
    return file + directory + "PK\x05\x06" + little(0, 4) + little(entries.size(), 2) + little(entries.size(), 2) +
           little(directory.size(), 4) + little(start, 4) + little(0, 2);
}

std::string text(const std::string& value)
{
    return "X" + little(value.size(), 4) + value;
}

std::string tuple(const std::vector<std::uint32_t>& numbers)
{
    std::string code = "(";
    for (const auto number : numbers)
        code += "J" + little(number, 4);
    return code + "t";
}

} // namespace

std::string safetensorsBytes(const std::string& header, std::size_t data)
{
    return little(header.size(), 8) + header + std::string(data, '\0');
}

std::string pickledViews(std::size_t elements, const std::vector<StorageView>& views)
{
    std::string code = "\x80\x02}(";
    for (const auto& view : views)
        code += text(view.name) + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" +
                text("0") + text("cpu") + "J" + little(elements, 4) + "tQ" + "K" + std::string(1, '\0') + tuple(view.shape) +
                tuple(view.strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
    code += "u.";
    return zipOf({{"m/data.pkl", code}, {"m/byteorder", "little"}, {"m/data/0", std::string(elements * 4, '\0')}});
}

} // namespace studio::test
