#include "ui/designer/losspage.h"

#include "core/catalog/catalog.h"
#include "data/table.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/designer/optionrows.h"
#include "ui/widgets/choicefield.h"

#include <QFrame>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

LossPage::LossPage(ExperimentDocument* document, QWidget* parent)
    : FormPage(document, QStringLiteral("loss"), tr("Loss"), parent)
{}

bool LossPage::owns(const QString& key) const
{
    return key.startsWith(QLatin1String("train[")) && key.contains(QLatin1String("].loss"));
}

void LossPage::build()
{
    addHeader(tr(
        "What the model is taught: a loss for each training set. Losses that do not fit the columns of the "
        "data are greyed out and say why."));
    m_empty = new QLabel(tr("There is no training data yet. Add a file under Data first."));
    m_empty->setForegroundRole(QPalette::PlaceholderText);
    column()->addWidget(m_empty);
    m_list = new QVBoxLayout;
    column()->addLayout(m_list);
    rebuild();
}

void LossPage::rebuild()
{
    for (Card& card : m_cards) {
        for (FormRow* row : card.optionRows)
            forgetRow(row);
        if (auto* type = row(card.key + QStringLiteral(".loss.type"))) forgetRow(type);
        card.frame->hide();
        card.frame->deleteLater();
    }
    m_cards.clear();
    m_sets = static_cast<int>(document()->experiment().train.size());
    m_empty->setVisible(m_sets == 0);
    for (int i = 0; i < m_sets; ++i) {
        Card card;
        card.key = QStringLiteral("train[%1]").arg(i);
        card.frame = new QFrame;
        card.frame->setFrameShape(QFrame::StyledPanel);
        card.column = new QVBoxLayout(card.frame);
        card.title = new QLabel;
        card.title->setTextFormat(Qt::RichText);
        card.column->addWidget(card.title);
        card.type = new ChoiceField;
        std::vector<ChoiceItem> losses;
        for (const LossInfo& loss : lossCatalog()) {
            losses.push_back({QString::fromStdString(loss.type), {}, QString::fromStdString(loss.summary)});
        }
        card.type->setChoices(losses);
        FormRow::Texts texts{
            tr("Loss"), card.key + QStringLiteral(".loss.type"),
            tr("How wrong embeddings are turned into a number that training makes smaller.")};
        texts.shownKey = QStringLiteral("type");
        auto* typeRow = addRow(new FormRow(document(), texts, card.type), card.column);
        typeRow->setCommit([this, key = card.key + QStringLiteral(".loss")](const Json& type) {
            const auto name = type.is_string() ? type.get<std::string>() : std::string();
            const LossInfo* info = findLoss(name);
            return document()->apply(
                tr("Loss"), {{key, withType(document()->value(key), name, info ? &info->options : nullptr)}});
        });
        card.options = new QVBoxLayout;
        card.column->addLayout(card.options);
        m_list->addWidget(card.frame);
        m_cards.push_back(card);
    }
    for (Card& card : m_cards)
        refreshCard(card);
}

void LossPage::refresh(const QString& key)
{
    if (!isBuilt()) return;
    if (static_cast<int>(document()->experiment().train.size()) != m_sets) rebuild();
    if (key.isEmpty() || key.startsWith(QLatin1String("train"))) {
        for (Card& card : m_cards)
            refreshCard(card);
    }
    FormPage::refresh(key);
}

void LossPage::setHead(const QString& setKey, const Table* head)
{
    const int index = setKey.mid(6).chopped(1).toInt();
    const auto& sets = document()->experiment().train;
    if (!setKey.startsWith(QLatin1String("train[")) || index >= static_cast<int>(sets.size())) return;
    std::erase_if(m_offers, [&](const auto& known) { return known.first == setKey; });
    if (head) {
        auto roles = sets[static_cast<std::size_t>(index)].columns;
        if (roles.empty()) {
            for (const std::string& name : head->names())
                roles.emplace_back(name, name);
        }
        m_offers.emplace_back(setKey, offerOf(roles, head));
    }
    if (!isBuilt()) return;
    for (Card& card : m_cards) {
        if (card.key == setKey) refreshCard(card);
    }
}

void LossPage::refreshCard(Card& card)
{
    const auto index = static_cast<std::size_t>(card.key.mid(6).chopped(1).toInt());
    const DataSpec& data = document()->experiment().train[index];
    DataOffer offer = offerOf(data.columns, nullptr);
    bool known = false;
    for (const auto& [key, found] : m_offers) {
        if (key != card.key) continue;
        known = true;
        offer.label = found.label;
        if (data.columns.empty()) offer = found;
    }
    const QString name =
        data.name.empty() ? tr("Training set %1").arg(index + 1) : QString::fromStdString(data.name);
    card.title->setText(
        QStringLiteral("<b>%1</b> — %2").arg(name.toHtmlEscaped(), offerText(offer).toHtmlEscaped()));
    for (const LossInfo& loss : lossCatalog()) {
        // Before the file is read, labels are known by their role only: judge the number of inputs, not the
        // label.
        QString reason;
        if (!data.columns.empty() || known) {
            LossInfo judged = loss;
            if (!known && offer.label != LabelKind::None) judged.shape.label = LabelKind::None;
            reason = misfit(judged, offer);
        }
        card.type->setChoiceEnabled(QString::fromStdString(loss.type), reason.isEmpty(), reason);
    }
    const std::string type = data.loss ? data.loss->type : std::string();
    if (type == card.shownType) return;
    card.shownType = type;
    for (FormRow* row : card.optionRows) {
        forgetRow(row);
        row->hide();
        row->deleteLater();
    }
    card.optionRows.clear();
    if (const LossInfo* info = findLoss(type)) {
        card.optionRows =
            makeOptionRows(document(), info->options, card.key + QStringLiteral(".loss.options"));
        for (FormRow* row : card.optionRows)
            addRow(row, card.options);
    }
}

} // namespace studio
