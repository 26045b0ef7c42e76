#include "session/runlibrary.h"

#include "core/files/filesystem.h"
#include "core/files/folders.h"
#include "session/experimentvalues.h"
#include "session/runmodel.h"
#include "session/runnotes.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QLocale>
#include <QPointer>
#include <QThreadPool>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

namespace studio {
namespace {

constexpr QLatin1String kMetricColumn("metric:");

QString pathText(const std::filesystem::path& path)
{
    return QString::fromStdString(path.string());
}

QString durationText(double seconds)
{
    const auto total = static_cast<qlonglong>(std::llround(std::clamp(seconds, 0.0, 1e9)));
    return QStringLiteral("%1:%2:%3")
        .arg(total / 3600)
        .arg(total / 60 % 60, 2, 10, QLatin1Char('0'))
        .arg(total % 60, 2, 10, QLatin1Char('0'));
}

std::optional<double> metricOf(const RunSummary& run, const QString& name)
{
    for (const auto& [key, value] : run.status.metrics)
        if (QLatin1String(key.c_str()) == name) return value;
    return std::nullopt;
}

} // namespace

RunLibrary::RunLibrary(QObject* parent) : QAbstractTableModel(parent) {}

RunLibrary::~RunLibrary() = default;

std::vector<RunSummary> RunLibrary::read(const QStringList& folders)
{
    std::vector<RunSummary> runs;
    for (const auto& folder : folders) {
        auto found = listRuns(folder.toStdString());
        std::move(found.begin(), found.end(), std::back_inserter(runs));
    }
    return runs;
}

void RunLibrary::setFolders(const QStringList& folders)
{
    m_folders = folders;
    refresh();
}

void RunLibrary::setFoldersLater(const QStringList& folders)
{
    m_folders = folders;
    refreshLater();
}

void RunLibrary::refresh()
{
    ++m_wanted;
    take(read(m_folders));
}

void RunLibrary::refreshLater()
{
    const quint64 number = ++m_wanted;
    ++m_refreshing;
    QPointer<RunLibrary> self(this);
    QThreadPool::globalInstance()->start([self, number, folders = m_folders] {
        auto runs = std::make_shared<std::vector<RunSummary>>(read(folders));
        QMetaObject::invokeMethod(qApp, [self, number, runs] {
            if (!self) return;
            --self->m_refreshing;
            if (number == self->m_wanted) self->take(std::move(*runs));
        });
    });
}

void RunLibrary::take(std::vector<RunSummary> runs)
{
    beginResetModel();
    m_runs.clear();
    m_rows.clear();
    for (RunSummary& run : runs) {
        const QString folder = pathText(run.folder);
        if (m_deleted.contains(folder) || m_rows.contains(folder)) continue;
        m_rows.insert(folder, static_cast<int>(m_runs.size()));
        Entry entry{std::move(run), folder, {}, {}, {}};
        fillSearch(entry);
        m_runs.push_back(std::move(entry));
    }
    endResetModel();
}

void RunLibrary::fillSearch(Entry& entry) const
{
    QStringList parts{QString::fromStdString(entry.summary.status.message), entry.folder};
    for (int column = 0; column < FixedColumns; ++column)
        parts << text(entry, column);
    for (const QString& key : m_chosen)
        parts << chosenText(entry, key);
    if (m_notes) parts << m_notes->of(entry.folder).text;
    entry.search = parts.join(QLatin1Char('\n')).toLower();
}

void RunLibrary::setNotes(RunNotes* notes)
{
    m_notes = notes;
    connect(notes, &RunNotes::changed, this, &RunLibrary::onNoteChanged);
    for (Entry& entry : m_runs)
        fillSearch(entry);
}

void RunLibrary::onNoteChanged(const QString& folder)
{
    const int row = rowOf(folder);
    if (row < 0) return;
    fillSearch(m_runs[static_cast<std::size_t>(row)]);
    Q_EMIT dataChanged(index(row, 0), index(row, columnCount() - 1));
}

void RunLibrary::setChosenColumns(const QStringList& keys)
{
    beginResetModel();
    m_chosen = keys;
    for (Entry& entry : m_runs)
        fillSearch(entry);
    endResetModel();
}

const QHash<QString, QString>& RunLibrary::valuesOf(const Entry& entry) const
{
    if (entry.values) return *entry.values;
    entry.values.emplace();
    const auto& folder = entry.summary.folder;
    const auto json = entry.summary.foreign
                          ? Result<std::string>(readAnyRun(folder).experimentJson)
                          : readWholeFile(posixFileSystem(), (folder / "experiment.json").string(), 16u << 20);
    if (!json) return *entry.values;
    for (const auto& [key, value] : experimentValues(*json)) {
        const QString name = QString::fromStdString(key);
        entry.keys << name;
        entry.values->insert(name, QString::fromStdString(value));
    }
    return *entry.values;
}

QStringList RunLibrary::possibleColumns() const
{
    QStringList keys, metrics;
    QSet<QString> known;
    const auto add = [&known](QStringList& list, const QString& key) {
        if (known.contains(key)) return;
        known.insert(key);
        list << key;
    };
    for (const Entry& entry : m_runs) {
        valuesOf(entry);
        for (const QString& key : entry.keys)
            add(keys, key);
        for (const auto& metric : entry.summary.status.metrics)
            add(metrics, kMetricColumn + QString::fromStdString(metric.first));
    }
    return keys + metrics;
}

QString RunLibrary::chosenText(const Entry& entry, const QString& key) const
{
    if (key.startsWith(kMetricColumn)) {
        const auto found = metricOf(entry.summary, key.mid(kMetricColumn.size()));
        return found ? QLocale().toString(*found, 'g', 5) : QString();
    }
    const auto& values = valuesOf(entry);
    const auto found = values.constFind(key);
    if (found != values.constEnd()) return *found;
    return values.isEmpty() ? QString() : QString::fromStdString(defaultExperimentValue(key.toStdString()));
}

QString RunLibrary::value(int row, const QString& key) const
{
    return chosenText(m_runs[static_cast<std::size_t>(row)], key);
}

QString RunLibrary::whyNotDeletable(const QString& folder) const
{
    const int row = rowOf(folder);
    if (row < 0) return tr("%1 is not in the list.").arg(folder);
    if (run(row).owner.alive) return tr("%1 is still running. Stop it first.").arg(data(index(row, Name)).toString());
    if (run(row).foreign)
        return tr("%1 belongs to the Python library: its folder holds the model too. Archive it instead.").arg(folder);
    const QFileInfo parent(QFileInfo(folder).absolutePath());
    if (!parent.isWritable()) return tr("%1 may not be written. Archive the run instead.").arg(parent.filePath());
    return {};
}

void RunLibrary::markDeleted(const QStringList& folders)
{
    std::vector<RunSummary> kept;
    for (const QString& folder : folders)
        m_deleted.insert(folder);
    for (Entry& entry : m_runs)
        kept.push_back(std::move(entry.summary));
    take(std::move(kept));
}

void RunLibrary::restoreDeleted()
{
    m_deleted.clear();
    refresh();
}

QStringList RunLibrary::purgeDeleted()
{
    QStringList problems;
    for (const QString& folder : std::as_const(m_deleted)) {
        if (readRunSummary(folder.toStdString()).owner.alive) continue; // somebody went on with it meanwhile
        const Status removed = removeFolderDurably(std::filesystem::path(folder.toStdString()));
        if (!removed) problems << QString::fromStdString(removed.error().text());
    }
    m_deleted.clear();
    return problems;
}

int RunLibrary::rowOf(const QString& folder) const
{
    return m_rows.value(folder, -1);
}

std::optional<std::pair<QString, double>> RunLibrary::mainMetric(const RunSummary& run)
{
    std::optional<std::pair<QString, double>> first;
    for (const auto& [name, value] : run.status.metrics) {
        const QString key = QString::fromStdString(name);
        if (!RunModel::isMeasure(key)) continue;
        for (const char* part : {"spearman", "ndcg", "accuracy", "map", "_ap", "v_measure"})
            if (key.contains(QLatin1String(part))) return std::pair{key, value};
        if (!first) first = {key, value};
    }
    return first;
}

int RunLibrary::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_runs.size());
}

