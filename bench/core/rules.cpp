// Time of all 133 rules together, as the forms run them on each keystroke (goal: under 2 ms).

#include "core/arguments/rules.h"
#include "core/arguments/argumentjson.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

using namespace studio;

namespace {

constexpr double kGoal = 2; // milliseconds for all rules together

struct Times
{
    const char* name;
    double median;
    double slowest; ///< 99.9 % are faster
    std::size_t findings;
};

/// One check of all rules, 2,000 times.
Times measure(const char* name, const TrainingArguments& arguments, const RuleContext& context)
{
    using Clock = std::chrono::steady_clock;
    std::vector<double> times;
    std::size_t findings = 0;
    for (int i = 0; i < 2000; ++i) {
        const auto start = Clock::now();
        findings = checkArguments(arguments, context).size();
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    return {name, times[times.size() / 2], times[times.size() * 999 / 1000], findings};
}

} // namespace

/// bench_rules [--json]: exit status 1 when the goal is missed.
int main(int argc, char** argv)
{
    const bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
    (void)checkArguments({}); // builds the tables once
    std::vector<Times> all{measure("defaults", {}, {})};

    RuleContext known;
    known.train = {{.name = "a", .rows = 500000, .columns = {"anchor", "positive"}}};
    known.evalSets = 1;
    known.evaluators = 1;
    known.evaluationKeys = {"eval_loss"};
    std::vector<std::string> names;
    std::vector<std::string> layers;
    for (int layer = 0; layer < 24; ++layer) {
        for (const char* part : {"attention.self.query", "attention.self.key", "attention.self.value",
                                 "attention.output.dense", "intermediate.dense", "output.dense"}) {
            layers.push_back("encoder.layer." + std::to_string(layer) + "." + part);
            names.push_back("model.0.auto_model." + layers.back() + ".weight");
        }
    }
    known.parameterNames = names;
    known.linearLayers = layers;
    const TrainingArguments busy =
        fromOriginal({{"optim", "galore_adamw"},
                      {"optim_target_modules", {"nothing.*like.*this", "attention\\.(x|y)"}},
                      {"learning_rate_mapping", {{"layer\\.1\\d\\..*dense", 1e-5}, {"no such", 1e-4}}},
                      {"eval_strategy", "steps"},
                      {"load_best_model_at_end", true},
                      {"fp16", true},
                      {"bf16", true},
                      {"seed", -1},
                      {"torch_compile", true},
                      {"warmup_ratio", 2.0}})
            .arguments;
    all.push_back(measure("many findings, large model", busy, known));

    const bool good =
        std::all_of(all.begin(), all.end(), [](const Times& one) { return one.slowest < kGoal; });
    if (json)
        std::printf("{\"rules\":%zu,\"goal_ms\":%g,\"within\":%s,\"cases\":[", argumentRules().size(), kGoal,
                    good ? "true" : "false");
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Times& one = all[i];
        std::printf(json ? "%s{\"name\":\"%s\",\"median_ms\":%.4f,\"p999_ms\":%.4f,\"findings\":%zu}"
                         : "%s%-28s median %.4f ms, 99.9 %% %.4f ms, %zu findings\n",
                    json && i > 0 ? "," : "", one.name, one.median, one.slowest, one.findings);
    }
    if (json) std::printf("]}\n");
    return good ? 0 : 1;
}
