#pragma once

#include <QList>
#include <QPair>
#include <QString>

namespace studio {

/// What the files of a model folder tell without loading the model (config.json, modules.json and their
/// neighbours).
struct ModelFacts
{
    bool found = false;
    QString problem;             ///< why not, or what is odd; empty when all is well
    QString transformerFolder;   ///< with the tokenizer
    bool lowerCaseFirst = false; ///< do_lower_case of sentence_bert_config.json
    QString architecture;
    int layers = 0;
    int hiddenSize = 0;
    int heads = 0;
    int vocabulary = 0;
    int maxPositions = 0;
    int maxSeqLength = 0;
    int dimension = 0;
    QString pooling;
    QString similarity;
    QStringList modules;
    qint64 weightBytes = 0;

    /// Label and value, for showing.
    QList<QPair<QString, QString>> lines() const;
};

ModelFacts readModelFacts(const QString& folder);

} // namespace studio
