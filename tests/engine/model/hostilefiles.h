#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace studio::test {

/// Which reader a hostile file meets.
enum class HostileReader { Weights, Modules, Config, Tokenizer };

/// A folder that must be refused. (In a file of its own: moc loses its way among so many raw strings.)
struct HostileFile
{
    std::string name;
    HostileReader reader;
    std::string file; ///< that the error must name
    std::string says; ///< a part of the error that tells the place or the reason
    std::function<void(const std::filesystem::path& folder)> write;
};

std::vector<HostileFile> hostileFiles();

/// A safetensors file: length, header, data.
std::string safetensorsBytes(const std::string& header, std::size_t data = 0);

/// A pytorch_model.bin of fp32 tensors that all look at one storage of `elements` numbers.
struct StorageView
{
    std::string name;
    std::vector<std::uint32_t> shape, strides;
};
std::string pickledViews(std::size_t elements, const std::vector<StorageView>& views);

} // namespace studio::test
