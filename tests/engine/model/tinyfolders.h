#pragma once

// The tiny checkpoints of tests/fixtures/model/tiny as models and as folders.

#include "engine/model/sentencemodel.h"
#include "support/testfiles.h"

#include <QtGlobal>

#include <filesystem>
#include <memory>
#include <string>

namespace studio::test {

namespace fs = std::filesystem;

class StringSink : public ByteSink
{
public:
    Status write(std::string_view bytes) override
    {
        text.append(bytes);
        return {};
    }
    std::string text;
};

inline fs::path tiny(const std::string& name)
{
    return fixture("model/tiny/" + name);
}

inline std::unique_ptr<SentenceModel> loaded(const fs::path& folder, at::ScalarType dtype = at::kFloat)
{
    LoadOptions options;
    options.dtype = dtype;
    options.encoder = EncoderChoice::Torch;
    auto model = SentenceModel::load(folder, options);
    if (!model) qFatal("%s", model.error().text().c_str());
    return std::move(*model);
}

/// A copy of a tiny model that a test may break.
inline void copyTiny(const std::string& name, const fs::path& target)
{
    fs::copy(tiny(name), target, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

inline void writeSaved(const fs::path& folder, const SentenceModel& model)
{
    const auto files = model.files();
    if (!files) qFatal("%s", files.error().text().c_str());
    for (const auto& file : *files) {
        StringSink sink;
        if (!file.write(sink)) qFatal("cannot write %s", file.relativePath.c_str());
        writeFile(folder / file.relativePath, sink.text);
    }
}

} // namespace studio::test
