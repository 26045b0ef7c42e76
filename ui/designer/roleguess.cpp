#include "ui/designer/roleguess.h"

#include "data/table.h"
#include "ui/widgets/numbertext.h"

#include <QCoreApplication>

#include <algorithm>
#include <set>

namespace studio {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("RoleGuess", text);
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

std::string lowered(const std::string& name)
{
    return QString::fromStdString(name).toLower().trimmed().toStdString();
}

/// Names that belong together, in the order of the task; each place lists alternatives.
using Family = std::vector<std::vector<std::string>>;
const std::vector<Family>& families()
{
    static const std::vector<Family> all = {
        {{"anchor", "query", "question"}, {"positive", "answer", "passage", "document", "context", "response"}},
        {{"sentence1", "sentence_a", "sentence_1"}, {"sentence2", "sentence_b", "sentence_2"}},
        {{"premise"}, {"hypothesis"}},
        {{"text1", "text_a", "text_1"}, {"text2", "text_b", "text_2"}},
        {{"source", "english"}, {"target", "non_english"}},
        {{"title"}, {"body", "abstract", "text"}},
        {{"sentence", "text"}},
    };
    return all;
}

/// Input columns by their names, in order; empty when no family is complete.
std::vector<int> inputsByName(const Table& head)
{
    for (const Family& family : families()) {
        std::vector<int> found;
        for (const auto& names : family) {
            for (int c = 0; c < head.columns(); ++c) {
                if (std::find(names.begin(), names.end(), lowered(head.name(c))) != names.end()) {
                    found.push_back(c);
                    break;
                }
            }
        }
        if (found.size() != family.size()) continue;
        for (int c = 0; c < head.columns(); ++c) {
            const std::string name = lowered(head.name(c));
            if (name.rfind("negative", 0) == 0 || name.rfind("hard_negative", 0) == 0) found.push_back(c);
        }
        return found;
    }
    return {};
}

bool soundsLikeLabel(const std::string& name)
{
    static const std::set<std::string> names = {"label", "labels", "score", "scores", "similarity", "gold",
                                                "similarity_score", "relatedness_score", "class", "category",
                                                "is_duplicate", "gold_label", "rating"};
    return names.count(name) > 0;
}

bool soundsLikeId(const std::string& name)
{
    return name == "id" || name == "idx" || name == "index" || name == "split" || name == "genre" || name == "year" ||
           (name.size() > 3 && name.compare(name.size() - 3, 3, "_id") == 0);
}

} // namespace

bool isLabelRole(const std::string& role)
{
    return role == "label" || role == "labels" || role == "score" || role == "scores";
}

RoleGuess guessRoles(const Table& head)
{
    RoleGuess guess;
    std::vector<int> inputs;
    int label = -1;
    std::vector<Look> looks;
    for (int c = 0; c < head.columns(); ++c) {
        looks.push_back(lookAt(head, c));
        const std::string name = lowered(head.name(c));
        if (soundsLikeLabel(name)) {
            if (label < 0) label = c;
            continue;
        }
        if (soundsLikeId(name)) continue;
        if (!looks.back().numeric && !looks.back().vector) inputs.push_back(c);
    }
    if (label < 0) {
        for (int c = 0; c < head.columns() && label < 0; ++c) {
            const std::string name = lowered(head.name(c));
            if ((looks[static_cast<std::size_t>(c)].numeric || looks[static_cast<std::size_t>(c)].vector) &&
                !soundsLikeId(name)) {
                label = c;
                guess.reasons << tr("%1 is the label: the only column of numbers.").arg(named(head.name(c)));
            }
        }
    } else {
        guess.reasons << tr("%1 is the label by its name.").arg(named(head.name(label)));
    }
    const std::vector<int> known = inputsByName(head);
    const bool byName = !known.empty();
    if (byName) inputs = known;
    QStringList names;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        std::string role;
        if (inputs.size() == 1) {
            role = "sentence";
        } else if (inputs.size() == 2 && label >= 0) {
            role = i == 0 ? "sentence1" : "sentence2";
        } else if (i < 2) {
            role = i == 0 ? "anchor" : "positive";
        } else {
            role = inputs.size() == 3 ? "negative" : "negative_" + std::to_string(i - 1);
        }
        guess.roles.emplace_back(role, head.name(inputs[i]));
        names << named(head.name(inputs[i]));
    }
    if (!names.isEmpty()) {
        guess.reasons << (byName ? tr("Inputs %1 in this order, by their names.")
                                 : tr("Inputs %1: the columns of text, in file order. Check the order."))
                             .arg(names.join(tr(" then ")));
    }
    if (label >= 0) {
        const Look& look = looks[static_cast<std::size_t>(label)];
        const bool score = look.numeric && (!look.whole || look.high > 1) && inputs.size() == 2 &&
                           (look.different > 6 || !look.whole);
        guess.roles.emplace_back(score ? "score" : "label", head.name(label));
        if (score && look.high > 1 && look.low >= 0) {
            guess.scoreDivisor = look.high <= 5 ? 5 : look.high <= 10 ? 10 : 100;
            guess.reasons << tr("Scores run to %1: divided by %2 they lie between 0 and 1.")
                                 .arg(numberToText(look.high), numberToText(*guess.scoreDivisor));
        }
    }
    const DataOffer offer = offerOf(guess.roles, &head);
    guess.loss = offer.inputs == 2 && offer.label == LabelKind::Float    ? "CosineSimilarityLoss"
                 : offer.inputs == 2 && offer.label == LabelKind::Binary ? "OnlineContrastiveLoss"
                 : offer.inputs == 2 && offer.label == LabelKind::Class  ? "SoftmaxLoss"
                 : offer.inputs == 1 && offer.label == LabelKind::Class  ? "BatchAllTripletLoss"
                 : offer.inputs == 1                                     ? "DenoisingAutoEncoderLoss"
                                                                         : "MultipleNegativesRankingLoss";
    return guess;
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
        return tr("Takes %1 input columns, the data has %2. Set one to “not used”.").arg(shape.maxColumns).arg(offer.inputs);
    }
    const bool numbers = offer.label == LabelKind::Float || offer.label == LabelKind::Binary;
    switch (shape.label) {
    case LabelKind::None:
    case LabelKind::Optional: return {};
    case LabelKind::Float: return numbers || offer.label == LabelKind::Class ? QString() : tr("Needs a column of scores.");
    case LabelKind::Binary:
        return offer.label == LabelKind::Binary ? QString() : tr("Needs a label column of 0 and 1.");
    case LabelKind::Class:
        return offer.label == LabelKind::Class || offer.label == LabelKind::Binary
                   ? QString()
                   : tr("Needs a label column of classes.");
    case LabelKind::Vector:
        return offer.label == LabelKind::Vector ? QString() : tr("Needs a label column of vectors (a teacher's embeddings).");
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
    case LabelKind::Float: return tr("%1 with a score").arg(inputs);
    case LabelKind::Binary: return tr("%1 with a label of 0 or 1").arg(inputs);
    case LabelKind::Class: return tr("%1 with a class").arg(inputs);
    case LabelKind::Vector: return tr("%1 with a vector").arg(inputs);
    default: return inputs;
    }
}

} // namespace studio
