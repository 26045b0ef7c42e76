#include "core/plan/schedulesettings.h"

#include "core/arguments/argumentjson.h"
#include "core/arguments/methods.h"
#include "core/plan/schedule.h"

#include <algorithm>

namespace studio {
namespace {

constexpr ScheduleSetting kCosine[] = {
    {"num_cycles", "float", "0.5", "Waves over the run; 0.5 falls once from the peak to zero."},
};
constexpr ScheduleSetting kRestarts[] = {
    {"num_cycles", "int", "1", "How many times the rate falls; it jumps back to the peak in between."},
};
constexpr ScheduleSetting kPolynomial[] = {
    {"lr_end", "float", "1e-07", "Rate at the end of the run; must lie below the learning rate."},
    {"power", "float", "1.0", "Bend of the curve; 1 is a straight line, 2 falls fast first."},
};
constexpr ScheduleSetting kPlateau[] = {
    {"mode", "min | max", "min", "Whether smaller or larger values of the watched metric are better."},
    {"factor", "float", "0.1", "The rate is multiplied by this when nothing improves."},
    {"patience", "int", "10", "Evaluations without improvement that are tolerated."},
    {"threshold", "float", "0.0001", "Changes smaller than this do not count as improvement."},
    {"threshold_mode", "rel | abs", "rel",
     "Whether the threshold is a share of the best value or an amount."},
    {"cooldown", "int", "0", "Evaluations after a cut during which nothing is counted."},
    {"min_lr", "float", "0", "The rate never falls below this."},
    {"eps", "float", "1e-08", "A cut smaller than this is left out."},
};
constexpr ScheduleSetting kMinLr[] = {
    {"num_cycles", "float", "0.5", "Waves over the run; 0.5 falls once from the peak to the floor."},
    {"min_lr", "float", "unset", "Floor as a rate. Give this or min_lr_rate."},
    {"min_lr_rate", "float", "unset", "Floor as a share of the peak. Give this or min_lr."},
};
constexpr ScheduleSetting kStable[] = {
    {"num_decay_steps", "int", "required", "Updates of the final decay."},
    {"num_stable_steps", "int", "unset", "Updates at the peak; unset: what warm-up and decay leave."},
    {"warmup_type", "linear | cosine | 1-sqrt", "linear", "Shape of the rise."},
    {"decay_type", "linear | cosine | 1-sqrt", "cosine", "Shape of the decay."},
    {"min_lr_ratio", "float", "0", "Floor as a share of the peak, at both ends."},
    {"num_cycles", "float", "0.5", "Waves of a cosine decay."},
};

Error badSetting(const std::string& message)
{
    return {ErrorCode::InvalidValue, message, "lr_scheduler_kwargs"};
}

/// Reads settings one by one and keeps the first error.
class Settings
{
public:
    explicit Settings(const TrainingArguments& arguments)
        : m_given(arguments.lrSchedulerKwargs), m_type(arguments.lrSchedulerType)
    {
        if (m_given.is_string()) {
            auto parsed = parsePythonJson(m_given.get<std::string>(), "lr_scheduler_kwargs");
            m_given = parsed && parsed->is_object() ? *parsed : Json();
            if (!m_given.is_object()) {
                m_error = badSetting("lr_scheduler_kwargs must be an object, such as {\"num_cycles\": 0.5}.");
            }
        }
        if (!m_given.is_object() || ignoresSettings(m_type)) {
            m_given = Json::object();
        }
        for (auto it = m_given.begin(); it != m_given.end(); ++it) {
            const auto known = settingsOf(m_type);
            if (!m_error &&
                std::none_of(known.begin(), known.end(), [&](auto& s) { return s.name == it.key(); })) {
                m_error = badSetting("lr_scheduler_kwargs: the schedule " + std::string(toText(m_type)) +
                                     " has no setting " + it.key() + ". It knows " + names() + ".");
            }
        }
    }

    const std::optional<Error>& error() const { return m_error; }
    bool given(const char* name) const { return m_given.contains(name) && !m_given[name].is_null(); }

    double number(const char* name, double fallback)
    {
        if (!given(name)) {
            return fallback;
        }
        if (!m_given[name].is_number()) {
            fail(name, "a number");
            return fallback;
        }
        return m_given[name].get<double>();
    }

    std::int64_t whole(const char* name, std::int64_t fallback)
    {
        const double value = number(name, static_cast<double>(fallback));
        if (!Number(value).isWhole()) {
            fail(name, "a whole number");
        }
        return Number(value).toInteger();
    }

    /// The position of the word in `words`.
    std::size_t word(const char* name, std::initializer_list<std::string_view> words, std::size_t fallback)
    {
        if (!given(name)) {
            return fallback;
        }
        std::string list;
        std::size_t i = 0;
        for (const std::string_view allowed : words) {
            if (m_given[name].is_string() && m_given[name].get_ref<const std::string&>() == allowed) {
                return i;
            }
            list += (i++ ? ", " : "") + std::string(allowed);
        }
        fail(name, "one of " + list);
        return fallback;
    }

    void fail(const std::string& name, const std::string& wanted)
    {
        if (!m_error) {
            m_error = badSetting("lr_scheduler_kwargs: " + name + " must be " + wanted + ".");
        }
    }

