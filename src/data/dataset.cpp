#include "data/dataset.h"

#include "data/labels.h"
#include "data/readerparts.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace studio {
namespace {

constexpr std::array<std::string_view, 4> kLabelNames{"label", "labels", "score", "scores"};

using Roles = std::vector<std::pair<std::string, std::string>>; // role, column

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return out;
}

Issue warning(std::string code, std::string message)
{
    Issue issue;
    issue.severity = Severity::Warning;
    issue.code = std::move(code);
    issue.keys = {"columns"};
    issue.message = std::move(message);
    return issue;
}

Status checkRoles(const Roles& roles, const Table& table, const DataSpec& spec)
{
    std::set<std::string> seen;
    for (const auto& [role, column] : roles) {
        if (role == "return_loss" || role == "dataset_name")
            return Error{ErrorCode::InvalidValue,
                         "The name \"" + role + "\" is reserved. Give the column " + column + " of " +
                             fileNameOf(spec) + " another role.",
                         "columns"};
        if (!seen.insert(role).second)
            return Error{ErrorCode::InvalidValue,
                         "The role \"" + role + "\" is given twice in " + fileNameOf(spec) +
                             ". Each role stands for one column.",
                         "columns"};
        if (!table.find(column)) return noSuchColumn(fileNameOf(spec), column, table.names());
    }
    return {};
}

/// The role of the label: the first of the four names that is there. Empty: no label.
std::string labelRole(const Roles& roles)
{
    for (const auto name : kLabelNames)
        for (const auto& [role, column] : roles)
            if (role == name) return role;
    return {};
}

void warnAboutNames(const std::vector<std::string>& inputs, std::vector<Issue>& issues)
{
    // Customary places of names: only the order counts, so a name elsewhere is probably a mix-up.
    static const std::map<std::string, std::size_t, std::less<>> places{
        {"anchor", 0}, {"positive", 1}, {"negative", 2},   {"question", 0},   {"answer", 1},
        {"query", 0},  {"response", 1}, {"hypothesis", 0}, {"entailment", 1}, {"contradiction", 2}};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto name = lower(inputs[i]);
        if (name == "id" || name.ends_with("_id") || name.ends_with("_ids") || name.ends_with("_idx"))
            issues.push_back(warning("data.id_column", "The column \"" + inputs[i] +
                                                           "\" looks like an identifier, but as an input it "
                                                           "is read as text. Leave it out if it is none."));
        if (isLabelName(inputs[i]))
            issues.push_back(warning("data.second_label",
                                     "There is more than one label-like column; \"" + inputs[i] +
                                         "\" is read as an input text. Leave it out if that is not meant."));
        if (const auto found = places.find(name); found != places.end() && found->second != i)
            issues.push_back(
                warning("data.column_order",
                        "The column \"" + inputs[i] + "\" is input " + std::to_string(i + 1) +
                            ", customary is " + std::to_string(found->second + 1) +
                            ". Names mean nothing to the loss, only the order counts: check it."));
    }
}

/// The texts of an input: the column itself, or numbers written out.
Result<std::shared_ptr<const Column>> inputColumn(const std::shared_ptr<const Table>& table, int index,
                                                  std::int64_t first, std::int64_t rows, const DataSpec& spec,
                                                  std::vector<Issue>& issues)
{
    const auto& column = table->column(index);
    if (column.nested() || column.kind() == ColumnKind::List || column.kind() == ColumnKind::TextList)
        return Error{ErrorCode::InvalidValue,
                     "The column \"" + column.name() + "\" of " + fileNameOf(spec) + " holds " +
                         (column.nested() ? "nested values" : std::string(kindName(column.kind()))) +
                         ", an input must be text. Choose another column or leave it out.",
                     "columns"};
    for (std::int64_t row = first; column.hasNulls() && row < first + rows; ++row)
        if (column.isNull(row))
            return rowError(*table, spec, row, "has no value in the column \"" + column.name() + "\"",
                            "Fill it in or remove the row.");
    if (column.kind() == ColumnKind::Text) return std::shared_ptr<const Column>(table, &column);
    issues.push_back(
        warning("data.numbers_as_text",
                "The column \"" + column.name() + "\" holds numbers; as an input they are read as text."));
    auto texts = std::make_shared<Column>(column.name(), ColumnKind::Text);
    for (std::int64_t row = 0; row < table->rows(); ++row)
        texts->appendText(column.display(row));
    return std::shared_ptr<const Column>(texts);
}

