#include "ui/designer/argumenteditor.h"

#include "ui/widgets/boolfield.h"
#include "ui/widgets/choicefield.h"
#include "ui/widgets/jsonfield.h"
#include "ui/widgets/listfield.h"
#include "ui/widgets/numberfield.h"
#include "ui/widgets/numbertext.h"
#include "ui/widgets/pathfield.h"
#include "ui/widgets/textfield.h"

#include <QCompleter>
#include <QCoreApplication>
#include <QLineEdit>

namespace studio {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("ArgumentEditor", text);
}

QString nullText(const Field& field)
{
    return field.nullText.empty() ? tr("not set") : toQString(field.nullText);
}

std::vector<ChoiceItem> items(const Field& field)
{
    std::vector<ChoiceItem> list;
    for (const Choice& choice : field.choices)
        list.push_back({toQString(choice.value), {}, toQString(choice.help)});
    return list;
}

FieldEditor* numberEditor(const Field& field, QWidget* parent)
{
    auto kind = NumberField::Kind::Real;
    if (field.type == FieldType::Int && !field.acceptsFraction) kind = NumberField::Kind::Whole;
    if (field.type == FieldType::Number || field.acceptsFraction) kind = NumberField::Kind::WholeOrReal;
    auto* editor = new NumberField(kind, parent);
    editor->setNullable(field.nullable);
    if (field.nullable) editor->setPlaceholder(nullText(field));
    editor->setUnit(toQString(field.unit));
    editor->setLogScale(field.scale == Scale::Log);
    std::optional<double> low, high;
    for (const Range& range : field.ranges) {
        const double from = range.min.value_or(-HUGE_VAL);
        const double to = range.max.value_or(HUGE_VAL);
        low = std::min(low.value_or(from), from);
        high = std::max(high.value_or(to), to);
    }
    const auto finite = [](std::optional<double> end) {
        return end && std::isfinite(*end) ? end : std::nullopt;
    };
    editor->setRange(finite(low), finite(high));
    return editor;
}

FieldEditor* textEditor(const Field& field, QWidget* parent)
{
    auto* editor = new TextField(
        field.type == FieldType::Secret ? TextField::Secret::Yes : TextField::Secret::No, parent);
    editor->setNullable(field.nullable);
    if (field.nullable && field.type != FieldType::Secret) editor->setPlaceholder(nullText(field));
    if (!field.choices.empty()) {
        QStringList words;
        for (const Choice& choice : field.choices)
            words << toQString(choice.value);
        auto* completer = new QCompleter(words, editor);
        completer->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
        editor->lineEdit()->setCompleter(completer);
        QObject::connect(completer, qOverload<const QString&>(&QCompleter::activated), editor->lineEdit(),
                         &QLineEdit::textEdited);
    }
    return editor;
}

