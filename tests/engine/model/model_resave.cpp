// model_resave IN OUT: opens a model folder and saves it again; embeds the lines of standard input and prints
// one JSON array of numbers for each. The other half of tests/interop/model_roundtrip.py.

#include "engine/model/sentencemodel.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

using namespace studio;

namespace {

class FileSink : public ByteSink
{
public:
    explicit FileSink(const std::filesystem::path& path) : m_out(path, std::ios::binary) {}

    Status write(std::string_view bytes) override
    {
        m_out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (m_out) return {};
        return Error{ErrorCode::NotWritable, "Cannot write the model.", {}};
    }

private:
    std::ofstream m_out;
};

int failed(const Error& error)
{
    std::fprintf(stderr, "%s\n", error.text().c_str());
    return 1;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: model_resave IN OUT < texts\n");
        return 2;
    }
    LoadOptions options;
    options.gradients = false;
    options.allowLegacyWeights = true;
    const auto model = SentenceModel::load(argv[1], options);
    if (!model) return failed(model.error());

    const auto files = (*model)->files();
    if (!files) return failed(files.error());
    for (const auto& file : *files) {
        const auto path = std::filesystem::path(argv[2]) / file.relativePath;
        std::filesystem::create_directories(path.parent_path());
        FileSink sink(path);
        if (const auto status = file.write(sink); !status) return failed(status.error());
    }

    std::vector<std::string> texts;
    for (std::string line; std::getline(std::cin, line);)
        texts.push_back(line);
    const auto result = (*model)->encode(texts);
    if (!result) return failed(result.error());
    for (std::int64_t row = 0; row < result->rows; ++row) {
        std::printf("[");
        for (std::int64_t d = 0; d < result->dim; ++d)
            std::printf("%s%.9g", d ? ", " : "", static_cast<double>(result->values[row * result->dim + d]));
        std::printf("]\n");
    }
    return 0;
}
