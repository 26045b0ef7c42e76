#include "ui/playground/twomodels.h"

#include "session/embeddingworker.h"

#include <QLocale>

#include <algorithm>

namespace studio {

TwoModels::TwoModels(QObject* parent) : QObject(parent), m_worker(new EmbeddingWorker(this))
{
    connect(m_worker, &EmbeddingWorker::embedded, this, &TwoModels::take);
    connect(m_worker, &EmbeddingWorker::busyChanged, this, &TwoModels::busyChanged);
    connect(m_worker, &EmbeddingWorker::failed, this, [this](quint64 number, const QString& sentence) {
        std::erase_if(m_requests, [&](const Request& one) { return one.leftNumber == number || one.rightNumber == number; });
        Q_EMIT told(sentence);
    });
    connect(m_worker, &EmbeddingWorker::progressed, this, [this](quint64, qint64 done, qint64 total) {
        Q_EMIT told(tr("Embedding %1 of %2 texts…").arg(QLocale().toString(done), QLocale().toString(total)));
    });
}

void TwoModels::setModels(const QString& left, const QString& right)
{
    if (left == m_left && right == m_right) return;
    m_left = left;
    m_right = right;
    Q_EMIT modelsChanged();
}

bool TwoModels::isBusy() const
{
    return m_worker->isBusy();
}

void TwoModels::cancel()
{
    m_worker->cancel();
    m_requests.clear();
    Q_EMIT told({});
}

void TwoModels::embed(const QObject* asker, std::vector<std::string> texts, const Answer& answer)
{
    if (!m_blocked.isEmpty()) {
        Q_EMIT told(m_blocked);
        return;
    }
    if (m_left.isEmpty()) {
        Q_EMIT told(tr("Choose a model first."));
        return;
    }
    if (texts.empty()) return;
    std::erase_if(m_requests, [&](const Request& one) { return one.asker == asker; });
    Request request;
    request.asker = asker;
    request.answer = answer;
    request.leftNumber = m_worker->embed(m_left, texts);
    if (!m_right.isEmpty()) request.rightNumber = m_worker->embed(m_right, std::move(texts));
    m_requests.push_back(std::move(request));
}

void TwoModels::take(quint64 number, const Vectors& vectors)
{
    const auto found = std::find_if(m_requests.begin(), m_requests.end(), [&](const Request& one) {
        return one.leftNumber == number || one.rightNumber == number;
    });
    if (found == m_requests.end()) return;
    (found->leftNumber == number ? found->left : found->right) = vectors;
    if (!found->left || (found->rightNumber > 0 && !found->right)) return;
    const Request done = std::move(*found);
    m_requests.erase(found);
    Q_EMIT told({});
    done.answer(done.left, done.right);
}

} // namespace studio