Status applyRows(const DataSpec& spec, std::int64_t available, std::int64_t& first, std::int64_t& rows,
                 std::vector<Issue>& issues)
{
    first = 0;
    rows = available;
    if (available == 0)
        return Error{ErrorCode::InvalidValue,
                     fileNameOf(spec) + " has no rows. Choose a file with at least one row below its header.",
                     spec.path};
    if (!spec.rows) return {};
    const auto [begin, end] = *spec.rows;
    if (begin < 0 || end <= begin)
        return Error{ErrorCode::InvalidValue,
                     "The range of rows " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
                         fileNameOf(spec) + " is empty. The end must be above the start.",
                     "rows"};
    if (begin >= available)
        return Error{ErrorCode::InvalidValue,
                     "The range of rows starts at " + std::to_string(begin) + ", but " + fileNameOf(spec) +
                         " has only " + std::to_string(available) + " rows.",
                     "rows"};
    first = begin;
    rows = std::min(end, available) - begin;
    if (end > available) {
        auto issue = warning("data.rows_beyond", "The range of rows ends at " + std::to_string(end) +
                                                     ", but " + fileNameOf(spec) + " has only " +
                                                     std::to_string(available) + " rows.");
        issue.keys = {"rows"};
        issues.push_back(std::move(issue));
    }
    return {};
}

} // namespace

bool isLabelName(std::string_view role)
{
    return std::find(kLabelNames.begin(), kLabelNames.end(), role) != kLabelNames.end();
}

Result<Dataset> datasetFromTable(Table table, const DataSpec& spec)
{
    Dataset out;
    out.m_name = spec.name;
    auto roles = spec.columns;
    if (roles.empty())
        for (const auto& name : table.names())
            roles.emplace_back(name, name);
    if (auto status = applyRows(spec, table.rows(), out.m_first, out.m_rows, out.m_issues); !status)
        return status.error();
    if (auto status = checkRoles(roles, table, spec); !status) return status.error();
    out.m_table = std::make_shared<const Table>(std::move(table));

    const auto label = labelRole(roles);
    for (const auto& [role, name] : roles) {
        const int index = *out.m_table->find(name);
        if (role == label) {
            auto read = readLabels(*out.m_table, index, role, out.m_first, out.m_rows, spec);
            if (!read) return read.error();
            out.m_label = std::make_shared<const Column>(std::move(read->column));
            out.m_labelNames = std::move(read->names);
            out.m_labelName = name;
            continue;
        }
        auto input = inputColumn(out.m_table, index, out.m_first, out.m_rows, spec, out.m_issues);
        if (!input) return input.error();
        out.m_inputs.push_back(std::move(*input));
        out.m_inputNames.push_back(name);
        out.m_inputRoles.push_back(role);
    }
    if (out.m_inputs.empty())
        return Error{
            ErrorCode::InvalidValue,
            fileNameOf(spec) +
                " has no input column, only a label. Name at least one column of texts under Data › Columns.",
            "columns"};
    warnAboutNames(out.m_inputRoles, out.m_issues);
    return out;
}

Result<Dataset> openDataset(const DataSpec& spec, const ReadProgress& progress)
{
    ReadOptions options;
    options.format = spec.format;
    options.progress = progress;
    if (spec.rows) options.limit = spec.rows->second;
    for (const auto& [role, column] : spec.columns)
        if (std::find(options.columns.begin(), options.columns.end(), column) == options.columns.end())
            options.columns.push_back(column);
    auto table = readTable(spec.path, options);
    if (!table) return table.error();
    return datasetFromTable(std::move(*table), spec);
}

} // namespace studio
