#include "ui/designer/modelfacts.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocale>

namespace studio {

namespace {

constexpr qint64 kLargestConfig = 4 << 20; // a configuration is a few kilobytes; refuse to swallow more

QString tr(const char* text)
{
    return QCoreApplication::translate("ModelFacts", text);
}

QJsonDocument readJson(const QString& path, QString* problem = nullptr)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) return {};
    if (file.size() > kLargestConfig) {
        if (problem) *problem = tr("%1 is too large for a configuration.").arg(path);
        return {};
    }
    QJsonParseError error;
    const auto document = QJsonDocument::fromJson(file.readAll(), &error);
    if (error.error != QJsonParseError::NoError && problem) {
        *problem =
            tr("%1 is not valid JSON (byte %2): %3.").arg(path).arg(error.offset).arg(error.errorString());
    }
    return document;
}

QString poolingOf(const QJsonObject& config)
{
    if (config.contains(QStringLiteral("pooling_mode")))
        return config[QStringLiteral("pooling_mode")].toString();
    static constexpr const char* modes[][2] = {
        {"pooling_mode_cls_token", "cls"},
        {"pooling_mode_mean_tokens", "mean"},
        {"pooling_mode_max_tokens", "max"},
        {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
        {"pooling_mode_weightedmean_tokens", "weightedmean"},
        {"pooling_mode_lasttoken", "lasttoken"},
    };
    QStringList on;
    for (const auto& mode : modes) {
        if (config[QLatin1String(mode[0])].toBool()) on << QLatin1String(mode[1]);
    }
    return on.join(QStringLiteral(" + "));
}

} // namespace

ModelFacts readModelFacts(const QString& folder)
{
    ModelFacts facts;
    const QDir root(folder);
    if (folder.isEmpty() || !root.exists()) return facts;

    QString transformer = folder;
    QString poolingFolder;
    const auto modules = readJson(root.filePath(QStringLiteral("modules.json")), &facts.problem);
    for (const QJsonValue& module : modules.array()) {
        const QString type = module[QStringLiteral("type")].toString().section(u'.', -1);
        const QString path = root.filePath(module[QStringLiteral("path")].toString());
        facts.modules << type;
        if (type == QLatin1String("Transformer")) transformer = path;
        if (type == QLatin1String("Pooling")) poolingFolder = path;
    }
    const QDir inner(transformer);
    const QJsonObject config =
        readJson(inner.filePath(QStringLiteral("config.json")), &facts.problem).object();
    if (config.isEmpty()) {
        if (facts.problem.isEmpty()) facts.problem = tr("There is no config.json in %1.").arg(transformer);
        return facts;
    }
    facts.found = true;
    facts.transformerFolder = transformer;
    const auto number = [&](const char* key) { return config[QLatin1String(key)].toInt(); };
    facts.architecture = config[QStringLiteral("architectures")].toArray().at(0).toString(
        config[QStringLiteral("model_type")].toString());
    facts.layers = number("num_hidden_layers");
    facts.hiddenSize = number("hidden_size");
    facts.heads = number("num_attention_heads");
    facts.vocabulary = number("vocab_size");
    facts.maxPositions = number("max_position_embeddings");

    const auto sentence = readJson(inner.filePath(QStringLiteral("sentence_bert_config.json"))).object();
    facts.maxSeqLength = sentence[QStringLiteral("max_seq_length")].toInt(facts.maxPositions);
    facts.lowerCaseFirst = sentence[QStringLiteral("do_lower_case")].toBool();
    const auto pooling = readJson(QDir(poolingFolder).filePath(QStringLiteral("config.json"))).object();
    facts.pooling = poolingFolder.isEmpty() ? tr("mean (the folder names none)") : poolingOf(pooling);
    facts.dimension = pooling[QStringLiteral("word_embedding_dimension")].toInt(facts.hiddenSize);
    const auto whole = readJson(root.filePath(QStringLiteral("config_sentence_transformers.json"))).object();
    facts.similarity = whole[QStringLiteral("similarity_fn_name")].toString();
    for (const auto* name : {"model.safetensors", "pytorch_model.bin"}) {
        const QFileInfo file(inner.filePath(QLatin1String(name)));
        if (file.exists()) {
            facts.weightBytes = file.size();
            break;
        }
    }
    if (facts.weightBytes == 0) facts.problem = tr("There is no model.safetensors in %1.").arg(transformer);
    return facts;
}

QList<QPair<QString, QString>> ModelFacts::lines() const
{
    const QLocale locale;
    QList<QPair<QString, QString>> lines;
    lines << qMakePair(tr("Architecture"), architecture);
    lines << qMakePair(tr("Layers"),
                       tr("%1, %2 heads, hidden size %3").arg(layers).arg(heads).arg(hiddenSize));
    lines << qMakePair(tr("Embedding"), tr("%1 dimensions").arg(dimension));
    lines << qMakePair(tr("Longest input"),
                       tr("%1 tokens (%2 positions)").arg(maxSeqLength).arg(maxPositions));
    lines << qMakePair(tr("Vocabulary"), tr("%1 tokens").arg(locale.toString(vocabulary)));
    lines << qMakePair(tr("Pooling"), pooling);
    lines << qMakePair(tr("Similarity"),
                       similarity.isEmpty() ? tr("cosine (the folder names none)") : similarity);
    if (!modules.isEmpty()) lines << qMakePair(tr("Modules"), modules.join(QStringLiteral(" → ")));
    if (weightBytes > 0) lines << qMakePair(tr("Weights"), locale.formattedDataSize(weightBytes));
    return lines;
}

} // namespace studio
