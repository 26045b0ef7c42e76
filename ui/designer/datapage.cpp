#include "ui/designer/datapage.h"

#include "ui/designer/datafacts.h"
#include "ui/designer/datapreview.h"
#include "ui/designer/datasuggestion.h"
#include "ui/designer/datasummary.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/widgets/choicefield.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/listfield.h"
#include "ui/widgets/numberfield.h"
#include "ui/widgets/numberlistfield.h"
#include "ui/widgets/pathfield.h"
#include "ui/widgets/promptsfield.h"
#include "ui/widgets/textfield.h"

#include <QFileInfo>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

namespace {

QString setKey(const QString& list, int index)
{
    return QStringLiteral("%1[%2]").arg(list).arg(index);
}

Json rolesJson(const std::vector<std::pair<std::string, std::string>>& roles)
{
    Json object = Json::object();
    for (const auto& [role, column] : roles)
        object[role] = column;
    return object;
}

} // namespace

DataPage::DataPage(ExperimentDocument* document, DataFacts* facts, QWidget* parent)
    : FormPage(document, QStringLiteral("data"), tr("Data"), parent), m_facts(facts)
{}

bool DataPage::owns(const QString& key) const
{
    const bool data = key == QLatin1String("train") || key == QLatin1String("eval") ||
                      key == QLatin1String("test") || key.startsWith(QLatin1String("test[")) ||
                      key.startsWith(QLatin1String("train[")) || key.startsWith(QLatin1String("eval["));
    return data && !key.contains(QLatin1String("].loss"));
}

bool DataPage::isAdvanced(const FormRow* row) const
{
    return row->key().endsWith(QLatin1String(".rows")) || row->key().endsWith(QLatin1String(".labels")) ||
           row->key().endsWith(QLatin1String(".prompts")) || row->key().endsWith(QLatin1String(".format"));
}

void DataPage::build()
{
    addHeader(tr(
        "Files to learn from and to measure with. Each column gets a role; inputs are taken in the order of "
        "their roles, and that order decides the task."));
    const auto addButton = [this](const QString& text, const QString& list, int index) {
        auto* line = new QHBoxLayout;
        auto* button = new QPushButton(studioIcon(QStringLiteral("add")), text);
        button->setAccessibleName(text);
        button->setAccessibleDescription(tr("Adds an empty data set; then choose its file"));
        connect(button, &QPushButton::clicked, this, [this, list] { addFile(list, QString()); });
        line->addWidget(button);
        line->addStretch(1);
        column()->addLayout(line);
        m_addButtons[index] = button;
    };
    addSection(tr("Training data"));
    m_train = new QVBoxLayout;
    column()->addLayout(m_train);
    addButton(tr("Add Training Data"), QStringLiteral("train"), 0);
    addSection(tr("Evaluation data"),
               tr("Rows that training never sees: loss and evaluators are computed on them."));
    m_eval = new QVBoxLayout;
    column()->addLayout(m_eval);
    addButton(tr("Add Evaluation Data"), QStringLiteral("eval"), 1);
    addSection(tr("Test data"), tr("Measured once after training when do_predict is on: the final word."));
    m_test = new QVBoxLayout;
    column()->addLayout(m_test);
    addButton(tr("Add Test Data"), QStringLiteral("test"), 2);
    rebuild();
}

void DataPage::rebuild()
{
    for (Card& card : m_cards) {
        for (FormRow* row : card.rows)
            forgetRow(row);
        card.widget->hide();
        card.widget->deleteLater();
    }
    m_cards.clear();
    const Experiment& experiment = document()->experiment();
    m_trainSets = static_cast<int>(experiment.train.size());
    m_evalSets = static_cast<int>(experiment.eval.size());
    m_testSets = static_cast<int>(experiment.test.size());
    for (int i = 0; i < m_trainSets; ++i)
        m_cards.push_back(makeCard(QStringLiteral("train"), i, m_train));
    for (int i = 0; i < m_evalSets; ++i)
        m_cards.push_back(makeCard(QStringLiteral("eval"), i, m_eval));
    for (int i = 0; i < m_testSets; ++i)
        m_cards.push_back(makeCard(QStringLiteral("test"), i, m_test));
    for (Card& card : m_cards)
        refreshCard(card);
    orderTabs();
}

void DataPage::orderTabs()
{
    if (!widget() || widget()->window() != window()) return; // still being built; showing it comes back here
    // The button is in the window's ring already: what follows it is, too, wherever it stood before.
    QWidget* last = m_addButtons[0];
    const auto follow = [&last](QWidget* widget) {
        if (last != widget) setTabOrder(last, widget);
        last = widget;
    };
    const char* const lists[] = {"train[", "eval[", "test["};
    for (int i = 0; i < 3; ++i) {
        for (const Card& card : m_cards) {
            if (!card.key.startsWith(QLatin1String(lists[i]))) continue;
            const auto inside = card.widget->findChildren<QWidget*>();
            for (QWidget* widget : inside) {
                // Lists of combo boxes and menus are windows of their own.
                if (widget->window() != window()) continue;
                if ((widget->focusPolicy() & Qt::TabFocus) && !widget->focusProxy()) follow(widget);
            }
        }
        follow(m_addButtons[i]);
    }
}

