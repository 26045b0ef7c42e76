#include "engine/eval/evaluator.h"

namespace studio {
namespace {

class SequentialEvaluator final : public Evaluator
{
public:
    explicit SequentialEvaluator(std::vector<std::unique_ptr<Evaluator>> evaluators)
        : m_evaluators(std::move(evaluators))
    {}

    std::string primaryMetric() const override { return "sequential_score"; }
    std::string name() const override { return {}; }
    std::string description() const override { return "Sequential"; }

    Result<MetricList> evaluate(const EvalContext& context) override
    {
        MetricList all;
        double score = 0;
        for (const auto& evaluator : m_evaluators) {
            auto metrics = evaluator->evaluate(context);
            if (!metrics) return metrics.error();
            if (!metrics->empty()) score = metrics->front().second;
            for (const auto& [key, value] : *metrics) {
                if (key == evaluator->primaryMetric()) score = value;
                put(all, key, value);
            }
        }
        put(all, "sequential_score", score);
        return all;
    }

private:
    /// A later value of a key replaces the earlier one in its place, as in a Python dictionary.
    static void put(MetricList& all, const std::string& key, double value)
    {
        for (auto& [known, old] : all) {
            if (known != key) continue;
            old = value;
            return;
        }
        all.emplace_back(key, value);
    }

    std::vector<std::unique_ptr<Evaluator>> m_evaluators;
};

} // namespace

std::unique_ptr<Evaluator> makeSequential(std::vector<std::unique_ptr<Evaluator>> evaluators)
{
    return std::make_unique<SequentialEvaluator>(std::move(evaluators));
}

} // namespace studio
