#include "ui/designer/evaluationpage.h"

#include "core/catalog/catalog.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/designer/optionrows.h"
#include "ui/widgets/choicefield.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/numberfield.h"
#include "ui/widgets/textfield.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace studio {

EvaluationPage::EvaluationPage(ExperimentDocument* document, QWidget* parent)
    : FormPage(document, QStringLiteral("evaluation"), tr("Evaluators"), parent)
{}

bool EvaluationPage::owns(const QString& key) const
{
    return key.startsWith(QLatin1String("evaluators")) || key.startsWith(QLatin1String("early_stopping"));
}

void EvaluationPage::build()
{
    addHeader(tr("What is measured while training, and on which data. When it happens is set under Training "
                 "arguments › Evaluation; the loss on the evaluation data is measured in any case."));
    m_list = new QVBoxLayout;
    column()->addLayout(m_list);
    auto* line = new QHBoxLayout;
    auto* add = new QPushButton(studioIcon(QStringLiteral("add")), tr("Add Evaluator"));
    add->setAccessibleName(add->text());
    add->setAccessibleDescription(tr("Adds a measurement on one of the evaluation sets"));
    connect(add, &QPushButton::clicked, this, &EvaluationPage::addEvaluator);
    line->addWidget(add);
    line->addStretch(1);
    column()->addLayout(line);
    addEarlyStopping();
    rebuild();
}

void EvaluationPage::addEarlyStopping()
{
    addSection(
        tr("Early stopping"),
        tr("Ends the run when the watched metric (Best model › metric_for_best_model, else the evaluation "
           "loss) no longer improves. Needs evaluations, and the best model kept."));
    const QString key = QStringLiteral("early_stopping");
    auto* patience = new NumberField(NumberField::Kind::Whole);
    patience->setNullable(true);
    patience->setPlaceholder(tr("off"));
    patience->setUnit(tr("evaluations"));
    patience->setRange(1, std::nullopt);
    auto* patienceRow = addRow(new FormRow(
        document(),
        {tr("Patience"), key + QStringLiteral(".patience"),
         tr("So many evaluations in a row without improvement end the run. Empty: the run goes to "
            "its end.")},
        patience));
    patienceRow->setCommit([this, key](const Json& value) {
        if (value.is_null()) return document()->setValue(key, Json());
        Json stopping = document()->value(key);
        if (!stopping.is_object()) stopping = Json::object();
        stopping["patience"] = value;
        return document()->setValue(key, stopping);
    });
    auto* threshold = new NumberField(NumberField::Kind::Real);
    threshold->setNullable(true);
    threshold->setPlaceholder(QStringLiteral("0"));
    auto* thresholdRow =
        addRow(new FormRow(document(),
                           {tr("Least improvement"), key + QStringLiteral(".threshold"),
                            tr("Smaller changes of the metric do not count as improvement.")},
                           threshold));
    thresholdRow->setCommit([this, key](const Json& value) {
        Json stopping = document()->value(key);
        // Without patience there is nothing for it to act on yet: one evaluation, as the original has it.
        if (!stopping.is_object()) stopping = Json{{"patience", 1}};
        stopping["threshold"] = value.is_null() ? Json(0.0) : value;
        return document()->setValue(key, stopping);
    });
}