int RunLibrary::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : FixedColumns + static_cast<int>(m_chosen.size());
}

QString RunLibrary::text(const Entry& entry, int column) const
{
    const RunSummary& run = entry.summary;
    const auto& status = run.status;
    switch (column) {
    case Name:
        return QString::fromStdString(status.name.empty() ? run.folder.filename().string() : status.name);
    case State:
        return QString::fromLatin1(runStateName(status.state));
    case Started:
        return status.started > 0
                   ? QLocale().toString(QDateTime::fromSecsSinceEpoch(static_cast<qint64>(status.started)),
                                        QLocale::ShortFormat)
                   : QString();
    case Duration:
        return status.started > 0 ? durationText(status.updated - status.started) : QString();
    case Steps:
        return status.totalSteps > 0 ? tr("%1 of %2")
                                           .arg(QLocale().toString(static_cast<qlonglong>(status.step)),
                                                QLocale().toString(static_cast<qlonglong>(status.totalSteps)))
                                     : QLocale().toString(static_cast<qlonglong>(status.step));
    case Metric: {
        const auto metric = mainMetric(run);
        return metric ? metric->first : QString();
    }
    case Value: {
        const auto metric = mainMetric(run);
        return metric ? QLocale().toString(metric->second, 'f', 4) : QString();
    }
    case Tags:
        return m_notes ? m_notes->of(entry.folder).tags.join(QStringLiteral(", ")) : QString();
    case Notes:
        return m_notes ? m_notes->of(entry.folder).text.section(QLatin1Char('\n'), 0, 0) : QString();
    default:
        return chosenText(entry, m_chosen.value(column - FixedColumns));
    }
}

