#pragma once

#include "engine/model/mappedfile.h"
#include "engine/model/modelfile.h"
#include "engine/model/tensorfile.h"

#include <functional>
#include <utility>

namespace studio {

/// Reader of the safetensors format: u64 little-endian header length, JSON header, data. Nothing is copied:
/// tensors point into the mapped file. Refused, with file and offset: a header longer than 100,000,000 bytes
/// or than the file, a header that does not start with "{", duplicate names or keys, unknown keys or types,
/// offsets that are not plain integers, that leave holes, overlap, run backwards, disagree with shape times
/// type, or do not end with the file.
class SafetensorsFile : public TensorFile
{
public:
    static Result<std::shared_ptr<const SafetensorsFile>> open(const std::filesystem::path& path);

    /// The same over bytes in memory, which `owner` keeps alive.
    static Result<std::shared_ptr<const SafetensorsFile>> parse(std::span<const std::byte> bytes,
                                                                const std::string& label,
                                                                std::shared_ptr<const void> owner = nullptr);

    const std::vector<StoredTensor>& tensors() const override { return m_tensors; }
    const std::string& label() const override { return m_label; }
    const std::vector<std::pair<std::string, std::string>>& metadata() const { return m_metadata; }

private:
    SafetensorsFile() = default;

    std::string m_label;
    std::vector<StoredTensor> m_tensors;
    std::vector<std::pair<std::string, std::string>> m_metadata;
    std::shared_ptr<const void> m_owner;
};

/// A tensor to be written: `write` gives exactly the bytes of its shape and type.
struct TensorToWrite
{
    std::string name;
    TensorType type = TensorType::F32;
    std::vector<std::int64_t> shape;
    std::function<Status(ByteSink&)> write;

    std::size_t byteSize() const;
};

/// A safetensors file as a ModelFile: sorted by type (widest first) and name, the header padded to 8 bytes,
/// with metadata {"format": "pt"} unless other metadata is given. InvalidValue when a name occurs twice or is
/// reserved.
Result<ModelFile> safetensorsFile(std::string relativePath, std::vector<TensorToWrite> tensors,
                                  const std::vector<std::pair<std::string, std::string>>& metadata = {
                                      {"format", "pt"}});

} // namespace studio
