#include "ui/designer/datatruth.h"

#include "core/plan/lint.h"
#include "data/dataset.h"
#include "data/prompts.h"
#include "text/tokenizer.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace studio {

namespace {

/// Reads all good rows of a data set. Null with a problem when there are none.
std::optional<Dataset> readGoodRows(const DataSpec& spec, const std::atomic<bool>& cancelled,
                                    ReadReport& report, std::string& problem)
{
    ReadOptions options;
    options.format = spec.format;
    options.keepGoing = true;
    options.progress = [&cancelled](std::int64_t, std::int64_t) { return !cancelled.load(); };
    for (const auto& [role, column] : spec.columns)
        options.columns.push_back(column);
    auto table = readTable(spec.path, options, &report);
    if (!table) {
        problem = table.error().text();
        return std::nullopt;
    }
    auto set = datasetFromTable(std::move(*table), spec);
    if (!set) {
        problem = set.error().text();
        return std::nullopt;
    }
    return std::move(*set);
}

/// The chance that two rows of a batch have the same positive: the second input, or the only one.
double chanceOfEqualPositives(const Dataset& set)
{
    const int column = set.inputs().size() > 1 ? 1 : 0;
    std::unordered_map<std::string_view, std::int64_t> found;
    found.reserve(static_cast<std::size_t>(set.rows()));
    for (std::int64_t row = 0; row < set.rows(); ++row)
        ++found[set.text(column, row)];
    std::vector<std::int64_t> counts;
    counts.reserve(found.size());
    for (const auto& [text, count] : found)
        counts.push_back(count);
    return collisionChance(counts);
}

std::vector<std::string> promptsOf(const DataQuestion& question, const Dataset& set)
{
    const std::vector<std::string> none(set.inputs().size());
    const Json& own = question.data.prompts;
    const bool hasOwn = !own.is_null() && !own.empty();
    const std::string name = !hasOwn && question.severalSets ? question.data.name : std::string();
    const auto found = promptsFor(hasOwn ? own : question.prompts, name, set);
    return found && found->size() == none.size() ? *found : none;
}

TokenLengths countTokens(const DataQuestion& question, const Dataset& set, const std::atomic<bool>& cancelled)
{
    TokenLengths lengths;
    lengths.total = set.rows();
    if (question.tokenizerFolder.empty()) {
        lengths.problem = "Choose a model to see how many tokens the texts have.";
        return lengths;
    }
    TokenizerOptions options;
    options.lowerCaseFirst = question.lowerCaseFirst;
    const auto tokenizer = Tokenizer::load(question.tokenizerFolder, options);
    if (!tokenizer) {
        lengths.problem = tokenizer.error().text();
        return lengths;
    }
    const std::vector<std::string> prompts = promptsOf(question, set);
    const std::int64_t take = std::min(set.rows(), kTokenRows);
    std::vector<std::int32_t> ids;
    std::string text;
    for (std::int64_t i = 0; i < take && !cancelled.load(); ++i) {
        const std::int64_t row = set.rows() * i / take; // even over the file: it may be sorted
        std::size_t longest = 0;
        for (std::size_t column = 0; column < prompts.size(); ++column) {
            text = prompts[column];
            text += set.text(static_cast<int>(column), row);
            ids.clear();
            longest = std::max(longest, (*tokenizer)->encodeTo(text, 0, true, ids));
        }
        if (lengths.rowsOfLength.size() <= longest) lengths.rowsOfLength.resize(longest + 1);
        ++lengths.rowsOfLength[longest];
        ++lengths.counted;
    }
    return lengths;
}

} // namespace

double TokenLengths::truncatedShare(int limit) const
{
    std::int64_t longer = 0;
    for (std::size_t tokens = static_cast<std::size_t>(std::max(0, limit) + 1); tokens < rowsOfLength.size();
         ++tokens) {
        longer += rowsOfLength[tokens];
    }
    return counted > 0 ? static_cast<double>(longer) / static_cast<double>(counted) : 0;
}

int TokenLengths::limitFor(double share) const
{
    std::int64_t longer = 0;
    for (int tokens = longest(); tokens > 0; --tokens) {
        longer += rowsOfLength[static_cast<std::size_t>(tokens)];
        if (static_cast<double>(longer) > share * static_cast<double>(counted)) return tokens;
    }
    return 1;
}

DataTruth examineData(const DataQuestion& question, const std::atomic<bool>& cancelled)
{
    DataTruth truth;
    ReadReport report;
    const auto set = readGoodRows(question.data, cancelled, report, truth.problem);
    truth.badRowCount = report.badRowCount;
    truth.badRows = report.badRows;
    if (!set) return truth;
    for (const Issue& issue : set->issues())
        truth.remarks.push_back(issue.message);
    const auto goOn = [&cancelled](std::int64_t, std::int64_t) { return !cancelled.load(); };
    auto statistics = dataStatistics(*set, goOn);
    if (!statistics) {
        truth.problem = statistics.error().text();
        return truth;
    }
    truth.statistics = std::move(*statistics);
    for (const auto& [row, earlier] : truth.statistics.duplicates)
        truth.duplicateLines.emplace_back(set->lineOf(row), set->lineOf(earlier));
    if (!set->inputs().empty()) {
        truth.collisionChance = chanceOfEqualPositives(*set);
        truth.tokens = countTokens(question, *set, cancelled);
    }
    for (const DataSpec& other : question.eval) {
        ReadReport ignored;
        std::string problem;
        const auto measured = readGoodRows(other, cancelled, ignored, problem);
        if (!measured) continue; // its own card says why
        auto overlap = dataOverlap(*set, *measured, goOn);
        if (!overlap) continue;
        truth.shared.push_back({other.name, measured->rows(), std::move(*overlap)});
    }
    return truth;
}

} // namespace studio