DataPage::Card DataPage::makeCard(const QString& list, int index, QVBoxLayout* where)
{
    Card card;
    card.key = setKey(list, index);
    auto* frame = new QFrame;
    frame->setFrameShape(QFrame::StyledPanel);
    auto* inside = new QVBoxLayout(frame);
    card.widget = frame;
    const auto add = [&](const QString& member, const QString& label, const QString& help,
                         FieldEditor* editor) {
        FormRow::Texts texts{label, card.key + u'.' + member, help};
        card.rows.push_back(addRow(new FormRow(document(), texts, editor), inside));
        return card.rows.back();
    };
    auto* name = new TextField;
    add(QStringLiteral("name"), tr("Name"), tr("Evaluators and per-set settings name the data set by it."),
        name);

    auto* path = new PathField(PathField::Mode::OpenFile);
    path->setFilter(tr("Data (*.csv *.tsv *.jsonl *.json *.txt *.parquet *.gz *.zst);;All files (*)"));
    path->setBaseFolder(document()->baseFolder());
    path->setPlaceholder(tr("Type, drop or choose a file"));
    auto* pathRow = add(QStringLiteral("path"), tr("File"),
                        tr("CSV, TSV, JSONL, JSON, TXT or Parquet; also packed (.gz, .zst)."), path);
    connect(path, &FieldEditor::edited, this, [this, key = card.key] {
        if (Card* found = this->card(key)) found->guessing = true;
    });
    Q_UNUSED(pathRow)

    card.preview = new DataPreview(card.key, frame);
    inside->addWidget(card.preview);
    connect(card.preview, &DataPreview::headRead, this, [this, key = card.key] { onHeadRead(key); });
    connect(card.preview, &DataPreview::rolesEdited, this,
            [this, key = card.key](const std::vector<std::pair<std::string, std::string>>& roles) {
                document()->endTyping();
                document()->setValue(key + QStringLiteral(".columns"), rolesJson(roles));
            });
    card.reasons = new QLabel(frame);
    card.reasons->setWordWrap(true);
    card.reasons->hide();
    inside->addWidget(card.reasons);
    card.summary = new DataSummary(card.key, m_facts, frame);
    inside->addWidget(card.summary);
    connect(card.summary, &DataSummary::limitMoved, this,
            [this](int tokens) { document()->setValue(QStringLiteral("model.max_seq_length"), tokens); });
    connect(card.summary, &DataSummary::limitSet, document(), &ExperimentDocument::endTyping);

    auto* divisor = new NumberField(NumberField::Kind::Real);
    divisor->setNullable(true);
    divisor->setPlaceholder(tr("as they are"));
    add(QStringLiteral("score_divisor"), tr("Scores divided by"),
        tr("Brings scores into the range that the loss expects: 5 for scores from 0 to 5."), divisor);

    auto* format = new ChoiceField;
    format->setChoices(
        {{QStringLiteral("csv"), {}, tr("Values with commas or other delimiters, and a header line.")},
         {QStringLiteral("tsv"), {}, tr("Values with tabs, no quoting.")},
         {QStringLiteral("jsonl"), {}, tr("One JSON object a line.")},
         {QStringLiteral("json"), {}, tr("One list of JSON objects.")},
         {QStringLiteral("txt"), {}, tr("One text a line.")},
         {QStringLiteral("parquet"), {}, tr("Columnar binary file.")}});
    format->setNullable(tr("By the file's name"));
    add(QStringLiteral("format"), tr("Format"), tr("How the file is read."), format);
    auto* rows = new NumberListField(true);
    rows->setPlaceholder(tr("all; “0 1000” for the first thousand"));
    add(QStringLiteral("rows"), tr("Rows"), tr("First row and the row after the last, from 0."), rows);
    auto* labels = new ListField;
    add(QStringLiteral("labels"), tr("Classes"),
        tr("Text classes in the order of their numbers; empty: as found, sorted."), labels);
    card.prompts = new PromptsField(PromptsField::Levels::Columns);
    add(QStringLiteral("prompts"), tr("Prompts"),
        tr("Text put in front of the column's texts; these go before the prompts of the training arguments."),
        card.prompts);

    auto* foot = new QHBoxLayout;
    foot->addStretch(1);
    auto* remove = new QPushButton(studioIcon(QStringLiteral("remove")), tr("Remove"));
    remove->setAccessibleName(tr("Remove data set %1").arg(card.key));
    remove->setAccessibleDescription(tr("Takes it out of the experiment; its file stays"));
    connect(remove, &QPushButton::clicked, this, [this, list, index] { removeSet(list, index); });
    foot->addWidget(remove);
    inside->addLayout(foot);
    where->addWidget(frame);
    return card;
}

