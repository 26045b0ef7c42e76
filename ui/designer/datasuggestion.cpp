#include "ui/designer/datasuggestion.h"

#include "data/roleguess.h"
#include "data/table.h"
#include "ui/widgets/numbertext.h"

#include <QCoreApplication>

#include <algorithm>
#include <set>

namespace studio {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("DataSuggestion", text);
}

QString named(const std::string& column)
{
    return u'“' + QString::fromStdString(column) + u'”';
}

/// What the values of a column look like in the rows read.
struct Look
{
    bool numeric = true;
    bool whole = true;
    bool vector = false;
    double low = 0;
    double high = 0;
    std::size_t different = 0;
    double meanLength = 0;
};

Look lookAt(const Table& head, int column)
{
    Look look;
    const Column& values = head.column(column);
    look.vector = values.kind() == ColumnKind::List;
    std::set<std::string> different;
    bool first = true;
    for (std::int64_t row = 0; row < values.rows(); ++row) {
        const std::string text = values.display(row);
        different.insert(text);
        look.meanLength += static_cast<double>(text.size()) / static_cast<double>(values.rows());
        const auto number = numberFromText(QString::fromStdString(text));
        if (!number) {
            look.numeric = false;
            continue;
        }
        look.whole = look.whole && *number == static_cast<double>(static_cast<std::int64_t>(*number));
        look.low = first ? *number : std::min(look.low, *number);
        look.high = first ? *number : std::max(look.high, *number);
        first = false;
    }
    look.numeric = look.numeric && values.rows() > 0 && !look.vector;
    look.different = different.size();
    return look;
}

} // namespace

bool isLabelRole(const std::string& role)
{
    return role == "label" || role == "labels" || role == "score" || role == "scores";
}

DataSuggestion suggestFor(const Table& head)
{
    DataSuggestion suggestion;
    const auto guesses = guessRoles(head);
    suggestion.roles = rolesOf(guesses);
    for (const RoleGuess& guess : guesses) {
        if (guess.role.empty()) continue;
        suggestion.reasons << tr("%1 is %2: %3.")
                                  .arg(named(guess.column), QString::fromStdString(guess.role),
                                       QString::fromStdString(guess.reason));
    }
    for (const auto& [role, column] : suggestion.roles) {
        const auto place = head.find(column);
        if (!isLabelRole(role) || role.rfind("score", 0) != 0 || !place) continue;
        const Look look = lookAt(head, *place);
        if (!look.numeric || look.high <= 1 || look.low < 0) continue;
        suggestion.scoreDivisor = look.high <= 5 ? 5 : look.high <= 10 ? 10 : 100;
        suggestion.reasons << tr("Scores run to %1: divided by %2 they lie between 0 and 1.")
                                  .arg(numberToText(look.high), numberToText(*suggestion.scoreDivisor));
    }
    const DataOffer offer = offerOf(suggestion.roles, &head);
    suggestion.loss = offer.inputs == 2 && offer.label == LabelKind::Float    ? "CosineSimilarityLoss"
                      : offer.inputs == 2 && offer.label == LabelKind::Binary ? "OnlineContrastiveLoss"
                      : offer.inputs == 2 && offer.label == LabelKind::Class  ? "SoftmaxLoss"
                      : offer.inputs == 1 && offer.label == LabelKind::Class  ? "BatchAllTripletLoss"
                      : offer.inputs == 1 && offer.label == LabelKind::Vector ? "MSELoss"
                      : offer.inputs == 1                                     ? "DenoisingAutoEncoderLoss"
                                          : "MultipleNegativesRankingLoss";
    return suggestion;
}

DataOffer offerOf(const std::vector<std::pair<std::string, std::string>>& roles, const Table* head)
{
    DataOffer offer;
    for (const auto& [role, column] : roles) {
        if (!isLabelRole(role)) {
            ++offer.inputs;
            continue;
        }
        offer.label = role.rfind("score", 0) == 0 ? LabelKind::Float : LabelKind::Class;
        const auto place = head ? head->find(column) : std::nullopt;
        if (!place) continue;
        const Look look = lookAt(*head, *place);
        if (look.vector) {
            offer.label = LabelKind::Vector;
        } else if (!look.numeric) {
            offer.label = LabelKind::Class;
        } else if (!look.whole) {
            offer.label = LabelKind::Float;
        } else if (role.rfind("label", 0) == 0) {
            offer.label = look.low >= 0 && look.high <= 1 ? LabelKind::Binary : LabelKind::Class;
        }
    }
    return offer;
}

QString misfit(const LossInfo& loss, const DataOffer& offer)
{
    const DataShape& shape = loss.shape;
    if (offer.inputs < shape.minColumns) {
        return tr("Needs %1 input columns, the data has %2.").arg(shape.minColumns).arg(offer.inputs);
    }
    if (shape.maxColumns > 0 && offer.inputs > shape.maxColumns) {
        return tr("Takes %1 input columns, the data has %2. Set one to “not used”.")
            .arg(shape.maxColumns)
            .arg(offer.inputs);
    }
    const bool numbers = offer.label == LabelKind::Float || offer.label == LabelKind::Binary;
    switch (shape.label) {
    case LabelKind::None:
    case LabelKind::Optional:
        return {};
    case LabelKind::Float:
        return numbers || offer.label == LabelKind::Class ? QString() : tr("Needs a column of scores.");
    case LabelKind::Binary:
        return offer.label == LabelKind::Binary ? QString() : tr("Needs a label column of 0 and 1.");
    case LabelKind::Class:
        return offer.label == LabelKind::Class || offer.label == LabelKind::Binary
                   ? QString()
                   : tr("Needs a label column of classes.");
    case LabelKind::Vector:
        return offer.label == LabelKind::Vector
                   ? QString()
                   : tr("Needs a label column of vectors (a teacher's embeddings).");
    case LabelKind::Scores:
        return numbers || offer.label == LabelKind::Vector || offer.label == LabelKind::Class
                   ? QString()
                   : tr("Needs a column of teacher scores.");
    }
    return {};
}

QString offerText(const DataOffer& offer)
{
    const QString inputs = offer.inputs == 1   ? tr("single texts")
                           : offer.inputs == 2 ? tr("pairs")
                           : offer.inputs == 3 ? tr("triplets")
                                               : tr("groups of %1 texts").arg(offer.inputs);
    switch (offer.label) {
    case LabelKind::Float:
        return tr("%1 with a score").arg(inputs);
    case LabelKind::Binary:
        return tr("%1 with a label of 0 or 1").arg(inputs);
    case LabelKind::Class:
        return tr("%1 with a class").arg(inputs);
    case LabelKind::Vector:
        return tr("%1 with a vector").arg(inputs);
    default:
        return inputs;
    }
}

} // namespace studio
