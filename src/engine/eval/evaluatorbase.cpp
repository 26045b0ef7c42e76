#include "engine/eval/evaluatorbase.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <system_error>

namespace studio {
namespace {

template <typename T>
std::string shortest(T value)
{
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    char buffer[64];
    auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    std::string text(buffer, end);
    const std::size_t mark = text.find('e');
    int exponent = 0;
    const char* digits = text.data() + mark + 1;
    if (*digits == '+') ++digits;
    std::from_chars(digits, text.data() + text.size(), exponent);
    if (exponent < -4 || exponent >= 16) {
        if (exponent >= 0 && text[mark + 1] != '+') text.insert(mark + 1, "+");
        return text;
    }
    end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
    text.assign(buffer, end);
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

void writeRow(std::string& out, const std::vector<std::string>& fields, const std::string& lineEnd)
{
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (i) out += ',';
        if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
            out += fields[i];
            continue;
        }
        out += '"';
        for (char c : fields[i])
            out += c == '"' ? "\"\"" : std::string(1, c);
        out += '"';
    }
    out += lineEnd;
}

} // namespace

std::string pythonNumber(double value)
{
    return shortest(value);
}
std::string pythonNumber(float value)
{
    return shortest(value);
}

Status appendCsv(const std::filesystem::path& file, const std::vector<std::string>& header,
                 const std::vector<std::string>& row, const std::string& lineEnd)
{
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    std::string text;
    if (!std::filesystem::exists(file, error)) writeRow(text, header, lineEnd);
    writeRow(text, row, lineEnd);
    std::ofstream out(file, std::ios::binary | std::ios::app);
    out << text;
    out.close();
    if (!out)
        return Error{ErrorCode::NotWritable,
                     "Cannot write " + file.filename().string() +
                         ": the folder is not writable or full. Check output_dir.",
                     file.string()};
    return {};
}

EvaluatorBase::EvaluatorBase(std::string name, const OptionValues& options) : m_name(std::move(name))
{
    if (options.has("batch_size")) m_batchSize = static_cast<int>(options.integer("batch_size"));
    if (options.has("truncate_dim"))
        m_truncateDim = static_cast<int>(options.maybeInteger("truncate_dim").value_or(0));
    if (options.has("write_csv")) m_writeCsv = options.flag("write_csv");
    if (options.has("similarity_fn_names")) m_functions = options.list<std::string>("similarity_fn_names");
}

std::string EvaluatorBase::withName(const std::string& metric) const
{
    if (m_name.empty() || metric.rfind(m_name + "_", 0) == 0) return metric;
    return m_name + "_" + metric;
}

MetricList EvaluatorBase::named(const MetricList& metrics) const
{
    MetricList result;
    for (const auto& [key, value] : metrics)
        result.emplace_back(m_name.empty() ? key : m_name + "_" + key, value);
    return result;
}

Status EvaluatorBase::writeCsv(const EvalContext& context, std::vector<std::string> columns,
                               std::vector<std::string> values, const std::string& lineEnd) const
{
    if (context.csvFolder.empty() || !m_writeCsv || csvFile().empty()) return {};
    columns.insert(columns.begin(), {"epoch", "steps"});
    const bool outside = context.epoch == -1;
    values.insert(values.begin(),
                  {outside ? std::string("-1") : pythonNumber(context.epoch), std::to_string(context.step)});
    return appendCsv(context.csvFolder / csvFile(), columns, values, lineEnd);
}

std::string EvaluatorBase::csvNamed(const std::string& prefix) const
{
    return prefix + (m_name.empty() ? "" : "_" + m_name) + "_results.csv";
}

std::vector<std::string> EvaluatorBase::functionsOr(const std::string& modelFunction) const
{
    return m_functions.empty() ? std::vector<std::string>{modelFunction} : m_functions;
}

EmbedRequest EvaluatorBase::request(EmbedRequest::Task task) const
{
    EmbedRequest r;
    r.batchSize = m_batchSize;
    r.truncateDim = m_truncateDim;
    r.task = task;
    return r;
}

Status needColumns(const EvalData& data, std::size_t columns, bool labels, const char* evaluator)
{
    const std::string who(evaluator);
    if (data.columns.size() < columns)
        return Error{ErrorCode::InvalidValue,
                     who + " needs " + std::to_string(columns) +
                         " text columns, but its evaluation set has " + std::to_string(data.columns.size()) +
                         ". Check the column roles of the set.",
                     ""};
    const std::size_t rows = data.columns.empty() ? 0 : data.columns[0].size();
    if (columns > 0 && rows == 0)
        return Error{ErrorCode::InvalidValue, who + ": its evaluation set has no rows.", ""};
    for (const auto& column : data.columns)
        if (column.size() != rows)
            return Error{ErrorCode::InvalidValue, who + ": its text columns differ in length.", ""};
    if (labels && data.labels.size() != rows)
        return Error{
            ErrorCode::InvalidValue,
            who + " needs a label column (label, labels, score or scores), and its evaluation set has none.",
            ""};
    return {};
}

} // namespace studio
