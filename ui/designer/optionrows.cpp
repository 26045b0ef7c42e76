#include "ui/designer/optionrows.h"

#include "ui/designer/formrow.h"
#include "ui/designer/optioneditor.h"
#include "ui/widgets/fieldeditor.h"

#include <QHash>
#include <QString>
#include <QStringList>

namespace studio {

namespace {

/// "mini_batch_size" → "Mini batch size", "truncate_dim" → "Truncate dimension"
QString spoken(const std::string& name)
{
    static const QHash<QString, QString> words = {{QStringLiteral("fn"), QStringLiteral("function")},
                                                  {QStringLiteral("dim"), QStringLiteral("dimension")},
                                                  {QStringLiteral("dims"), QStringLiteral("dimensions")},
                                                  {QStringLiteral("csv"), QStringLiteral("CSV")},
                                                  {QStringLiteral("num"), QStringLiteral("number of")},
                                                  {QStringLiteral("fct"), QStringLiteral("function")},
                                                  {QStringLiteral("mrr"), QStringLiteral("MRR")},
                                                  {QStringLiteral("ndcg"), QStringLiteral("NDCG")},
                                                  {QStringLiteral("kl"), QStringLiteral("KL")},
                                                  {QStringLiteral("nan"), QStringLiteral("NaN")}};
    QStringList parts = QString::fromStdString(name).split(u'_', Qt::SkipEmptyParts);
    for (QString& part : parts)
        part = words.value(part, part);
    QString text = parts.join(u' ');
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text;
}

} // namespace

std::vector<FormRow*> makeOptionRows(ExperimentDocument* document, const std::vector<OptionInfo>& options,
                                     const QString& path)
{
    std::vector<FormRow*> rows;
    for (const OptionInfo& option : options) {
        FormRow::Texts texts;
        texts.label = spoken(option.name);
        texts.key = path + u'.' + QString::fromStdString(option.name);
        texts.shownKey = QString::fromStdString(option.name);
        texts.help = QString::fromStdString(option.help);
        rows.push_back(new FormRow(document, texts, makeOptionEditor(option)));
    }
    return rows;
}

Json withType(const Json& present, const std::string& type, const std::vector<OptionInfo>* options)
{
    Json object = present.is_object() ? present : Json::object();
    object["type"] = type;
    Json kept = Json::object();
    if (options && object.contains("options") && object["options"].is_object()) {
        for (const OptionInfo& option : *options) {
            if (object["options"].contains(option.name)) kept[option.name] = object["options"][option.name];
        }
    }
    object.erase("options");
    if (!kept.empty()) object["options"] = kept;
    return object;
}

} // namespace studio
