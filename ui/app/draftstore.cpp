#include "ui/app/draftstore.h"

#include "ui/designer/experimentdocument.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

namespace studio {

DraftStore::DraftStore(ExperimentDocument* document, const QString& folder, QObject* parent)
    : QObject(parent), m_document(document), m_folder(folder)
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(kDelay);
    connect(&m_timer, &QTimer::timeout, this, &DraftStore::writeNow);
    connect(document, &ExperimentDocument::changed, this, [this] { m_timer.start(); });
    connect(document, &ExperimentDocument::modifiedChanged, this, [this](bool modified) {
        if (!modified) clear();
    });
}

QString DraftStore::draftFile() const
{
    return QStringLiteral("%1/draft-%2.json").arg(m_folder).arg(QCoreApplication::applicationPid());
}

void DraftStore::writeNow()
{
    m_timer.stop();
    if (!m_document->isModified()) {
        clear();
        return;
    }
    if (!QDir().mkpath(m_folder)) return;
    QSaveFile file(draftFile());
    if (!file.open(QIODevice::WriteOnly)) return;
    const QJsonObject draft{{QStringLiteral("path"), m_document->filePath()},
                            {QStringLiteral("text"), m_document->toText()}};
    file.write(QJsonDocument(draft).toJson());
    file.commit();
}

void DraftStore::clear()
{
    m_timer.stop();
    QFile::remove(draftFile());
}

std::optional<DraftStore::Draft> DraftStore::abandoned() const
{
    const auto files =
        QDir(m_folder).entryInfoList({QStringLiteral("draft-*.json")}, QDir::Files, QDir::Time);
    for (const QFileInfo& info : files) {
        const QString process = info.baseName().mid(6);
        if (QFileInfo::exists(QStringLiteral("/proc/") + process)) continue; // another window is at work
        QFile file(info.filePath());
        if (!file.open(QIODevice::ReadOnly)) continue;
        const QJsonObject draft = QJsonDocument::fromJson(file.readAll()).object();
        if (draft.isEmpty()) continue;
        return Draft{info.filePath(), draft[QStringLiteral("path")].toString(),
                     draft[QStringLiteral("text")].toString()};
    }
    return std::nullopt;
}

void DraftStore::forget(const Draft& draft)
{
    QFile::remove(draft.file);
}

} // namespace studio
