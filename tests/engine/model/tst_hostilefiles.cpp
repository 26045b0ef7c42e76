// Broken and hostile files of every kind that a model folder holds: each is refused with the file and the place, in
// bounded memory. Needs no torch: the sanitizers run it too.

#include "countedmemory.h"
#include "hostilefiles.h"

#include "engine/model/configreader.h"
#include "engine/model/modelfolder.h"
#include "engine/model/modulelist.h"
#include "engine/model/weightfiles.h"
#include "support/testfiles.h"
#include "text/tokenizer.h"

#include <QTest>
#include <nlohmann/json.hpp>

using namespace studio;
using namespace studio::test;
namespace fs = std::filesystem;

namespace {

/// What any reader may take, however small its file is: tables of the tokenizer, the document of a configuration.
constexpr std::size_t kConstant = 8u << 20;

Status readConfig(const ModelFolder& folder)
{
    auto json = folder.readJson("config.json");
    if (!json) return json.error();
    if (!json->is_object()) return Error{ErrorCode::Malformed, "config.json holds no object", "config.json"};
    ConfigReader reader(*json, "config.json");
    reader.whole("hidden_size", {}, 1, 65'536);
    reader.whole("num_hidden_layers", {}, 1, 1'000);
    reader.number("layer_norm_eps", 1e-12, 0, 1);
    reader.text("hidden_act", "gelu");
    return reader.status();
}

Status read(HostileReader reader, const fs::path& path)
{
    if (reader == HostileReader::Tokenizer) {
        const auto tokenizer = Tokenizer::load(path);
        return tokenizer ? Status() : Status(tokenizer.error());
    }
    const auto folder = ModelFolder::open(path);
    if (!folder) return folder.error();
    if (reader == HostileReader::Config) return readConfig(*folder);
    if (reader == HostileReader::Modules) {
        const auto modules = readModules(*folder);
        return modules ? Status() : Status(modules.error());
    }
    const auto weights = openCheckpoint(*folder, "", true);
    return weights ? Status() : Status(weights.error());
}

/// Of the regular files; what lies behind a link is not the folder's.
std::size_t bytesIn(const fs::path& folder)
{
    std::size_t sum = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && !entry.is_symlink()) sum += entry.file_size();
    return sum;
}

} // namespace

class TestHostileFiles : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void thereAreAtLeastSixty() { QVERIFY2(hostileFiles().size() >= 60, std::to_string(hostileFiles().size()).c_str()); }
    void refused_data();
    void refused();
    void goodFilesOfTheSameMakeAreRead();
};

void TestHostileFiles::refused_data()
{
    QTest::addColumn<int>("number");
    const auto files = hostileFiles();
    for (std::size_t i = 0; i < files.size(); ++i)
        QTest::newRow(files[i].name.c_str()) << static_cast<int>(i);
}

void TestHostileFiles::refused()
{
    QFETCH(int, number);
    static const auto files = hostileFiles();
    const auto& file = files[static_cast<std::size_t>(number)];
    TempFolder folder;
    file.write(folder.path());
    const auto size = bytesIn(folder.path());

    const CountedMemory memory;
    const auto status = read(file.reader, folder.path());
    const auto peak = memory.peak();
    QCOMPARE(peak > 0, CountedMemory::counts());

    QVERIFY(!status);
    const auto text = status.error().text();
    QVERIFY2(text.find(file.file) != std::string::npos, text.c_str());
    QVERIFY2(text.find(file.says) != std::string::npos, text.c_str());
    // Weights are mapped, which counts as once the file. A vocabulary is complete before a token that stands there twice
    // shows, and its tables take up to six times its text.
    const auto mapped = file.reader == HostileReader::Weights ? size : 0;
    const auto most = (file.reader == HostileReader::Tokenizer ? 6 * size : size + size / 2) + kConstant;
    QVERIFY2(peak + mapped <= most, (std::to_string(peak + mapped) + " bytes for " + std::to_string(size)).c_str());
}

/// The builders of hostile files build good ones, too: what is refused is refused for its fault.
void TestHostileFiles::goodFilesOfTheSameMakeAreRead()
{
    TempFolder folder;
    writeFile(folder / "model.safetensors",
              safetensorsBytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8));
    auto status = read(HostileReader::Weights, folder.path());
    QVERIFY2(status.ok(), status ? "" : status.error().text().c_str());
    TempFolder bin;
    writeFile(bin / "pytorch_model.bin", pickledViews(6, {{"a", {2, 3}, {3, 1}}, {"b", {3, 2}, {1, 3}}}));
    status = read(HostileReader::Weights, bin.path());
    QVERIFY2(status.ok(), status ? "" : status.error().text().c_str());
    writeFile(folder / "config.json", R"({"hidden_size": 24, "num_hidden_layers": 2})");
    QVERIFY(read(HostileReader::Config, folder.path()).ok());
    fs::copy_file(fixture("text/sentencepiece/test_sentencepiece.model"), folder / "spiece.model");
    status = read(HostileReader::Tokenizer, folder.path());
    QVERIFY2(status.ok(), status ? "" : status.error().text().c_str());
}

QTEST_APPLESS_MAIN(TestHostileFiles)
#include "tst_hostilefiles.moc"
