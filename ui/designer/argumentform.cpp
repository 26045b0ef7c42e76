#include "ui/designer/argumentform.h"

#include "core/arguments/argumentfields.h"
#include "ui/designer/argumenteditor.h"
#include "ui/designer/datasuggestion.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/designer/knownkeys.h"
#include "ui/widgets/fieldeditor.h"
#include "ui/widgets/promptsfield.h"

#include <QToolButton>

#include <algorithm>

namespace studio {

namespace {

QString scopeRemark(const Field& field)
{
    switch (field.scope) {
    case Scope::PythonOnly:
        return ArgumentForm::tr("No effect here: needs Python. It is kept, checked and written out.");
    case Scope::Distributed:
        return ArgumentForm::tr("Matters only with several processes.");
    default:
        return {};
    }
}

} // namespace

QString pageLabel(std::string_view id)
{
    for (const ArgumentPage& page : argumentPages()) {
        if (page.id == id || page.method == id) return toQString(page.label);
    }
    return toQString(id);
}

ArgumentForm::ArgumentForm(ExperimentDocument* document, const ArgumentPage& page, QWidget* parent)
    : FormPage(document, toQString(page.id), toQString(page.label), parent), m_page(page)
{}

bool ArgumentForm::owns(const QString& key) const
{
    const std::string name = key.toStdString();
    return std::find(m_page.keys.begin(), m_page.keys.end(), name) != m_page.keys.end();
}

void ArgumentForm::build()
{
    auto* reset = addHeader(toQString(m_page.help), tr("Reset Group"));
    reset->setToolTip(tr("Sets every value of this page to its default (one undo step)"));
    connect(reset, &QToolButton::clicked, this, &ArgumentForm::resetGroup);
    m_back = addHeaderButton(tr("Group Back to Saved"),
                             tr("Sets every value of this page to what is saved (one undo step)"));
    connect(m_back, &QToolButton::clicked, this, &ArgumentForm::backToSaved);
    for (const auto key : m_page.keys) {
        const Field* field = findField(key);
        if (!field) continue;
        FormRow::Texts texts;
        texts.label = toQString(field->label);
        texts.key = toQString(key);
        texts.help = toQString(field->help);
        texts.secret = field->type == FieldType::Secret;
        auto* row = addRow(new FormRow(document(), texts, makeArgumentEditor(*field, nullptr), nullptr));
        for (const auto setter : settersOf(key)) {
            if (setter == m_page.method || setter == m_page.id) continue;
            const QString name = pageLabel(setter);
            auto* chip = row->addChip(tr("also in %1").arg(name),
                                      tr("One value, shown on both pages. Click to go to %1.").arg(name));
            connect(chip, &QToolButton::clicked, this,
                    [this, setter, key] { Q_EMIT pageWanted(toQString(setter), toQString(key)); });
        }
    }
    refreshRemarks();
}

bool ArgumentForm::isAdvanced(const FormRow* row) const
{
    const Field* field = findField(row->key().toStdString());
    return field && field->tier == Tier::Advanced;
}

void ArgumentForm::refresh(const QString& key)
{
    FormPage::refresh(key);
    if (isBuilt()) refreshRemarks();
}

void ArgumentForm::refreshRemarks()
{
    m_back->setVisible(std::any_of(m_page.keys.begin(), m_page.keys.end(), [this](std::string_view key) {
        return document()->differsFromSaved(toQString(key));
    }));
    for (FormRow* row : rows()) {
        const Field* field = findField(row->key().toStdString());
        if (!field) continue;
        QString remark = scopeRemark(*field);
        bool dimmed = field->scope == Scope::PythonOnly;
        if (field->inactive) {
            const auto why = field->inactive(document()->experiment().arguments);
            if (!why.empty()) {
                remark = toQString(why);
                dimmed = true;
            }
        }
        if (field->key == "output_dir" && document()->value(row->key()).is_null()) {
            remark = tr("Empty: runs are written to %1").arg(document()->outputFolder());
        }
        row->setRemark(remark);
        row->setDimmed(dimmed);
        offerNames(row);
    }
}

void ArgumentForm::offerNames(FormRow* row)
{
    const std::string key = row->key().toStdString();
    if (auto* pairs = qobject_cast<PairsField*>(row->editor())) {
        pairs->setKnown(knownPairs(key, document()->experiment().arguments));
    } else if (auto* prompts = qobject_cast<PromptsField*>(row->editor())) {
        QStringList sets;
        QStringList columns;
        const Experiment& all = document()->experiment();
        for (const auto* list : {&all.train, &all.eval}) {
            for (const DataSpec& data : *list) {
                if (!data.name.empty()) sets << QString::fromStdString(data.name);
                for (const auto& [role, column] : data.columns) {
                    if (!isLabelRole(role)) columns << QString::fromStdString(column);
                }
            }
        }
        sets.removeDuplicates();
        columns.removeDuplicates();
        prompts->setDataSets(sets);
        prompts->setColumns(columns);
    }
}

void ArgumentForm::backToSaved()
{
    std::vector<Edit> edits;
    for (const auto key : m_page.keys)
        edits.push_back({toQString(key), document()->savedValue(toQString(key))});
    document()->apply(tr("%1 Back to Saved").arg(title()), edits);
}

void ArgumentForm::resetGroup()
{
    std::vector<Edit> edits;
    for (const auto key : m_page.keys) {
        const QString name = toQString(key);
        edits.push_back({name, document()->defaultValue(name)});
    }
    document()->apply(tr("Reset %1").arg(title()), edits);
}

} // namespace studio
