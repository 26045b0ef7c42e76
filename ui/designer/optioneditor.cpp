#include "ui/designer/optioneditor.h"

#include "ui/designer/argumenteditor.h"
#include "ui/widgets/boolfield.h"
#include "ui/widgets/choicefield.h"
#include "ui/widgets/jsonfield.h"
#include "ui/widgets/numberfield.h"
#include "ui/widgets/numberlistfield.h"
#include "ui/widgets/pathfield.h"
#include "ui/widgets/textfield.h"
#include "ui/widgets/wordsfield.h"

#include <QCoreApplication>

namespace studio {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("OptionEditor", text);
}

} // namespace

FieldEditor* makeOptionEditor(const OptionInfo& option, QWidget* parent)
{
    const Json standard =
        option.defaultJson.empty() ? Json() : Json::parse(option.defaultJson, nullptr, false);
    const QString none = option.defaultJson.empty() ? tr("needed")
                         : standard.is_null()       ? tr("not set")
                                                    : tr("default: %1").arg(readable(standard));
    switch (option.kind) {
    case OptionKind::Bool:
        return new BoolField(none, parent);
    case OptionKind::Int:
    case OptionKind::Float: {
        auto* editor = new NumberField(
            option.kind == OptionKind::Int ? NumberField::Kind::Whole : NumberField::Kind::Real, parent);
        editor->setNullable(true);
        editor->setPlaceholder(none);
        return editor;
    }
    case OptionKind::Choice: {
        auto* editor = new ChoiceField(parent);
        std::vector<ChoiceItem> items;
        for (const std::string& choice : option.choices)
            items.push_back({QString::fromStdString(choice), {}, {}});
        editor->setChoices(items);
        editor->setNullable(none);
        return editor;
    }
    case OptionKind::ChoiceList: {
        auto* editor = new WordsField(parent);
        QStringList words;
        for (const std::string& choice : option.choices)
            words << QString::fromStdString(choice);
        editor->setWords(words);
        editor->setStandard(standard);
        return editor;
    }
    case OptionKind::IntList:
    case OptionKind::FloatList: {
        auto* editor = new NumberListField(option.kind == OptionKind::IntList, parent);
        editor->setPlaceholder(none);
        return editor;
    }
    case OptionKind::Loss: {
        auto* editor = new JsonField(parent);
        editor->setNullable(true);
        editor->setPlaceholder(QStringLiteral("{ \"type\": \"MultipleNegativesRankingLoss\" }"));
        std::vector<KnownKey> keys{
            {QStringLiteral("type"), "MultipleNegativesRankingLoss", tr("The inner loss.")},
            {QStringLiteral("options"), Json::object(), tr("Its options.")}};
        editor->setKnownKeys(keys);
        return editor;
    }
    case OptionKind::Model: {
        auto* editor = new PathField(PathField::Mode::Folder, parent);
        editor->setNullable(true);
        editor->setPlaceholder(none);
        return editor;
    }
    case OptionKind::Text:
        break;
    }
    auto* editor = new TextField(TextField::Secret::No, parent);
    editor->setNullable(true);
    editor->setPlaceholder(none);
    return editor;
}

} // namespace studio
