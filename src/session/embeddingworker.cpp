#include "session/embeddingworker.h"

#include <QMetaObject>

#include <algorithm>
#include <thread>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace studio {
namespace {

constexpr std::size_t kPiece = 128;
constexpr int kNiceness = 10;

/// Embeds piece by piece, so that a cancel is heard soon.
Result<Embeddings> embedAll(const QString& folder, const std::vector<std::string>& texts, const Progress& progress)
{
    const auto engine = loadEngine();
    if (!engine) return engine.error();
    EncodeOptions options;
    options.normalize = true;
    Embeddings all;
    all.values.reserve(texts.size() * 384);
    std::size_t next = 0;
    const auto pieces = [&]() -> Result<std::vector<std::string>> {
        const std::size_t end = std::min(next + kPiece, texts.size());
        std::vector<std::string> piece(texts.begin() + static_cast<std::ptrdiff_t>(next),
                                       texts.begin() + static_cast<std::ptrdiff_t>(end));
        next = end;
        return piece;
    };
    bool stopped = false;
    const auto take = [&](const std::vector<std::string>&, const Embeddings& piece) -> Status {
        all.rows += piece.rows;
        all.dim = piece.dim;
        all.values.insert(all.values.end(), piece.values.begin(), piece.values.end());
        stopped = !progress(all.rows, static_cast<std::int64_t>(texts.size()));
        if (stopped) return Error{ErrorCode::Busy, "Embedding was stopped.", {}};
        return {};
    };
    const Status done = (*engine)->encodeStream(folder.toStdString(), pieces, options, take,
                                                [&](std::int64_t, std::int64_t) { return !stopped; });
    if (!done) return done.error();
    return all;
}

} // namespace

EmbeddingWorker::EmbeddingWorker(QObject* parent)
    : QObject(parent), m_cancelledUpTo(std::make_shared<std::atomic<quint64>>(0))
{
    m_pool.setMaxThreadCount(1);
}

EmbeddingWorker::~EmbeddingWorker()
{
    *m_cancelledUpTo = m_last;
    m_pool.waitForDone();
}

quint64 EmbeddingWorker::embed(const QString& modelFolder, std::vector<std::string> texts)
{
    const quint64 number = ++m_last;
    if (m_waiting++ == 0) Q_EMIT busyChanged(true);
    auto wanted = std::make_shared<const std::vector<std::string>>(std::move(texts));
    m_pool.start([this, number, modelFolder, wanted, cancelled = m_cancelledUpTo] {
        // The window stays quick while both cores embed.
        setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness);
        QString problem;
        std::shared_ptr<const Embeddings> found;
        const auto goesOn = [&] { return number > *cancelled; };
        if (!goesOn()) {
            problem = QStringLiteral("Embedding was stopped.");
        } else {
            auto embeddings = embedAll(modelFolder, *wanted, [&](std::int64_t done, std::int64_t total) {
                QMetaObject::invokeMethod(this, [this, number, done, total] { Q_EMIT progressed(number, done, total); });
                return goesOn();
            });
            if (embeddings) found = std::make_shared<const Embeddings>(std::move(*embeddings));
            else problem = QString::fromStdString(embeddings.error().text());
        }
        // The destructor waits for this thread: `this` is alive here, and what is posted to it later is dropped.
        QMetaObject::invokeMethod(this, [this, number, found, problem] { answer(number, found, problem); });
    });
    return number;
}

void EmbeddingWorker::cancel()
{
    *m_cancelledUpTo = m_last;
}

void EmbeddingWorker::answer(quint64 number, std::shared_ptr<const Embeddings> embeddings, const QString& problem)
{
    if (--m_waiting == 0) Q_EMIT busyChanged(false);
    if (number <= *m_cancelledUpTo) return;
    if (embeddings) Q_EMIT embedded(number, embeddings);
    else Q_EMIT failed(number, problem);
}

} // namespace studio
