#pragma once

#include "core/engine_api.h"

#include <QObject>
#include <QString>
#include <QThreadPool>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace studio {

/// Embeds texts in a thread of its own through the engine, one request after the other. It lives on the GUI thread and
/// speaks signals there. The engine takes one call at a time: while a training runs, leave it alone.
class EmbeddingWorker : public QObject
{
    Q_OBJECT

public:
    explicit EmbeddingWorker(QObject* parent = nullptr);
    ~EmbeddingWorker() override;

    /// Embeds the texts with the model of that folder; the number comes back with the answer. Vectors are divided by
    /// their length.
    quint64 embed(const QString& modelFolder, std::vector<std::string> texts);
    /// Gives up everything that has been asked for.
    void cancel();
    bool isBusy() const { return m_waiting > 0; }

Q_SIGNALS:
    void progressed(quint64 number, qint64 done, qint64 total);
    void embedded(quint64 number, std::shared_ptr<const studio::Embeddings> embeddings);
    void failed(quint64 number, const QString& sentence);
    void busyChanged(bool busy);

private:
    void answer(quint64 number, std::shared_ptr<const Embeddings> embeddings, const QString& problem);

    QThreadPool m_pool; ///< of one thread
    std::shared_ptr<std::atomic<quint64>> m_cancelledUpTo;
    quint64 m_last = 0;
    int m_waiting = 0;
};

} // namespace studio
