#include "engine/eval/evaluatorbase.h"

#include <ATen/ATen.h>

namespace studio {
namespace {

/// Accuracy of the softmax loss's classifier on pairs with a class.
class LabelAccuracyEvaluator final : public EvaluatorBase
{
public:
    LabelAccuracyEvaluator(const std::string& name, const OptionValues& options, EvalData data)
        : EvaluatorBase(name, options), m_data(std::move(data))
    {
        m_primary = "accuracy";
    }

    std::string csvFile() const override { return csvNamed("accuracy_evaluation"); }
    std::string description() const override { return "Label Accuracy"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        if (!context.classify)
            return Error{ErrorCode::InvalidValue,
                         "LabelAccuracyEvaluator measures the classifier of a SoftmaxLoss, and there is none. Take the "
                         "final model or a checkpoint of a run with SoftmaxLoss (loss.safetensors), or choose another "
                         "evaluator.",
                         m_name};
        auto first = context.embed(m_data.columns[0], request());
        if (!first) return first.error();
        auto second = context.embed(m_data.columns[1], request());
        if (!second) return second.error();
        auto predicted = context.classify(*first, *second).argmax(1);
        auto labels = at::tensor(m_data.labels).to(at::kLong);
        const double accuracy =
            predicted.eq(labels).sum().item<double>() / static_cast<double>(labels.numel());
        if (Status status = writeCsv(context, {"accuracy"}, {pythonNumber(accuracy)}); !status)
            return status.error();
        return named({{"accuracy", accuracy}});
    }

private:
    EvalData m_data;
};

} // namespace

MadeEvaluator makeLabelAccuracy(const std::string& name, const OptionValues& options, EvalData data)
{
    if (Status status = needColumns(data, 2, true, "LabelAccuracyEvaluator"); !status) return status.error();
    return std::unique_ptr<Evaluator>(new LabelAccuracyEvaluator(name, options, std::move(data)));
}

} // namespace studio
