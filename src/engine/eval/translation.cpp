#include "engine/eval/evaluatorbase.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace studio {
namespace {

/// How often the text nearest to a text (by cosine) is its translation, in both directions. An equal text
/// counts.
class TranslationEvaluator final : public EvaluatorBase
{
public:
    TranslationEvaluator(const std::string& name, const OptionValues& options, EvalData data)
        : EvaluatorBase(name, options), m_data(std::move(data))
    {
        m_primary = "mean_accuracy";
    }

    std::string csvFile() const override { return csvNamed("translation_evaluation"); }
    std::string description() const override { return "Translation"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        auto source = context.embed(m_data.columns[0], request());
        if (!source) return source.error();
        auto target = context.embed(m_data.columns[1], request());
        if (!target) return target.error();
        const double forth = accuracy(*source, *target, m_data.columns[1]);
        const double back = accuracy(*target, *source, m_data.columns[0]);
        if (Status status =
                writeCsv(context, {"src2trg", "trg2src"}, {pythonNumber(forth), pythonNumber(back)});
            !status)
            return status.error();
        return named(
            {{"src2trg_accuracy", forth}, {"trg2src_accuracy", back}, {"mean_accuracy", (forth + back) / 2}});
    }

private:
    static double accuracy(const at::Tensor& from, const at::Tensor& to,
                           const std::vector<std::string>& texts)
    {
        constexpr std::int64_t kBlock = 1024; // rows compared at a time
        const at::Tensor a = normalizeRows(from);
        const at::Tensor b = normalizeRows(to).t();
        std::int64_t correct = 0;
        for (std::int64_t begin = 0; begin < a.size(0); begin += kBlock) {
            auto nearest =
                at::mm(a.narrow(0, begin, std::min(kBlock, a.size(0) - begin)), b).argmax(1).contiguous();
            const auto* index = nearest.const_data_ptr<std::int64_t>();
            for (std::int64_t i = 0; i < nearest.size(0); ++i)
                correct += texts[begin + i] == texts[index[i]];
        }
        return static_cast<double>(correct) / static_cast<double>(a.size(0));
    }

    EvalData m_data;
};

} // namespace

MadeEvaluator makeTranslation(const std::string& name, const OptionValues& options, EvalData data)
{
    if (Status status = needColumns(data, 2, false, "TranslationEvaluator"); !status) return status.error();
    return std::unique_ptr<Evaluator>(new TranslationEvaluator(name, options, std::move(data)));
}

} // namespace studio
