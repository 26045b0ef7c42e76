#pragma once

#include "core/experiment/experiment.h"
#include "core/issue.h"
#include "core/result.h"
#include "data/reader.h"
#include "data/table.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// A table whose columns have roles: inputs in the order of the loss, and at most one label. Cheap to copy
/// (copies share the table); reading is safe from several threads.
class Dataset
{
public:
    const std::string& name() const { return m_name; }
    std::int64_t rows() const { return m_rows; }

    /// Column names and roles of the inputs, in the loss's order. Without `columns` in the experiment both
    /// are equal.
    const std::vector<std::string>& inputs() const { return m_inputNames; }
    const std::vector<std::string>& inputRoles() const { return m_inputRoles; }
    std::string_view text(int input, std::int64_t row) const
    {
        return m_inputs[static_cast<std::size_t>(input)]->text(m_first + row);
    }

    bool hasLabel() const { return m_label != nullptr; }
    const std::string& labelColumn() const { return m_labelName; }
    /// Integer (classes), Real (scores) or List (one list of numbers a row, all of one length).
    ColumnKind labelKind() const { return m_label->kind(); }
    double label(std::int64_t row) const { return m_label->number(row); }
    std::span<const double> labelList(std::int64_t row) const { return m_label->list(row); }
    /// Names of the classes in the order of their ids when the labels are text; else empty or what the spec
    /// names.
    const std::vector<std::string>& labelNames() const { return m_labelNames; }

    /// Warnings found while the roles were applied. Keys are "columns", "rows", … of the DataSpec.
    const std::vector<Issue>& issues() const { return m_issues; }

    /// Line of a row in its file, 0 when unknown.
    std::int64_t lineOf(std::int64_t row) const { return m_table->lineOf(m_first + row); }
    const Table& table() const { return *m_table; }
    /// Number of the first row in the table (the range `rows` of the spec).
    std::int64_t firstRow() const { return m_first; }

private:
    friend Result<Dataset> datasetFromTable(Table table, const DataSpec& spec);

    std::string m_name;
    std::shared_ptr<const Table> m_table;
    std::int64_t m_first = 0;
    std::int64_t m_rows = 0;
    std::vector<std::shared_ptr<const Column>> m_inputs; ///< alias into the table, or a converted copy
    std::vector<std::string> m_inputNames;
    std::vector<std::string> m_inputRoles;
    std::shared_ptr<const Column> m_label; ///< [rows], own copy
    std::string m_labelName;
    std::vector<std::string> m_labelNames;
    std::vector<Issue> m_issues;
};

/// Reads a data set and applies the roles (training_stack 1.1): without `columns` every column of the file
/// counts, in file order; the first role of label, labels, score, scores is the label, all others are inputs.
/// Labels in text files become Integer when all are whole numbers, Real when all are numbers, else classes
/// (`labels`, or the texts found, sorted). `scoreDivisor` divides in double and the result stays double.
/// Errors name the file, the line or row, and what to do: a missing file or column (with the columns that
/// exist), an empty data set, an empty value, a label that is no number, reserved names.
Result<Dataset> openDataset(const DataSpec& spec, const ReadProgress& progress = {});

/// The same for a table in memory; `spec.path` only names it in messages.
Result<Dataset> datasetFromTable(Table table, const DataSpec& spec);

/// label, labels, score or scores: the names that make a column the label.
bool isLabelName(std::string_view role);

} // namespace studio
