#pragma once

#include <QString>

#include <vector>

namespace studio {

class ExperimentDocument;

/// A field found by the search.
struct SearchHit
{
    QString key;
    QString label;
    QString page; ///< id of the page that shows it first
    QString pageTitle;
    int score = 0;
    std::vector<int> labelPlaces; ///< matched characters of the label, for highlighting
};

/// Fields whose label, Python name, help, former names or present value match, best first; at most `limit`.
std::vector<SearchHit> searchSettings(const QString& text, const ExperimentDocument& document,
                                      int limit = 40);

} // namespace studio
