#include "ui/designer/argumenteditor.h"

#include "ui/designer/knownkeys.h"
#include "ui/widgets/boolfield.h"
#include "ui/widgets/choicefield.h"
#include "ui/widgets/jsonfield.h"
#include "ui/widgets/listfield.h"
#include "ui/widgets/numberfield.h"
#include "ui/widgets/numbertext.h"
#include "ui/widgets/pairsfield.h"
#include "ui/widgets/pathfield.h"
#include "ui/widgets/promptsfield.h"
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

/// A table for objects (and a text) whose parts are worth editing one by one; null for the others.
FieldEditor* tableEditor(const Field& field, QWidget* parent)
{
    const auto pairs = [&](PairsField::Form form, const QString& keys, const QString& values) {
        auto* editor = new PairsField(form, keys, values, parent);
        editor->setEmptyValue(field.defaultValue());
        editor->setKnown(knownPairs(field.key, TrainingArguments()));
        return editor;
    };
    if (field.key == "lr_scheduler_kwargs" || field.key == "gradient_checkpointing_kwargs")
        return pairs(PairsField::Form::Object, tr("Setting"), tr("Value"));
    if (field.key == "learning_rate_mapping")
        return pairs(PairsField::Form::Object, tr("Parameters (expression)"), tr("Learning rate"));
    if (field.key == "optim_args") return pairs(PairsField::Form::Text, tr("Setting"), tr("Value"));
    if (field.key == "prompts" || field.key == "router_mapping") {
        const bool routes = field.key == "router_mapping";
        auto* editor = new PromptsField(PromptsField::Levels::SetsAndColumns,
                                        routes ? tr("Route") : tr("Prompt"), parent);
        editor->setColumnNeeded(routes);
        editor->setEmptyValue(field.defaultValue());
        return editor;
    }
    return nullptr;
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
        if (FieldEditor* table = tableEditor(field, parent)) return table;
        auto* editor = new JsonField(parent);
        editor->setNullable(field.nullable);
        editor->setTextAllowed(field.acceptsText);
        std::vector<KnownKey> known;
        for (const KnownPair& one : knownPairs(field.key, TrainingArguments()))
            known.push_back({one.key, Json::parse(one.value.toStdString()), one.sentence});
        editor->setKnownKeys(known);
        if (field.nullable) editor->setPlaceholder(nullText(field));
        return editor;
    }
    case FieldType::String:
    case FieldType::Secret:
        if (FieldEditor* table = tableEditor(field, parent)) return table;
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
