#include "engine/model/modelpublisher.h"

#include "core/files/atomicfolder.h"
#include "core/files/folders.h"
#include "engine/model/sentencemodel.h"

namespace studio {
namespace {

namespace fs = std::filesystem;

Status writeFolder(const std::vector<ModelFile>& files, const fs::path& target)
{
    AtomicFolderOptions options;
    options.kind = "model";
    options.replace = false;
    for (const auto& file : files)
        options.expectedBytes += file.size;
    auto folder = AtomicFolder::begin(posixFileSystem(), target.string(), options);
    if (!folder) return folder.error();
    for (const auto& file : files) {
        auto opened = (*folder)->create(file.relativePath, file.size);
        if (!opened) return opened.error();
        if (auto status = file.write(*opened); !status) return status;
        if (auto status = opened->close(); !status) return status;
    }
    return (*folder)->commit();
}

/// A folder that goes away again.
class Scratch
{
public:
    explicit Scratch(fs::path folder) : m_folder(std::move(folder)) {}
    ~Scratch()
    {
        std::error_code ignored;
        fs::remove_all(m_folder, ignored);
    }
    const fs::path& path() const { return m_folder; }

private:
    fs::path m_folder;
};

} // namespace

ModelFile textModelFile(std::string relativePath, std::string text)
{
    ModelFile file;
    file.relativePath = std::move(relativePath);
    file.size = text.size();
    file.write = [text = std::move(text)](ByteSink& sink) { return sink.write(text); };
    return file;
}

Status outputIsFree(const fs::path& output)
{
    if (fs::exists(output))
        return Error{ErrorCode::NotWritable,
                     output.string() + " exists already. Name a new folder with --output.", output.string()};
    return {};
}

Result<ModelInfo> publishModel(const std::vector<ModelFile>& source, const fs::path& output)
{
    if (auto status = outputIsFree(output); !status) return status.error();
    const Scratch scratch(output.string() + ".scratch");
    std::error_code ignored;
    fs::remove_all(scratch.path(), ignored);
    if (auto status = writeFolder(source, scratch.path()); !status) return status.error();

    LoadOptions options;
    options.gradients = false;
    const auto model = SentenceModel::load(scratch.path(), options);
    if (!model) return model.error();
    const auto files = (*model)->files();
    if (!files) return files.error();
    if (auto status = writeFolder(*files, output); !status) return status.error();
    return (*model)->info();
}

} // namespace studio
