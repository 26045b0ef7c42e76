#pragma once

#include "core/catalog/catalog.h"

#include <QStringList>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace studio {

class Table;

/// What the head of a file suggests: which column plays which role, and why.
struct DataSuggestion
{
    std::vector<std::pair<std::string, std::string>>
        roles; ///< role → column, inputs in order, the label last
    QStringList reasons;
    std::optional<double> scoreDivisor; ///< scores that run to 5, 10 or 100
    std::string loss;                   ///< the loss that fits this shape best
};

/// What a data set with these roles offers to a loss.
struct DataOffer
{
    int inputs = 0;
    LabelKind label = LabelKind::None;
};

DataSuggestion suggestFor(const Table& head);
DataOffer offerOf(const std::vector<std::pair<std::string, std::string>>& roles, const Table* head);

/// Why the loss does not fit; empty when it does.
QString misfit(const LossInfo& loss, const DataOffer& offer);

/// "pairs with a score", for headings.
QString offerText(const DataOffer& offer);

bool isLabelRole(const std::string& role);

} // namespace studio
