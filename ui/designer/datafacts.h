#pragma once

#include "ui/designer/datatruth.h"

#include <QHash>
#include <QObject>
#include <QSet>
#include <QString>
#include <QThreadPool>

#include <atomic>
#include <memory>

namespace studio {

/// What whole data sets are like, found out in a worker and remembered by path, size, time of change, roles
/// and tokenizer. Shared by the data page and lint. Lives on the GUI thread.
class DataFacts : public QObject
{
    Q_OBJECT

public:
    explicit DataFacts(QObject* parent = nullptr);
    ~DataFacts() override;

    /// The question about one set of an experiment with absolute paths; `list` is "train", "eval" or "test".
    DataQuestion question(const Experiment& experiment, const QString& list, int index);
    /// Where the model cuts when the experiment does not say; 0: unknown.
    int modelLimit(const Experiment& experiment);
    int modelPositions(const Experiment& experiment);

    /// Null while it is not known.
    std::shared_ptr<const DataTruth> find(const DataQuestion& question) const;
    bool isRunning(const DataQuestion& question) const;
    void request(const DataQuestion& question);
    /// Whether the files are small enough to be read without being asked to.
    static bool isQuick(const DataQuestion& question);

    static constexpr qint64 kQuickBytes = 48 << 20;

Q_SIGNALS:
    void found();

private:
    void readModel(const Experiment& experiment);
    static QString fingerprint(const DataQuestion& question);

    QThreadPool m_pool;
    /// Of the newest question about each data set: an older one is given up, its answer would be out of date.
    QHash<QString, std::shared_ptr<std::atomic<bool>>> m_cancel;
    QHash<QString, std::shared_ptr<const DataTruth>> m_known;
    QSet<QString> m_running;
    QString m_model;
    QString m_tokenizer;
    bool m_lowerCase = false;
    int m_limit = 0;
    int m_positions = 0;
};

} // namespace studio
