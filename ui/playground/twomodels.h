#pragma once

#include "core/engine_api.h"

#include <QObject>
#include <QString>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace studio {

class EmbeddingWorker;

/// The two models of the playground, and embeddings of texts by both.
class TwoModels : public QObject
{
    Q_OBJECT

public:
    using Vectors = std::shared_ptr<const Embeddings>;
    /// Called on the GUI thread with the embeddings of the left and of the right model; the right ones are null when no
    /// second model is chosen.
    using Answer = std::function<void(Vectors left, Vectors right)>;

    explicit TwoModels(QObject* parent = nullptr);

    void setModels(const QString& left, const QString& right);
    const QString& left() const { return m_left; }
    const QString& right() const { return m_right; }
    /// While a training runs the engine is not free; the reason is shown then.
    void setBlocked(const QString& reason) { m_blocked = reason; }

    /// Embeds with both models in a worker. A later request of the same asker replaces an earlier one.
    void embed(const QObject* asker, std::vector<std::string> texts, const Answer& answer);
    bool isBusy() const;
    void cancel();

Q_SIGNALS:
    void modelsChanged();
    /// Something to say under the tabs; empty takes it back.
    void told(const QString& sentence);
    void busyChanged(bool busy);

private:
    struct Request
    {
        const QObject* asker = nullptr;
        quint64 leftNumber = 0, rightNumber = 0;
        Vectors left, right;
        Answer answer;
    };

    void take(quint64 number, const Vectors& vectors);

    EmbeddingWorker* m_worker;
    QString m_left, m_right, m_blocked;
    std::vector<Request> m_requests;
};

} // namespace studio