void EvaluationPage::rebuild()
{
    for (Card& card : m_cards) {
        for (FormRow* row : card.rows)
            forgetRow(row);
        for (FormRow* row : card.optionRows)
            forgetRow(row);
        card.frame->hide();
        card.frame->deleteLater();
    }
    m_cards.clear();
    m_count = static_cast<int>(document()->experiment().evaluators.size());
    for (int i = 0; i < m_count; ++i) {
        Card card;
        card.key = QStringLiteral("evaluators[%1]").arg(i);
        card.frame = new QFrame;
        card.frame->setFrameShape(QFrame::StyledPanel);
        auto* inside = new QVBoxLayout(card.frame);
        auto* type = new ChoiceField;
        std::vector<ChoiceItem> items;
        for (const EvaluatorInfo& evaluator : evaluatorCatalog()) {
            items.push_back(
                {QString::fromStdString(evaluator.type), {}, QString::fromStdString(evaluator.summary)});
        }
        type->setChoices(items);
        card.rows.push_back(addRow(
            new FormRow(document(),
                        {tr("Evaluator"), card.key + QStringLiteral(".type"), tr("What is computed.")}, type),
            inside));
        card.rows.back()->setCommit([this, key = card.key](const Json& value) {
            const auto name = value.is_string() ? value.get<std::string>() : std::string();
            const EvaluatorInfo* info = findEvaluator(name);
            return document()->apply(tr("Evaluator"), {{key, withType(document()->value(key), name,
                                                                      info ? &info->options : nullptr)}});
        });
        card.data = new ChoiceField;
        card.data->setNullable(tr("none"));
        card.rows.push_back(addRow(new FormRow(document(),
                                               {tr("Evaluation data"), card.key + QStringLiteral(".data"),
                                                tr("One of the evaluation or test sets under Data.")},
                                               card.data),
                                   inside));
        auto* name = new TextField;
        name->setNullable(true);
        name->setPlaceholder(tr("the data set's name"));
        card.rows.push_back(addRow(new FormRow(document(),
                                               {tr("Name"), card.key + QStringLiteral(".name"),
                                                tr("Prefix of its metrics: eval_NAME_spearman_cosine.")},
                                               name),
                                   inside));
        card.options = new QVBoxLayout;
        inside->addLayout(card.options);
        auto* foot = new QHBoxLayout;
        foot->addStretch(1);
        auto* remove = new QPushButton(studioIcon(QStringLiteral("remove")), tr("Remove"));
        remove->setAccessibleName(tr("Remove evaluator %1").arg(i + 1));
        remove->setAccessibleDescription(tr("It is no longer measured"));
        connect(remove, &QPushButton::clicked, this, [this, i] { removeEvaluator(i); });
        foot->addWidget(remove);
        inside->addLayout(foot);
        m_list->addWidget(card.frame);
        m_cards.push_back(card);
    }
    for (Card& card : m_cards)
        refreshCard(card);
}

void EvaluationPage::refresh(const QString& key)
{
    if (!isBuilt()) return;
    if (static_cast<int>(document()->experiment().evaluators.size()) != m_count) rebuild();
    if (key.isEmpty() || key.startsWith(QLatin1String("eval")) || key.startsWith(QLatin1String("test"))) {
        for (Card& card : m_cards)
            refreshCard(card);
    }
    FormPage::refresh(key);
}

void EvaluationPage::refreshCard(Card& card)
{
    const auto index = static_cast<std::size_t>(card.key.mid(11).chopped(1).toInt());
    const EvaluatorSpec& spec = document()->experiment().evaluators[index];
    std::vector<ChoiceItem> sets;
    const Experiment& all = document()->experiment();
    for (const auto* list : {&all.eval, &all.test}) {
        for (const DataSpec& data : *list)
            sets.push_back({QString::fromStdString(data.name), {}, QString::fromStdString(data.path)});
    }
    card.data->setChoices(sets);
    if (spec.type == card.shownType) return;
    card.shownType = spec.type;
    for (FormRow* row : card.optionRows) {
        forgetRow(row);
        row->hide();
        row->deleteLater();
    }
    card.optionRows.clear();
    if (const EvaluatorInfo* info = findEvaluator(spec.type)) {
        card.optionRows = makeOptionRows(document(), info->options, card.key + QStringLiteral(".options"));
        for (FormRow* row : card.optionRows)
            addRow(row, card.options);
    }
}

void EvaluationPage::addEvaluator()
{
    Json list = document()->value(QStringLiteral("evaluators"));
    if (!list.is_array()) list = Json::array();
    Json evaluator{{"type", "EmbeddingSimilarityEvaluator"}};
    if (!document()->experiment().eval.empty())
        evaluator["data"] = document()->experiment().eval.front().name;
    list.push_back(evaluator);
    document()->apply(tr("Add Evaluator"), {{QStringLiteral("evaluators"), list}});
    reveal(QStringLiteral("evaluators[%1].type").arg(list.size() - 1));
}

void EvaluationPage::removeEvaluator(int index)
{
    Json list = document()->value(QStringLiteral("evaluators"));
    if (!list.is_array() || index >= static_cast<int>(list.size())) return;
    list.erase(static_cast<std::size_t>(index));
    document()->apply(tr("Remove Evaluator"), {{QStringLiteral("evaluators"), list}});
}

} // namespace studio
