#include "engine/eval/evaluatorbase.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <sstream>

namespace studio {
namespace {

/// Sum in single precision in NumPy's order (pairwise, eight running sums in blocks of up to 128), so that the last
/// digit of the CSV is the original's.
float pairwiseSum(const float* values, std::int64_t count)
{
    if (count < 8) {
        float sum = 0;
        for (std::int64_t i = 0; i < count; ++i) sum += values[i];
        return sum;
    }
    if (count <= 128) {
        float sums[8];
        std::copy(values, values + 8, sums);
        std::int64_t i = 8;
        for (; i + 8 <= count; i += 8)
            for (int lane = 0; lane < 8; ++lane) sums[lane] += values[i + lane];
        float sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
        for (; i < count; ++i) sum += values[i];
        return sum;
    }
    const auto half = count / 2 / 8 * 8;
    return pairwiseSum(values, half) + pairwiseSum(values + half, count - half);
}

/// 100 times the mean squared difference, in float32 as the original computes it.
double scaledError(const at::Tensor& teacher, const at::Tensor& student)
{
    const auto squares = (teacher - student).square().contiguous();
    const float sum = pairwiseSum(squares.const_data_ptr<float>(), squares.numel());
    return sum / static_cast<float>(squares.numel()) * 100.0f;
}

Error sizesDiffer(const std::string& evaluator, const at::Tensor& teacher, const at::Tensor& student)
{
    return {ErrorCode::InvalidValue,
            evaluator + ": the teacher's vectors have " + std::to_string(teacher.size(1)) +
                " numbers, the model's " + std::to_string(student.size(1)) +
                ". Choose a teacher of the same size, or truncate_dim.",
            ""};
}

Result<EvalEmbed> openTeacher(const EvalContext& context, const std::string& path)
{
    if (!context.loadModel)
        return Error{ErrorCode::Unsupported, "A teacher model cannot be opened here.", path};
    return context.loadModel(path);
}

/// Negative error between the teacher's vectors of the source texts and the model's of the target texts.
class MseEvaluator final : public EvaluatorBase
{
public:
    MseEvaluator(const std::string& name, const OptionValues& options, EvalData data)
        : EvaluatorBase(name, options), m_data(std::move(data)), m_teacherPath(options.text("teacher_model"))
    {
        m_primary = "negative_mse";
    }

    std::string csvFile() const override { return "mse_evaluation_" + m_name + "_results.csv"; }
    std::string description() const override { return "Knowledge Distillation"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        if (!m_teacher.defined()) {
            auto teacher = openTeacher(context, m_teacherPath);
            if (!teacher) return teacher.error();
            auto embedded = (*teacher)(m_data.columns[0], request());
            if (!embedded) return embedded.error();
            m_teacher = *embedded;
        }
        auto student =
            context.embed(m_data.columns.size() > 1 ? m_data.columns[1] : m_data.columns[0], request());
        if (!student) return student.error();
        if (student->size(1) != m_teacher.size(1)) return sizesDiffer("MSEEvaluator", m_teacher, *student);
        const double error = scaledError(m_teacher, *student);
        if (Status status = writeCsv(context, {"MSE"}, {pythonNumber(error)}); !status) return status.error();
        return named({{"negative_mse", -error}});
    }

private:
    EvalData m_data;
    std::string m_teacherPath;
    at::Tensor m_teacher;
};

/// The same for several pairs of languages; the mean over the pairs.
class MseFromDataFrame final : public EvaluatorBase
{
public:
    struct Pair
    {
        std::string name;                        ///< "en-de"
        std::vector<std::string> source, target; ///< rows where both are there
        at::Tensor teacher;
    };

    MseFromDataFrame(const std::string& name, const OptionValues& options, std::vector<Pair> pairs)
        : EvaluatorBase(name, options),
          m_pairs(std::move(pairs)),
          m_teacherPath(options.text("teacher_model"))
    {
        m_primary = "negative_mse";
    }

    std::string csvFile() const override { return csvNamed("mse_evaluation"); }
    std::string description() const override { return "Knowledge Distillation"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        double sum = 0;
        std::vector<std::string> columns, values;
        Result<EvalEmbed> teacher = Error{};
        for (Pair& pair : m_pairs) {
            if (!pair.teacher.defined()) {
                if (!teacher) teacher = openTeacher(context, m_teacherPath);
                if (!teacher) return teacher.error();
                auto embedded = (*teacher)(pair.source, request());
                if (!embedded) return embedded.error();
                pair.teacher = *embedded;
            }
            auto student = context.embed(pair.target, request());
            if (!student) return student.error();
            if (student->size(1) != pair.teacher.size(1))
                return sizesDiffer("MSEEvaluatorFromDataFrame", pair.teacher, *student);
            const double error = scaledError(pair.teacher, *student);
            sum += error;
            columns.push_back(pair.name);
            values.push_back(pythonNumber(static_cast<float>(error)));
        }
        if (Status status = writeCsv(context, columns, values); !status) return status.error();
        return named({{"negative_mse", -sum / static_cast<double>(m_pairs.size())}});
    }

private:
    std::vector<Pair> m_pairs;
    std::string m_teacherPath;
};

bool isBlank(const std::string& text)
{
    return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos;
}

} // namespace

MadeEvaluator makeMse(const std::string& name, const OptionValues& options, EvalData data)
{
    if (Status status = needColumns(data, 1, false, "MSEEvaluator"); !status) return status.error();
    return std::unique_ptr<Evaluator>(new MseEvaluator(name, options, std::move(data)));
}

MadeEvaluator makeMseFromDataFrame(const std::string& name, const OptionValues& options, EvalData data)
{
    const char* who = "MSEEvaluatorFromDataFrame";
    if (Status status = needColumns(data, 2, false, who); !status) return status.error();
    std::vector<MseFromDataFrame::Pair> pairs;
    std::stringstream list(options.text("combinations"));
    for (std::string piece; std::getline(list, piece, ',');) {
        piece.erase(std::remove(piece.begin(), piece.end(), ' '), piece.end());
        const std::size_t dash = piece.find('-');
        const std::vector<std::string>* column[2] = {nullptr, nullptr};
        for (std::size_t c = 0; dash != std::string::npos && c < data.columnNames.size(); ++c) {
            if (data.columnNames[c] == piece.substr(0, dash)) column[0] = &data.columns[c];
            if (data.columnNames[c] == piece.substr(dash + 1)) column[1] = &data.columns[c];
        }
        if (!column[0] || !column[1]) {
            std::string listed;
            for (const std::string& known : data.columnNames)
                listed += (listed.empty() ? "" : ", ") + known;
            return Error{ErrorCode::InvalidValue,
                         std::string(who) + ": \"" + piece +
                             "\" does not name two columns as source-target. The set "
                             "has: " +
                             listed + ".",
                         "combinations"};
        }
        MseFromDataFrame::Pair pair{piece, {}, {}, {}};
        for (std::size_t row = 0; row < column[0]->size(); ++row) {
            if (isBlank((*column[0])[row]) || isBlank((*column[1])[row])) continue;
            pair.source.push_back((*column[0])[row]);
            pair.target.push_back((*column[1])[row]);
        }
        pairs.push_back(std::move(pair));
    }
    if (pairs.empty())
        return Error{ErrorCode::InvalidValue,
                     std::string(who) + ": combinations must name pairs, \"en-de, en-es\".", "combinations"};
    return std::unique_ptr<Evaluator>(new MseFromDataFrame(name, options, std::move(pairs)));
}

} // namespace studio
