#include "core/plan/lint.h"

#include "core/plan/lintrules.h"

#include <algorithm>

namespace studio {

std::span<const LintRule> lintRules()
{
    static const LintRules rules = [] {
        LintRules all = planLint();
        for (const LintRule& rule : dataLint()) {
            all.push_back(rule);
        }
        std::sort(all.begin(), all.end(),
                  [](const LintRule& a, const LintRule& b) { return a.code < b.code; });
        return all;
    }();
    return rules;
}

std::vector<Issue> lint(const TrainingArguments& arguments, const LintFacts& facts,
                        const std::vector<Issue>& known)
{
    std::vector<Issue> issues;
    for (const LintRule& rule : lintRules()) {
        const bool told = std::any_of(known.begin(), known.end(), [&](const Issue& issue) {
            return !rule.sameAs.empty() && issue.code == rule.sameAs;
        });
        if (told) {
            continue;
        }
        const std::size_t before = issues.size();
        rule.check(arguments, facts, issues);
        for (std::size_t i = before; i < issues.size(); ++i) {
            issues[i].code = std::string(rule.code);
        }
    }
    return issues;
}

double collisionChance(std::span<const std::int64_t> counts)
{
    double rows = 0;
    double pairs = 0;
    for (const std::int64_t count : counts) {
        const double c = static_cast<double>(count);
        rows += c;
        pairs += c * (c - 1);
    }
    return rows < 2 ? 0 : pairs / (rows * (rows - 1));
}

bool usesInBatchNegatives(std::string_view loss)
{
    constexpr std::string_view kLosses[] = {"MultipleNegativesRankingLoss",
                                            "CachedMultipleNegativesRankingLoss",
                                            "MultipleNegativesSymmetricRankingLoss",
                                            "CachedMultipleNegativesSymmetricRankingLoss",
                                            "GISTEmbedLoss",
                                            "CachedGISTEmbedLoss",
                                            "MegaBatchMarginLoss",
                                            "ContrastiveTensionLossInBatchNegatives"};
    return std::find(std::begin(kLosses), std::end(kLosses), loss) != std::end(kLosses);
}

} // namespace studio
