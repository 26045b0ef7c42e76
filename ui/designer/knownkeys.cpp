#include "ui/designer/knownkeys.h"

#include "core/plan/schedulesettings.h"
#include "ui/designer/argumenteditor.h"

#include <QCoreApplication>

namespace studio {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("KnownKeys", text);
}

std::vector<KnownPair> ofSchedule(SchedulerType type)
{
    std::vector<KnownPair> known;
    for (const ScheduleSetting& setting : settingsOf(type)) {
        QString value = toQString(setting.defaultText);
        const bool number = setting.kind == "int" || setting.kind == "float";
        if (number && (value == QLatin1String("unset") || value == QLatin1String("required"))) {
            value = setting.kind == "int" ? QStringLiteral("100") : QStringLiteral("0.1");
        }
        const QString help = number
                                 ? toQString(setting.help)
                                 : tr("%1 One of %2.").arg(toQString(setting.help), toQString(setting.kind));
        known.push_back({toQString(setting.name), value, help});
    }
    return known;
}

std::vector<KnownPair> lowRank(bool apollo)
{
    std::vector<KnownPair> known{
        {QStringLiteral("rank"), QStringLiteral("128"), tr("Rank of the projected gradients.")},
        {QStringLiteral("update_proj_gap"), QStringLiteral("200"), tr("Updates between new projections.")},
        {QStringLiteral("scale"), apollo ? QStringLiteral("1.0") : QStringLiteral("0.25"),
         tr("Factor on the projected update.")},
        {QStringLiteral("proj_type"), QStringLiteral("std"),
         apollo ? tr("One of std, reverse_std, right, left.")
                : tr("One of std, reverse_std, right, left, full.")}};
    if (apollo) {
        known.push_back({QStringLiteral("proj"), QStringLiteral("random"), tr("random or svd.")});
        known.push_back({QStringLiteral("scale_type"), QStringLiteral("channel"), tr("channel or tensor.")});
    }
    return known;
}

std::vector<KnownPair> ofOptimizer(const QString& name)
{
    if (name.contains(QLatin1String("galore"))) return lowRank(false);
    if (name.contains(QLatin1String("apollo"))) return lowRank(true);
    if (name.contains(QLatin1String("schedule_free"))) {
        return {{QStringLiteral("weight_lr_power"), QStringLiteral("2.0"),
                 tr("Power of the rate in the average of the weights.")},
                {QStringLiteral("r"), QStringLiteral("0.0"), tr("Power of the step in that average.")}};
    }
    if (name.contains(QLatin1String("ademamix"))) {
        return {{QStringLiteral("beta3"), QStringLiteral("0.9999"), tr("Decay of the slow average.")},
                {QStringLiteral("alpha"), QStringLiteral("5.0"), tr("Weight of the slow average.")},
                {QStringLiteral("t_alpha"), QStringLiteral("1000"), tr("Updates over which alpha rises.")},
                {QStringLiteral("t_beta3"), QStringLiteral("1000"), tr("Updates over which beta3 rises.")},
                {QStringLiteral("beta1"), QStringLiteral("0.9"), tr("Instead of adam_beta1.")},
                {QStringLiteral("beta2"), QStringLiteral("0.999"), tr("Instead of adam_beta2.")},
                {QStringLiteral("eps"), QStringLiteral("1e-08"), tr("Instead of adam_epsilon.")}};
    }
    if (name.contains(QLatin1String("rmsprop_bnb"))) {
        return {{QStringLiteral("alpha"), QStringLiteral("0.99"), tr("Decay of the squared gradients.")},
                {QStringLiteral("eps"), QStringLiteral("1e-08"), tr("Keeps the division from zero.")},
                {QStringLiteral("momentum"), QStringLiteral("0.0"),
                 tr("Share of the last update that is kept.")}};
    }
    if (name == QLatin1String("adamw_anyprecision")) {
        return {{QStringLiteral("use_kahan_summation"), QStringLiteral("false"),
                 tr("Keeps what rounding loses in a buffer of its own.")},
                {QStringLiteral("momentum_dtype"), QStringLiteral("float32"),
                 tr("float32, bfloat16 or float16.")},
                {QStringLiteral("variance_dtype"), QStringLiteral("float32"),
                 tr("float32, bfloat16 or float16.")},
                {QStringLiteral("compensation_buffer_dtype"), QStringLiteral("bfloat16"),
                 tr("float32, bfloat16 or float16.")}};
    }
    if (name == QLatin1String("grokadamw")) {
        return {
            {QStringLiteral("alpha_init"), QStringLiteral("0.98"), tr("Start of the slow filter's decay.")},
            {QStringLiteral("lamb"), QStringLiteral("2.0"), tr("How much the slow gradients are amplified.")},
            {QStringLiteral("gamma"), QStringLiteral("0.1"), tr("Decay over the layers.")},
            {QStringLiteral("gradient_clipping"), QStringLiteral("1.0"), tr("Largest norm of a gradient.")}};
    }
    return {};
}

} // namespace

std::vector<KnownPair> knownPairs(std::string_view argument, const TrainingArguments& arguments)
{
    if (argument == "lr_scheduler_kwargs") return ofSchedule(arguments.lrSchedulerType);
    if (argument == "optim_args") {
        const Json optimizer = findField("optim")->get(arguments);
        return ofOptimizer(optimizer.is_string() ? QString::fromStdString(optimizer.get<std::string>())
                                                 : QString());
    }
    if (argument == "gradient_checkpointing_kwargs")
        return {
            {QStringLiteral("use_reentrant"), QStringLiteral("false"), tr("The older way of recomputing.")}};
    if (argument == "accelerator_config") {
        return {{QStringLiteral("split_batches"), QStringLiteral("false"),
                 tr("One batch is split over the processes.")},
                {QStringLiteral("even_batches"), QStringLiteral("true"),
                 tr("Repeats rows so that all processes get full batches.")},
                {QStringLiteral("use_seedable_sampler"), QStringLiteral("true"),
                 tr("A sampler that depends on the seed only.")}};
    }
    if (argument == "learning_rate_mapping") {
        return {{QStringLiteral(".*embeddings.*"), QStringLiteral("1e-05"), tr("The token embeddings.")},
                {QStringLiteral(".*pooler.*"), QStringLiteral("0.0"), tr("A pooler that stays as it is.")},
                {QStringLiteral(".*layer\\.0\\..*"), QStringLiteral("1e-06"), tr("The first layer.")}};
    }
    return {};
}

} // namespace studio
