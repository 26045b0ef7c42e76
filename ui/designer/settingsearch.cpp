#include "ui/designer/settingsearch.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/setgroups.h"
#include "ui/designer/argumenteditor.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/fuzzymatch.h"

#include <QCoreApplication>

#include <algorithm>

namespace studio {

namespace {

struct Entry
{
    QString key;
    QString label;
    QString page;
    QString pageTitle;
    QString help;
    QStringList otherNames;
    bool secret = false;
};

QString tr(const char* text)
{
    return QCoreApplication::translate("SettingSearch", text);
}

std::vector<Entry> makeEntries()
{
    std::vector<Entry> entries;
    for (const Field& field : argumentFields()) {
        Entry entry;
        entry.key = toQString(field.key);
        entry.label = toQString(field.label);
        entry.help = toQString(field.help);
        entry.secret = field.type == FieldType::Secret;
        for (const auto alias : field.aliases)
            entry.otherNames << toQString(alias);
        for (const ArgumentPage& page : argumentPages()) {
            if (std::find(page.keys.begin(), page.keys.end(), field.key) == page.keys.end()) continue;
            entry.page = toQString(page.id);
            entry.pageTitle = toQString(page.label);
            break;
        }
        entries.push_back(std::move(entry));
    }
    struct Fixed
    {
        const char* key;
        const char* page;
        const char* pageTitle;
        const char* help;
    };
    static constexpr Fixed fixed[] = {
        {"name", "model", QT_TR_NOOP("Model"), QT_TR_NOOP("title of the experiment")},
        {"notes", "model", QT_TR_NOOP("Model"), QT_TR_NOOP("remarks description")},
        {"model.path", "model", QT_TR_NOOP("Model"),
         QT_TR_NOOP("base model checkpoint folder to start from")},
        {"model.max_seq_length", "model", QT_TR_NOOP("Model"),
         QT_TR_NOOP("truncate tokens maximum sequence length")},
        {"model.pooling", "model", QT_TR_NOOP("Model"), QT_TR_NOOP("mean cls max")},
        {"model.similarity", "model", QT_TR_NOOP("Model"), QT_TR_NOOP("cosine dot euclidean manhattan")},
        {"model.truncate_dim", "model", QT_TR_NOOP("Model"), QT_TR_NOOP("embedding dimensions matryoshka")},
        {"model.dropout", "model", QT_TR_NOOP("Model"), QT_TR_NOOP("regularisation")},
        {"train", "data", QT_TR_NOOP("Data"), QT_TR_NOOP("data set file csv columns roles")},
        {"eval", "data", QT_TR_NOOP("Data"), QT_TR_NOOP("validation dev data set file")},
        {"test", "data", QT_TR_NOOP("Data"), QT_TR_NOOP("test data set file measured once after training")},
        {"early_stopping.patience", "evaluation", QT_TR_NOOP("Evaluators"),
         QT_TR_NOOP("early stopping ends the run when nothing improves")},
        {"evaluators", "evaluation", QT_TR_NOOP("Evaluators"), QT_TR_NOOP("metrics spearman retrieval")},
        {"train[0].loss.type", "loss", QT_TR_NOOP("Loss"),
         QT_TR_NOOP("objective contrastive ranking cosine")},
    };
    for (const Fixed& one : fixed) {
        Entry entry;
        entry.key = QString::fromLatin1(one.key);
        entry.label = ExperimentDocument::labelOf(entry.key);
        entry.page = QString::fromLatin1(one.page);
        entry.pageTitle = tr(one.pageTitle);
        entry.help = tr(one.help);
        entries.push_back(std::move(entry));
    }
    return entries;
}

} // namespace

std::vector<SearchHit> searchSettings(const QString& text, const ExperimentDocument& document, int limit)
{
    static const std::vector<Entry> entries = makeEntries();
    std::vector<SearchHit> hits;
    for (const Entry& entry : entries) {
        SearchHit hit{entry.key, entry.label, entry.page, entry.pageTitle, 0, {}};
        hit.score = fuzzyScore(text, entry.label, &hit.labelPlaces) * 4;
        hit.score = std::max(hit.score, fuzzyScore(text, entry.key) * 4 - 1);
        for (const QString& other : entry.otherNames)
            hit.score = std::max(hit.score, fuzzyScore(text, other) * 3);
        hit.score = std::max(hit.score, fuzzyScore(text, entry.pageTitle + u' ' + entry.label) * 2);
        if (hit.score < 2000) {
            if (!entry.secret && text.size() > 1 &&
                readable(document.value(entry.key)).contains(text, Qt::CaseInsensitive)) {
                hit.score = std::max(hit.score, 1500);
            }
            hit.score = std::max(hit.score, fuzzyScore(text, entry.help));
        }
        if (hit.score > 0) hits.push_back(std::move(hit));
    }
    std::stable_sort(hits.begin(), hits.end(),
                     [](const SearchHit& a, const SearchHit& b) { return a.score > b.score; });
    if (static_cast<int>(hits.size()) > limit) hits.resize(static_cast<std::size_t>(limit));
    return hits;
}

} // namespace studio
