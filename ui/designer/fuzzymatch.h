#pragma once

#include <QString>

#include <vector>

namespace studio {

/// How well `pattern` is found in `text`; 0: not at all. Whole words and beginnings of words count most,
/// letters in order but scattered count least; blanks and underscores are alike. `places` receives the
/// matched characters.
int fuzzyScore(const QString& pattern, const QString& text, std::vector<int>* places = nullptr);

} // namespace studio