    void failWith(const std::string& message)
    {
        if (!m_error) {
            m_error = badSetting(message);
        }
    }

private:
    std::string names() const
    {
        std::string list;
        for (const ScheduleSetting& setting : settingsOf(m_type)) {
            list += (list.empty() ? "" : ", ") + std::string(setting.name);
        }
        return list.empty() ? "none" : list;
    }

    Json m_given;
    SchedulerType m_type;
    std::optional<Error> m_error;
};

void readMinLr(Settings& settings, ScheduleSpec& spec)
{
    spec.numCycles = settings.number("num_cycles", 0.5);
    if (settings.given("min_lr") == settings.given("min_lr_rate")) {
        settings.failWith(
            "lr_scheduler_kwargs: cosine_with_min_lr needs exactly one of min_lr and min_lr_rate, for "
            "example {\"min_lr_rate\": 0.1}.");
    } else if (settings.given("min_lr")) {
        spec.minLrRate = settings.number("min_lr", 0) / spec.learningRate;
    } else {
        spec.minLrRate = settings.number("min_lr_rate", 0);
    }
}

void readStable(Settings& settings, ScheduleSpec& spec)
{
    if (!settings.given("num_decay_steps")) {
        settings.failWith(
            "lr_scheduler_kwargs: warmup_stable_decay needs num_decay_steps, the length of the final decay, "
            "for example {\"num_decay_steps\": 100}.");
    }
    spec.decaySteps = settings.whole("num_decay_steps", 0);
    spec.stableSteps =
        settings.whole("num_stable_steps", spec.totalSteps - spec.warmupSteps - spec.decaySteps);
    spec.warmupType = static_cast<CurveType>(settings.word("warmup_type", {"linear", "cosine", "1-sqrt"}, 0));
    spec.decayType = static_cast<CurveType>(settings.word("decay_type", {"linear", "cosine", "1-sqrt"}, 1));
    spec.minLrRate = settings.number("min_lr_ratio", 0);
    spec.numCycles = settings.number("num_cycles", 0.5);
}

} // namespace

std::span<const ScheduleSetting> settingsOf(SchedulerType type)
{
    switch (type) {
    case SchedulerType::Cosine:
        return kCosine;
    case SchedulerType::CosineWithRestarts:
        return kRestarts;
    case SchedulerType::Polynomial:
        return kPolynomial;
    case SchedulerType::ReduceLrOnPlateau:
        return kPlateau;
    case SchedulerType::CosineWithMinLr:
        return kMinLr;
    case SchedulerType::WarmupStableDecay:
        return kStable;
    default:
        return {};
    }
}

bool ignoresSettings(SchedulerType type)
{
    return type == SchedulerType::Constant || type == SchedulerType::ConstantWithWarmup ||
           type == SchedulerType::InverseSqrt;
}

Result<ScheduleSpec> scheduleSpec(const TrainingArguments& arguments, std::int64_t totalSteps)
{
    Settings settings(arguments);
    ScheduleSpec spec;
    spec.type = arguments.lrSchedulerType;
    spec.totalSteps = totalSteps;
    spec.warmupSteps = getWarmupSteps(arguments, totalSteps).toInteger();
    if (arguments.warmupSteps > 0 && arguments.warmupSteps < 1) {
        // A share of the run that set_lr_scheduler left in warmup_steps.
        spec.warmupSteps =
            Number(std::ceil(static_cast<double>(totalSteps) * arguments.warmupSteps)).toInteger();
    }
    spec.learningRate = arguments.learningRate;
    switch (spec.type) {
    case SchedulerType::Cosine:
        spec.numCycles = settings.number("num_cycles", 0.5);
        break;
    case SchedulerType::CosineWithRestarts:
        spec.numCycles = static_cast<double>(settings.whole("num_cycles", 1));
        break;
    case SchedulerType::Polynomial:
        spec.lrEnd = settings.number("lr_end", 1e-07);
        spec.power = settings.number("power", 1.0);
        if (!(spec.learningRate > spec.lrEnd)) {
            settings.failWith("The polynomial schedule needs a learning rate above lr_end (" +
                              pythonFloat(spec.lrEnd) + "), but it is " + pythonFloat(spec.learningRate) +
                              ".");
        }
        break;
    case SchedulerType::CosineWithMinLr:
        readMinLr(settings, spec);
        break;
    case SchedulerType::WarmupStableDecay:
        readStable(settings, spec);
        break;
    case SchedulerType::ReduceLrOnPlateau:
        if (auto options = PlateauSchedule::optionsOf(arguments); !options) {
            return options.error();
        }
        break;
    default:
        break;
    }
    if (settings.error()) {
        return *settings.error();
    }
    return spec;
}

Result<PlateauSchedule::Options> PlateauSchedule::optionsOf(const TrainingArguments& arguments)
{
    Settings settings(arguments);
    Options options;
    options.largerIsBetter = settings.word("mode", {"min", "max"}, 0) == 1;
    options.factor = settings.number("factor", 0.1);
    options.patience = settings.whole("patience", 10);
    options.threshold = settings.number("threshold", 1e-4);
    options.relative = settings.word("threshold_mode", {"rel", "abs"}, 0) == 0;
    options.cooldown = settings.whole("cooldown", 0);
    options.minLr = settings.number("min_lr", 0);
    options.eps = settings.number("eps", 1e-8);
    if (options.factor >= 1.0) {
        settings.fail("factor", "below 1");
    }
    if (settings.error()) {
        return *settings.error();
    }
    return options;
}

} // namespace studio