QVariant RunLibrary::sortKey(const Entry& entry, int column) const
{
    const RunSummary& run = entry.summary;
    switch (column) {
    case Started:
        return run.status.started;
    case Duration:
        return run.status.updated - run.status.started;
    case Steps:
        return static_cast<qlonglong>(run.status.step);
    case Value: {
        const auto metric = mainMetric(run);
        return metric && std::isfinite(metric->second) ? metric->second : -1e300;
    }
    default:
        break;
    }
    if (column >= FixedColumns) {
        const QString key = m_chosen.value(column - FixedColumns);
        if (key.startsWith(kMetricColumn)) return metricOf(run, key.mid(kMetricColumn.size())).value_or(-1e300);
        const QString shown = chosenText(entry, key);
        bool isNumber = false;
        const double number = shown.toDouble(&isNumber);
        return isNumber ? QVariant(number) : QVariant(shown.toLower());
    }
    return text(entry, column).toLower();
}

QVariant RunLibrary::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const Entry& entry = m_runs[static_cast<std::size_t>(index.row())];
    const RunSummary& summary = entry.summary;
    switch (role) {
    case Qt::DisplayRole:
        return text(entry, index.column());
    case Qt::ToolTipRole: {
        QStringList lines{entry.folder};
        if (summary.foreign) lines << tr("A run of the Python library, read only.");
        if (!summary.status.message.empty()) lines << QString::fromStdString(summary.status.message);
        for (const auto& problem : summary.problems)
            lines << QString::fromStdString(problem);
        if (m_notes && !m_notes->of(entry.folder).text.isEmpty()) lines << m_notes->of(entry.folder).text;
        return lines.join(QLatin1Char('\n'));
    }
    case Qt::TextAlignmentRole:
        return index.column() == Duration || index.column() == Steps || index.column() == Value ||
                       m_chosen.value(index.column() - FixedColumns).startsWith(kMetricColumn)
                   ? QVariant(static_cast<int>(Qt::AlignRight | Qt::AlignVCenter))
                   : QVariant();
    case SortRole:
        return sortKey(entry, index.column());
    case FolderRole:
        return entry.folder;
    case StateRole:
        return QString::fromLatin1(runStateName(summary.status.state));
    case SearchRole:
        return entry.search;
    case PinnedRole:
        return m_notes && m_notes->of(entry.folder).pinned;
    case ArchivedRole:
        return m_notes && m_notes->of(entry.folder).archived;
    default:
        return {};
    }
}

QVariant RunLibrary::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || (role != Qt::DisplayRole && role != Qt::ToolTipRole)) return {};
    if (section >= FixedColumns) {
        const QString key = m_chosen.value(section - FixedColumns);
        if (role == Qt::ToolTipRole) return key;
        return key.startsWith(kMetricColumn) ? key.mid(kMetricColumn.size()) : key.section(QLatin1Char('.'), -1);
    }
    const QString names[FixedColumns] = {tr("Run"),     tr("State"),    tr("Value"), tr("Metric"), tr("Steps"),
                                         tr("Started"), tr("Duration"), tr("Tags"),  tr("Notes")};
    return names[section];
}

} // namespace studio
