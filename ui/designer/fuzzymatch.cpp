#include "ui/designer/fuzzymatch.h"

#include <QStringList>

namespace studio {

namespace {

QString folded(const QString& text)
{
    QString plain = text.toLower();
    for (QChar& c : plain) {
        if (c == u'_' || c == u'-' || c == u'.') c = u' ';
    }
    return plain;
}

bool startsWord(const QString& text, qsizetype at)
{
    return at == 0 || !text.at(at - 1).isLetterOrNumber();
}

} // namespace

int fuzzyScore(const QString& pattern, const QString& text, std::vector<int>* places)
{
    const QString wanted = folded(pattern).trimmed();
    const QString here = folded(text);
    if (wanted.isEmpty() || here.isEmpty()) return 0;
    const auto take = [&](qsizetype from, qsizetype count) {
        for (qsizetype i = 0; places && i < count; ++i)
            places->push_back(static_cast<int>(from + i));
    };
    if (const auto whole = here.indexOf(wanted); whole >= 0) {
        qsizetype best = whole;
        for (auto at = whole; at >= 0; at = here.indexOf(wanted, at + 1)) {
            if (startsWord(here, at)) {
                best = at;
                break;
            }
        }
        take(best, wanted.size());
        const bool complete = wanted.size() == here.size();
        return 1000 + (complete ? 500 : 0) + (startsWord(here, best) ? 300 : 0) -
               static_cast<int>(std::min<qsizetype>(best, 100));
    }
    // Every word somewhere, in any order.
    const QStringList words = wanted.split(u' ', Qt::SkipEmptyParts);
    if (words.size() > 1) {
        int sum = 0;
        bool all = true;
        std::vector<int> found;
        for (const QString& word : words) {
            const int score = fuzzyScore(word, text, places ? &found : nullptr);
            all = all && score >= 1000;
            sum += score;
        }
        if (all) {
            if (places) places->insert(places->end(), found.begin(), found.end());
            return 400 + sum / static_cast<int>(words.size()) / 4;
        }
    }
    // Letters in order: only for short texts, else everything is found everywhere.
    if (here.size() > 60) return 0;
    qsizetype at = 0;
    int gaps = 0;
    std::vector<int> letters;
    for (const QChar c : wanted) {
        if (c == u' ') continue;
        const auto next = here.indexOf(c, at);
        if (next < 0) return 0;
        if (!letters.empty() && next > at)
            gaps += startsWord(here, next) ? 1 : static_cast<int>(next - at) + 2;
        if (letters.empty() && !startsWord(here, next)) gaps += 4;
        letters.push_back(static_cast<int>(next));
        at = next + 1;
    }
    const int score = 300 - gaps * 12;
    if (score <= 0) return 0;
    if (places) places->insert(places->end(), letters.begin(), letters.end());
    return score;
}

} // namespace studio
