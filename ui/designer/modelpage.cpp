#include "ui/designer/modelpage.h"

#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/designer/modelfacts.h"
#include "ui/widgets/choicefield.h"
#include "ui/widgets/numberfield.h"
#include "ui/widgets/pathfield.h"
#include "ui/widgets/textfield.h"

#include <QFormLayout>
#include <QFrame>
#include <QLabel>
#include <QVBoxLayout>

namespace studio {

ModelPage::ModelPage(ExperimentDocument* document, QWidget* parent)
    : FormPage(document, QStringLiteral("model"), tr("Model"), parent)
{}

bool ModelPage::owns(const QString& key) const
{
    return key == QLatin1String("name") || key == QLatin1String("notes") ||
           key.startsWith(QLatin1String("model"));
}

void ModelPage::build()
{
    addHeader(
        tr("The model to start from and what to change in it. Its folder holds config.json, a tokenizer and "
           "weights, as sentence-transformers or transformers save it."));

    auto* name = new TextField;
    name->setPlaceholder(tr("What this experiment is called"));
    addRow(new FormRow(
        document(),
        {tr("Experiment name"), QStringLiteral("name"), tr("Names the run folder and the charts.")}, name));
    auto* notes = new TextField;
    notes->setNullable(true);
    notes->setPlaceholder(tr("What you want to find out"));
    addRow(new FormRow(document(),
                       {tr("Notes"), QStringLiteral("notes"), tr("For yourself; kept in the file.")}, notes));

    auto* path = new PathField(PathField::Mode::Folder);
    path->setPlaceholder(tr("Type, drop or choose a folder"));
    addRow(new FormRow(document(),
                       {tr("Model folder"), QStringLiteral("model.path"),
                        tr("A folder on this computer. ${cache} stands for the program's cache, where "
                           "the sample model lies.")},
                       path));

    m_facts = new QFrame;
    m_facts->setFrameShape(QFrame::StyledPanel);
    m_facts->setObjectName(QStringLiteral("modelFacts"));
    m_factLines = new QFormLayout(m_facts);
    m_factLines->setContentsMargins(12, 8, 12, 8);
    m_factLines->setVerticalSpacing(3);
    column()->addWidget(m_facts);

    addSection(tr("Changes to the model"), tr("Left empty, each keeps what the folder says."));
    m_length = new NumberField(NumberField::Kind::Whole);
    m_length->setNullable(true);
    m_length->setUnit(tr("tokens"));
    m_length->setRange(1, std::nullopt);
    addRow(new FormRow(document(),
                       {tr("Longest input"), QStringLiteral("model.max_seq_length"),
                        tr("Texts are cut after so many tokens. Shorter is faster; what is cut off is not "
                           "learned from.")},
                       m_length));
    auto* pooling = new ChoiceField;
    pooling->setChoices(
        {{QStringLiteral("mean"), {}, tr("Average of all token vectors: the usual choice.")},
         {QStringLiteral("cls"), {}, tr("Vector of the first token.")},
         {QStringLiteral("max"), {}, tr("Largest value of each dimension over the tokens.")},
         {QStringLiteral("mean_sqrt_len_tokens"), {}, tr("Sum divided by the root of the length.")},
         {QStringLiteral("weightedmean"), {}, tr("Average that weighs later tokens more.")},
         {QStringLiteral("lasttoken"), {}, tr("Vector of the last token: for decoder models.")}});
    pooling->setNullable(tr("As the model says"));
    addRow(new FormRow(document(),
                       {tr("Pooling"), QStringLiteral("model.pooling"),
                        tr("How token vectors become one vector for the text.")},
                       pooling));
    auto* similarity = new ChoiceField;
    similarity->setChoices({{QStringLiteral("cosine"), {}, tr("Angle between the vectors.")},
                            {QStringLiteral("dot"), {}, tr("Dot product: length counts too.")},
                            {QStringLiteral("euclidean"), {}, tr("Negative straight-line distance.")},
                            {QStringLiteral("manhattan"), {}, tr("Negative sum of differences.")}});
    similarity->setNullable(tr("As the model says"));
    addRow(new FormRow(document(),
                       {tr("Similarity"), QStringLiteral("model.similarity"),
                        tr("How two embeddings are compared when the trained model is used.")},
                       similarity));
    m_dimensions = new NumberField(NumberField::Kind::Whole);
    m_dimensions->setNullable(true);
    m_dimensions->setRange(1, std::nullopt);
    addRow(new FormRow(document(),
                       {tr("Dimensions kept"), QStringLiteral("model.truncate_dim"),
                        tr("Embeddings are cut to the first so many dimensions: smaller and faster, for "
                           "models trained for it (Matryoshka).")},
                       m_dimensions));
    auto* dropout = new NumberField(NumberField::Kind::Real);
    dropout->setNullable(true);
    dropout->setPlaceholder(tr("as the model says"));
    dropout->setRange(0, 1);
    addRow(new FormRow(document(),
                       {tr("Dropout"), QStringLiteral("model.dropout"),
                        tr("Replaces every dropout probability of the encoder. 0 makes runs comparable "
                           "step by step; 0.1 is usual.")},
                       dropout));
    showFacts();
}

void ModelPage::refresh(const QString& key)
{
    FormPage::refresh(key);
    if (isBuilt() && (key.isEmpty() || key == QLatin1String("model.path"))) showFacts();
}

void ModelPage::showFacts()
{
    if (auto* path = row(QStringLiteral("model.path"))) {
        static_cast<PathField*>(path->editor())->setBaseFolder(document()->baseFolder());
    }
    const QString folder = QString::fromStdString(document()->resolved().model.path);
    if (folder == m_shownFolder && !folder.isEmpty()) return;
    m_shownFolder = folder;
    while (m_factLines->rowCount() > 0)
        m_factLines->removeRow(0);
    const ModelFacts facts = readModelFacts(folder);
    if (facts.found) {
        for (const auto& [label, value] : facts.lines()) {
            auto* text = new QLabel(value);
            text->setTextInteractionFlags(Qt::TextSelectableByMouse);
            text->setWordWrap(true);
            auto* what = new QLabel(label);
            what->setForegroundRole(QPalette::PlaceholderText);
            m_factLines->addRow(what, text);
        }
    }
    QString remark = facts.problem;
    if (!facts.found && remark.isEmpty()) {
        remark = folder.isEmpty() ? tr("No model is chosen yet.")
                                  : tr("There is no model in %1. Choose another folder above; the sample "
                                       "model is fetched by the "
                                       "program ./run of this project when the network is there.")
                                        .arg(folder);
    }
    if (!remark.isEmpty()) {
        auto* text = new QLabel(remark);
        text->setWordWrap(true);
        m_factLines->addRow(text);
    }
    m_length->setPlaceholder(facts.maxSeqLength > 0 ? tr("%1 (model)").arg(facts.maxSeqLength)
                                                    : tr("not set"));
    m_dimensions->setPlaceholder(facts.dimension > 0 ? tr("all %1").arg(facts.dimension) : tr("all"));
}

} // namespace studio
