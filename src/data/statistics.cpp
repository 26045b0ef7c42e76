#include "data/statistics.h"

#include "core/files/jsontext.h"
#include "data/textids.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace studio {
namespace {

constexpr std::int64_t kProgressRows = 4096;
constexpr std::size_t kBins = 20;

Error stopped()
{
    return {ErrorCode::Busy, "Counting was stopped.", {}};
}

bool goOn(const StatisticsProgress& progress, std::int64_t done, std::int64_t total)
{
    return !progress || done % kProgressRows != 0 || progress(done, total);
}

bool isBlank(std::string_view text)
{
    return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

std::int64_t characters(std::string_view text)
{
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

/// The numbers of a row's texts, as a text of their own: rows are equal when these are.
std::string_view keyOf(const std::vector<std::uint32_t>& ids, std::size_t row, std::size_t width)
{
    return {reinterpret_cast<const char*>(ids.data() + row * width), width * sizeof(std::uint32_t)};
}

void countClasses(const Dataset& dataset, LabelStatistics& out)
{
    std::map<double, std::int64_t> counts;
    for (std::int64_t row = 0; row < dataset.rows(); ++row)
        ++counts[dataset.label(row)];
    out.distinct = static_cast<std::int64_t>(counts.size());
    const auto& names = dataset.labelNames();
    for (const auto& [value, rows] : counts) {
        const auto id = static_cast<std::size_t>(value);
        const bool named = value >= 0 && id < names.size() && static_cast<double>(id) == value;
        out.counts.push_back({named ? names[id] : numberText(value), rows});
        if (!named && dataset.labelKind() == ColumnKind::Integer)
            out.counts.back().label = std::to_string(static_cast<std::int64_t>(value));
    }
    std::stable_sort(out.counts.begin(), out.counts.end(),
                     [](const LabelCount& a, const LabelCount& b) { return a.rows > b.rows; });
    if (out.counts.size() > kMaxLabelCounts) out.counts.resize(kMaxLabelCounts);
}

LabelStatistics labelStatistics(const Dataset& dataset)
{
    LabelStatistics out;
    out.kind = dataset.labelKind();
    if (out.kind == ColumnKind::List) {
        out.width = static_cast<std::int64_t>(dataset.labelList(0).size());
        return out;
    }
    out.min = out.max = dataset.label(0);
    for (std::int64_t row = 0; row < dataset.rows(); ++row) {
        const double value = dataset.label(row);
        out.min = std::min(out.min, value);
        out.max = std::max(out.max, value);
        out.mean += value / static_cast<double>(dataset.rows());
    }
    countClasses(dataset, out);
    if (out.kind == ColumnKind::Real) {
        out.histogram.assign(kBins, 0);
        const double width = (out.max - out.min) / kBins;
        for (std::int64_t row = 0; row < dataset.rows(); ++row) {
            const auto bin = width > 0 ? static_cast<std::size_t>((dataset.label(row) - out.min) / width) : 0;
            ++out.histogram[std::min(bin, kBins - 1)];
        }
    }
    return out;
}

} // namespace

Result<DataStatistics> dataStatistics(const Dataset& dataset, const StatisticsProgress& progress)
{
    DataStatistics out;
    out.rows = dataset.rows();
    const auto width = dataset.inputs().size();
    const auto rows = static_cast<std::size_t>(dataset.rows());
    std::vector<std::uint32_t> ids(rows * width);
    TextIds texts(rows);
    out.inputs.resize(width);
    std::vector<std::vector<bool>> occurred(width);
    for (std::size_t row = 0; row < rows; ++row) {
        if (!goOn(progress, static_cast<std::int64_t>(row), out.rows)) return stopped();
        bool equal = false;
        for (std::size_t column = 0; column < width; ++column) {
            auto& input = out.inputs[column];
            const auto text = dataset.text(static_cast<int>(column), static_cast<std::int64_t>(row));
            const auto id = texts.idOf(text);
            const auto length = characters(text);
            ids[row * width + column] = id;
            if (occurred[column].size() <= id) occurred[column].resize(static_cast<std::size_t>(id) * 2 + 64);
            if (!occurred[column][id]) ++input.distinct;
            occurred[column][id] = true;
            input.empty += isBlank(text);
            if (row == 0 || length < input.minLength) input.minLength = length;
            if (row == 0 || length > input.maxLength) {
                input.maxLength = length;
                input.longestRow = static_cast<std::int64_t>(row);
            }
            input.meanLength += static_cast<double>(length);
            for (std::size_t other = 0; other < column; ++other)
                equal |= ids[row * width + other] == id;
        }
        if (equal) {
            ++out.equalInputs;
            if (out.equalInputRows.size() < kMaxExamples)
                out.equalInputRows.push_back(static_cast<std::int64_t>(row));
        }
    }
    for (std::size_t column = 0; column < width; ++column) {
        out.inputs[column].column = dataset.inputs()[column];
        out.inputs[column].meanLength /= static_cast<double>(std::max<std::size_t>(rows, 1));
    }

    TextIds keys(rows);
    std::vector<std::int64_t> firstOf;
    for (std::size_t row = 0; row < rows; ++row) {
        if (!goOn(progress, static_cast<std::int64_t>(row), out.rows)) return stopped();
        const auto id = keys.idOf(keyOf(ids, row, width));
        if (id == firstOf.size()) {
            firstOf.push_back(static_cast<std::int64_t>(row));
            continue;
        }
        ++out.duplicateRows;
        if (out.duplicates.size() < kMaxExamples)
            out.duplicates.emplace_back(static_cast<std::int64_t>(row), firstOf[id]);
    }
    out.hasLabel = dataset.hasLabel();
    if (out.hasLabel && out.rows > 0) out.label = labelStatistics(dataset);
    return out;
}

Result<DataOverlap> dataOverlap(const Dataset& train, const Dataset& eval, const StatisticsProgress& progress)
{
    DataOverlap out;
    const auto total = train.rows() + eval.rows();
    TextIds texts(static_cast<std::size_t>(train.rows()));
    std::unordered_map<std::string, std::int64_t>
        rowOf; // sorted numbers of the texts of a row → training row
    std::vector<std::uint32_t> ids;
    std::string key;
    const auto makeKey = [&] {
        std::sort(ids.begin(), ids.end());
        key.assign(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(std::uint32_t));
    };
    for (std::int64_t row = 0; row < train.rows(); ++row) {
        if (!goOn(progress, row, total)) return stopped();
        ids.clear();
        for (std::size_t i = 0; i < train.inputs().size(); ++i)
            ids.push_back(texts.idOf(train.text(static_cast<int>(i), row)));
        makeKey();
        rowOf.emplace(key, row);
    }
    const auto trained = texts.size();
    std::vector<bool> counted(trained, false);
    for (std::int64_t row = 0; row < eval.rows(); ++row) {
        if (!goOn(progress, train.rows() + row, total)) return stopped();
        ids.clear();
        for (std::size_t i = 0; i < eval.inputs().size(); ++i) {
            const auto id = texts.idOf(eval.text(static_cast<int>(i), row));
            if (id < trained && !counted[id]) {
                counted[id] = true;
                ++out.texts;
            }
            ids.push_back(id);
        }
        makeKey();
        const auto found = rowOf.find(key);
        if (found == rowOf.end()) continue;
        ++out.rows;
        if (out.examples.size() < kMaxExamples) out.examples.emplace_back(row, found->second);
    }
    out.distinctTexts = out.texts + texts.size() - trained;
    return out;
}

} // namespace studio