/// Keys that the original's objects are known to take, with values to start from.
std::vector<KnownKey> knownKeys(std::string_view key)
{
    if (key == "lr_scheduler_kwargs") {
        return {{QStringLiteral("num_cycles"), 0.5,
                 tr("Cosine waves in the run (cosine: 0.5, with restarts: 1).")},
                {QStringLiteral("lr_end"), 1e-07, tr("Rate at the end (polynomial).")},
                {QStringLiteral("power"), 1.0, tr("Exponent of the fall (polynomial).")},
                {QStringLiteral("min_lr"), 1e-06, tr("Lowest rate (cosine_with_min_lr).")},
                {QStringLiteral("min_lr_rate"), 0.1,
                 tr("Lowest rate as a share of the peak (cosine_with_min_lr).")},
                {QStringLiteral("num_decay_steps"), 100, tr("Steps of the fall (warmup_stable_decay).")},
                {QStringLiteral("min_lr_ratio"), 0.0,
                 tr("Lowest rate as a share of the peak (warmup_stable_decay).")},
                {QStringLiteral("timescale"), 1000,
                 tr("Steps after which the rate starts to fall (inverse_sqrt).")},
                {QStringLiteral("factor"), 0.1, tr("Reduction at a plateau (reduce_lr_on_plateau).")},
                {QStringLiteral("patience"), 10,
                 tr("Evaluations without progress before a reduction (plateau).")}};
    }
    if (key == "gradient_checkpointing_kwargs") {
        return {{QStringLiteral("use_reentrant"), false, tr("The older way of recomputing.")}};
    }
    if (key == "accelerator_config") {
        return {
            {QStringLiteral("split_batches"), false, tr("One batch is split over the processes.")},
            {QStringLiteral("even_batches"), true,
             tr("Repeats rows so that all processes get full batches.")},
            {QStringLiteral("use_seedable_sampler"), true, tr("A sampler that depends on the seed only.")}};
    }
    if (key == "prompts") {
        return {{QStringLiteral("query"), "query: ", tr("Text in front of the column of that name.")},
                {QStringLiteral("anchor"), "query: ", tr("Text in front of the column of that name.")},
                {QStringLiteral("positive"), "passage: ", tr("Text in front of the column of that name.")}};
    }
    if (key == "learning_rate_mapping") {
        return {{QStringLiteral(".*embeddings.*"), 1e-05,
                 tr("Rate of the parameters whose name fits the pattern.")}};
    }
    if (key == "router_mapping") {
        return {{QStringLiteral("anchor"), "query", tr("Route of the column of that name.")},
                {QStringLiteral("positive"), "document", tr("Route of the column of that name.")}};
    }
    return {};
}

} // namespace

QString toQString(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

FieldEditor* makeArgumentEditor(const Field& field, QWidget* parent)
{
    switch (field.type) {
    case FieldType::Bool:
        return new BoolField(field.nullable ? nullText(field) : QString(), parent);
    case FieldType::Int:
    case FieldType::Float:
    case FieldType::Number:
        return numberEditor(field, parent);
    case FieldType::Enum: {
        auto* editor = new ChoiceField(parent);
        editor->setChoices(items(field));
        if (field.nullable) editor->setNullable(nullText(field));
        return editor;
    }
    case FieldType::Path: {
        auto* editor = new PathField(PathField::Mode::Folder, parent);
        editor->setNullable(field.nullable);
        if (field.nullable) editor->setPlaceholder(nullText(field));
        return editor;
    }
    case FieldType::StringList: {
        auto* editor = new ListField(parent);
        if (!field.choices.empty()) editor->setChoices(items(field));
        if (field.nullable) editor->setNullable(nullText(field));
        return editor;
    }
    case FieldType::Object: {
        auto* editor = new JsonField(parent);
        editor->setNullable(field.nullable);
        editor->setTextAllowed(field.acceptsText);
        editor->setKnownKeys(knownKeys(field.key));
        if (field.nullable) editor->setPlaceholder(nullText(field));
        return editor;
    }
    case FieldType::String:
    case FieldType::Secret:
        break;
    }
    return textEditor(field, parent);
}

QString readable(const Json& value)
{
    if (value.is_null()) return tr("not set");
    if (value.is_boolean()) return value.get<bool>() ? tr("on") : tr("off");
    if (value.is_number_integer()) return numberToText(value.get<std::int64_t>());
    if (value.is_number()) return numberToText(value.get<double>());
    if (value.is_string()) {
        const QString text = QString::fromStdString(value.get<std::string>());
        return text.isEmpty() ? tr("empty") : text;
    }
    if (value.empty()) return tr("empty");
    if (value.is_array()) {
        QStringList words;
        for (const Json& item : value)
            words << (item.is_string() ? QString::fromStdString(item.get<std::string>())
                                       : QString::fromStdString(item.dump()));
        return words.join(QStringLiteral(", "));
    }
    return QString::fromStdString(value.dump());
}

} // namespace studio
