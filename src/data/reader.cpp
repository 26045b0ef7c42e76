#include "data/reader.h"

#include "data/parquet/parquetreader.h"
#include "data/readerparts.h"

#include <algorithm>
#include <cstring>

namespace studio {
namespace {

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return text;
}

} // namespace

std::string formatOfName(const std::filesystem::path& path)
{
    auto name = path.filename();
    auto extension = lower(name.extension().string());
    if (extension == ".gz" || extension == ".zst") {
        name = name.stem();
        extension = lower(name.extension().string());
    }
    if (extension == ".csv" || extension == ".tsv" || extension == ".jsonl" || extension == ".json" ||
        extension == ".txt" || extension == ".parquet")
        return extension.substr(1);
    if (extension == ".tab") return "tsv";
    if (extension == ".ndjson") return "jsonl";
    return {};
}

Status TextInput::start(ReadReport& report)
{
    if (auto status = fill(); !status) return status;
    while (buffer.size() < 4 && !buffer.complete())
        if (auto status = fill(); !status) return status;
    report.encoding = "UTF-8";
    const auto starts = [this](std::string_view mark) {
        return buffer.size() >= mark.size() && std::memcmp(buffer.begin(), mark.data(), mark.size()) == 0;
    };
    if (starts("\xEF\xBB\xBF")) {
        buffer.consume(3);
        report.encoding = "UTF-8 with byte-order mark";
    } else if (starts("\xFF\xFE") || starts("\xFE\xFF")) {
        return Error{ErrorCode::Unsupported,
                     "Cannot read " + fileName + ": it is UTF-16. Save it as UTF-8 and choose it again.",
                     fileName};
    } else if (starts("PK\x03\x04")) {
        return Error{ErrorCode::Unsupported,
                     "Cannot read " + fileName +
                         ": it is a zip archive (or a spreadsheet). Unpack it, or save the sheet as CSV.",
                     fileName};
    } else if (starts("PAR1")) {
        return Error{ErrorCode::Unsupported,
                     "Cannot read " + fileName + " as " + report.format +
                         ": it is a Parquet file. Set the format to parquet under Data › Format.",
                     fileName};
    }
    return {};
}

Status TextInput::fill()
{
    if (auto status = buffer.fill(); !status) return status;
    if (m_options.progress && !m_options.progress(m_source.filePosition(), m_source.fileBytes()))
        return Error{ErrorCode::Busy, "Reading " + fileName + " was stopped.", {}};
    return {};
}

Error TextInput::badLine(std::int64_t line, const std::string& what, const std::string& advice) const
{
    return {ErrorCode::Malformed,
            "Cannot read " + fileName + ": line " + std::to_string(line) + " " + what + "." +
                (advice.empty() ? "" : " " + advice),
            fileName + ":" + std::to_string(line)};
}

void noteBadRow(ReadReport& report, std::int64_t line, std::string message)
{
    ++report.badRowCount;
    if (report.badRows.size() < kMaxListedBadRows) report.badRows.push_back({line, std::move(message)});
}

Error noSuchColumn(const std::string& fileName, const std::string& column,
                   const std::vector<std::string>& existing)
{
    std::string list;
    for (const auto& name : existing)
        list += (list.empty() ? "" : ", ") + name;
    return {ErrorCode::NotFound,
            fileName + " has no column \"" + column + "\". Its columns are: " + list +
                ". Choose one of them under Data › Columns.",
            fileName};
}

Result<Table> readTable(const std::filesystem::path& path, const ReadOptions& options, ReadReport* report)
{
    ReadReport local;
    auto& out = report ? *report : local;
    out = {};
    const auto name = path.filename().string();
    out.format = options.format.empty() ? formatOfName(path) : options.format;
    if (out.format.empty())
        return Error{
            ErrorCode::Unsupported,
            "The format of " + name +
                " is not known from its name. Choose csv, tsv, jsonl, txt or parquet under Data › Format.",
            name};
    if (out.format == "parquet") return readParquet(path, options, out);
    auto source = ByteSource::open(path);
    if (!source) return source.error();
    out.compression = (*source)->compression();
    out.fileBytes = (*source)->fileBytes();
    TextInput input(**source, name, options);
    if (auto status = input.start(out); !status) return status.error();

    Result<Table> table =
        Error{ErrorCode::Unsupported,
              "The format \"" + out.format +
                  "\" is not one of csv, tsv, jsonl, json, txt, parquet. Choose one under Data › Format.",
              name};
    if (out.format == "csv" || out.format == "tsv" || out.format == "txt")
        table = readCsv(input, options, out);
    else if (out.format == "jsonl" || out.format == "json")
        table = readJsonLines(input, options, out);
    if (!table) return table;
    for (int i = 0; i < table->columns(); ++i)
        table->column(i).shrink();
    return table;
}

} // namespace studio