DataPage::Card* DataPage::card(const QString& key)
{
    for (Card& card : m_cards) {
        if (card.key == key) return &card;
    }
    return nullptr;
}

DataPreview* DataPage::preview(const QString& key) const
{
    for (const Card& card : m_cards) {
        if (card.key == key) return card.preview;
    }
    return nullptr;
}

void DataPage::refresh(const QString& key)
{
    if (!isBuilt()) return;
    const Experiment& experiment = document()->experiment();
    if (static_cast<int>(experiment.train.size()) != m_trainSets ||
        static_cast<int>(experiment.eval.size()) != m_evalSets ||
        static_cast<int>(experiment.test.size()) != m_testSets) {
        rebuild();
    }
    FormPage::refresh(key);
    for (Card& card : m_cards) {
        // Tokens and overlaps hang on more than the data set itself.
        const bool counts = key.startsWith(QLatin1String("model")) || key == QLatin1String("prompts") ||
                            key.startsWith(QLatin1String("eval")) || key.startsWith(QLatin1String("test"));
        if (key.isEmpty() || counts || key.startsWith(card.key) || card.key.startsWith(key))
            refreshCard(card);
    }
    if (key.isEmpty()) orderTabs();
}

void DataPage::refreshCard(Card& card)
{
    const Experiment all = document()->resolved();
    const QString list = card.key.left(card.key.indexOf(u'['));
    const auto& sets = list == QLatin1String("train")  ? all.train
                       : list == QLatin1String("test") ? all.test
                                                       : all.eval;
    const auto index = card.key.mid(card.key.indexOf(u'[') + 1).chopped(1).toInt();
    if (index >= static_cast<int>(sets.size())) return;
    const DataSpec& data = sets[static_cast<std::size_t>(index)];
    card.summary->setQuestion(m_facts->question(all, list, index));
    card.summary->setLimit(all.model.maxSeqLength.value_or(m_facts->modelLimit(all)),
                           m_facts->modelPositions(all));
    QStringList columns;
    for (const auto& [role, column] : data.columns) {
        if (!isLabelRole(role)) columns << QString::fromStdString(column);
    }
    card.prompts->setColumns(columns);
    card.preview->showData(data);
    if (card.preview->head()) Q_EMIT headRead(card.key);
}

void DataPage::onHeadRead(const QString& key)
{
    Card* found = card(key);
    orderTabs(); // the roles came with the head
    if (found) Q_EMIT headRead(key);
    if (!found || !found->preview->head()) {
        if (found) found->reasons->hide();
        return;
    }
    if (!found->guessing) return; // a file that was opened says what it means
    found->guessing = false;
    const DataSuggestion guess = suggestFor(*found->preview->head());
    found->reasons->setText(guess.reasons.join(u' '));
    found->reasons->setVisible(!guess.reasons.isEmpty());
    std::vector<Edit> edits{{key + QStringLiteral(".columns"), rolesJson(guess.roles)}};
    if (guess.scoreDivisor && document()->value(key + QStringLiteral(".score_divisor")).is_null()) {
        edits.push_back({key + QStringLiteral(".score_divisor"), *guess.scoreDivisor});
    }
    const bool noLoss = document()->value(key + QStringLiteral(".loss")).is_null();
    if (key.startsWith(QLatin1String("train")) && noLoss && !guess.loss.empty()) {
        edits.push_back({key + QStringLiteral(".loss"), Json{{"type", guess.loss}}});
    }
    document()->apply(tr("Guess Column Roles"), edits);
}

void DataPage::addFile(const QString& list, const QString& path)
{
    Json sets = document()->value(list);
    if (!sets.is_array()) sets = Json::array();
    const QString base = !path.isEmpty()                 ? QFileInfo(path).baseName()
                         : list == QLatin1String("eval") ? QStringLiteral("dev")
                                                         : list;
    QString name = base;
    const auto taken = [&] {
        return std::any_of(sets.begin(), sets.end(), [&](const Json& set) {
            return set.value("name", std::string()) == name.toStdString();
        });
    };
    for (int i = 2; taken(); ++i)
        name = QStringLiteral("%1-%2").arg(base).arg(i);
    sets.push_back(Json{{"name", name.toStdString()}, {"path", path.toStdString()}});
    document()->apply(tr("Add Data"), {{list, sets}});
    ensureBuilt();
    const QString key = setKey(list, static_cast<int>(sets.size()) - 1);
    if (Card* added = card(key)) added->guessing = true;
    reveal(key + QStringLiteral(".path"));
}

void DataPage::removeSet(const QString& list, int index)
{
    Json sets = document()->value(list);
    if (!sets.is_array() || index >= static_cast<int>(sets.size())) return;
    sets.erase(static_cast<std::size_t>(index));
    document()->apply(tr("Remove Data"), {{list, sets}});
}

} // namespace studio
