#include "session/runnotes.h"

#include "core/files/durablefile.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMap>

namespace studio {
namespace {

const QString kFormat = QStringLiteral("sentence-studio/run-notes");

} // namespace

RunNotes::RunNotes(const QString& file, QObject* parent) : QObject(parent), m_file(file)
{
    read();
}

void RunNotes::read()
{
    QFile file(m_file);
    if (!file.exists()) return;
    if (!file.open(QIODevice::ReadOnly)) {
        m_problem = tr("Cannot read %1: %2. Tags and notes are missing.").arg(m_file, file.errorString());
        return;
    }
    QJsonParseError error;
    const auto root = QJsonDocument::fromJson(file.readAll(), &error).object();
    if (root.value(QStringLiteral("format")).toString() != kFormat) {
        file.close();
        const QString kept = m_file + QStringLiteral(".damaged");
        QFile::remove(kept);
        QFile::rename(m_file, kept);
        m_problem = tr("The file of tags and notes is damaged (%1); it is kept as %2.").arg(error.errorString(), kept);
        return;
    }
    m_notes.clear();
    const auto runs = root.value(QStringLiteral("runs")).toObject();
    for (auto run = runs.begin(); run != runs.end(); ++run) {
        const auto said = run.value().toObject();
        RunNote note;
        for (const auto& tag : said.value(QStringLiteral("tags")).toArray())
            note.tags << tag.toString();
        note.text = said.value(QStringLiteral("notes")).toString();
        note.pinned = said.value(QStringLiteral("pinned")).toBool();
        note.archived = said.value(QStringLiteral("archived")).toBool();
        m_notes.insert(run.key(), note);
    }
}

Status RunNotes::write() const
{
    QJsonObject runs;
    for (auto note = m_notes.begin(); note != m_notes.end(); ++note) {
        QJsonObject said;
        if (!note->tags.isEmpty()) said.insert(QStringLiteral("tags"), QJsonArray::fromStringList(note->tags));
        if (!note->text.isEmpty()) said.insert(QStringLiteral("notes"), note->text);
        if (note->pinned) said.insert(QStringLiteral("pinned"), true);
        if (note->archived) said.insert(QStringLiteral("archived"), true);
        runs.insert(note.key(), said);
    }
    const QJsonObject root{
        {QStringLiteral("format"), kFormat}, {QStringLiteral("version"), 1}, {QStringLiteral("runs"), runs}};
    QDir().mkpath(QFileInfo(m_file).absolutePath());
    const QByteArray text = QJsonDocument(root).toJson();
    return writeFileDurably(m_file.toStdString(), std::string_view(text.constData(), static_cast<std::size_t>(text.size())));
}

Status RunNotes::set(const QString& folder, const RunNote& note)
{
    if (note == of(folder)) return {};
    read();
    if (note.isEmpty()) m_notes.remove(folder);
    else m_notes.insert(folder, note);
    const Status written = write();
    Q_EMIT changed(folder);
    return written;
}

QStringList RunNotes::allTags() const
{
    QMap<QString, bool> tags;
    for (const RunNote& note : m_notes)
        for (const QString& tag : note.tags)
            tags.insert(tag, true);
    return tags.keys();
}

} // namespace studio
