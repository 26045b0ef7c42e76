#include "session/runbundle.h"

#include "core/files/durablefile.h"
#include "core/records/events.h"
#include "core/records/runreader.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>

namespace studio {
namespace {

const QString kFormat = QStringLiteral("sentence-studio/run-bundle");
constexpr qint64 kMostBytes = qint64(512) << 20;
const char* const kFiles[] = {"experiment.json", "plan.json", "environment.json", "state.json", "events.jsonl", "steps.bin"};

Error problem(ErrorCode code, const QString& sentence, const QString& where)
{
    return {code, sentence.toStdString(), where.toStdString()};
}

/// A name of ours: one of the files, or a CSV file of eval/.
bool isKnownName(const QString& name)
{
    for (const char* file : kFiles)
        if (name == QLatin1String(file)) return true;
    const QString inside = name.section(u'/', 1);
    return name.startsWith(QLatin1String("eval/")) && inside.endsWith(QLatin1String(".csv")) && !inside.contains(u'/') &&
           !inside.startsWith(u'.');
}

} // namespace

Status writeBundle(const QString& runFolder, const QString& path)
{
    QJsonObject files;
    qint64 bytes = 0;
    const auto add = [&](const QString& name) {
        QFile file(runFolder + u'/' + name);
        if (!file.open(QIODevice::ReadOnly)) return;
        const QByteArray contents = file.readAll();
        bytes += contents.size();
        files.insert(name, QString::fromLatin1(qCompress(contents).toBase64()));
    };
    const RunData run = readAnyRun(runFolder.toStdString());
    if (run.summary.foreign) {
        QByteArray events;
        for (const Event& event : run.events)
            events += QByteArray::fromStdString(eventToJsonLine(event)) + '\n';
        RunStatus status = run.summary.status;
        const auto put = [&](const char* name, const QByteArray& contents) {
            files.insert(QLatin1String(name), QString::fromLatin1(qCompress(contents).toBase64()));
        };
        put("events.jsonl", events);
        put("state.json", QByteArray::fromStdString(runStatusToJson(status)));
        put("experiment.json", QByteArray::fromStdString(run.experimentJson));
    } else {
        for (const char* name : kFiles)
            add(QLatin1String(name));
        for (const QString& name : QDir(runFolder + QStringLiteral("/eval")).entryList({QStringLiteral("*.csv")}, QDir::Files))
            add(QStringLiteral("eval/") + name);
    }
    if (files.isEmpty())
        return problem(ErrorCode::NotFound, QStringLiteral("%1 holds nothing of a run. Choose another.").arg(runFolder), runFolder);
    if (bytes > kMostBytes)
        return problem(ErrorCode::Unsupported, QStringLiteral("The run has %1 MiB of records; a bundle takes at most 512 MiB. Copy its folder instead.").arg(bytes >> 20), runFolder);
    const QJsonObject root{{QStringLiteral("format"), kFormat},
                           {QStringLiteral("version"), 1},
                           {QStringLiteral("run"), QFileInfo(runFolder).fileName()},
                           {QStringLiteral("files"), files}};
    const QByteArray text = QJsonDocument(root).toJson(QJsonDocument::Compact);
    return writeFileDurably(path.toStdString(), std::string_view(text.constData(), static_cast<std::size_t>(text.size())));
}

Result<QString> openBundle(const QString& path, const QString& folder)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return problem(ErrorCode::NotFound, QStringLiteral("Cannot read %1: %2.").arg(path, file.errorString()), path);
    if (file.size() > 2 * kMostBytes)
        return problem(ErrorCode::Malformed, QStringLiteral("%1 is too large for a bundle.").arg(path), path);
    const auto root = QJsonDocument::fromJson(file.readAll()).object();
    if (root.value(QStringLiteral("format")).toString() != kFormat)
        return problem(ErrorCode::Malformed, QStringLiteral("%1 is no bundle of a run, or a damaged one. Export it again.").arg(path), path);
    if (root.value(QStringLiteral("version")).toInt() != 1)
        return problem(ErrorCode::Unsupported, QStringLiteral("%1 is of a newer program. Use that one to open it.").arg(path), path);
    const auto files = root.value(QStringLiteral("files")).toObject();
    for (const QString& name : files.keys()) {
        if (!isKnownName(name))
            return problem(ErrorCode::Malformed, QStringLiteral("%1 holds a file that belongs to no run: %2.").arg(path, name), path);
    }
    const QString target = folder + u'/' + QFileInfo(path).completeBaseName();
    if (QFileInfo::exists(target)) return target; // opened before
    QDir().mkpath(target + QStringLiteral("/eval"));
    for (auto entry = files.begin(); entry != files.end(); ++entry) {
        const QByteArray packed = QByteArray::fromBase64(entry.value().toString().toLatin1());
        // The first four bytes tell the size: a small file may not ask for gigabytes.
        quint32 size = 0;
        for (int i = 0; i < 4 && i < packed.size(); ++i)
            size = size << 8 | static_cast<quint8>(packed[i]);
        const QByteArray contents = packed.size() < 4 || size > kMostBytes ? QByteArray() : qUncompress(packed);
        QFile out(target + u'/' + entry.key());
        if (!out.open(QIODevice::WriteOnly) || out.write(contents) != contents.size())
            return problem(ErrorCode::NotWritable, QStringLiteral("Cannot write %1: %2.").arg(out.fileName(), out.errorString()), out.fileName());
        out.setPermissions(QFile::ReadOwner | QFile::ReadGroup);
    }
    return target;
}

} // namespace studio
