#include "session/runlibrary.h"

#include "session/runmodel.h"

#include <QDateTime>
#include <QDir>
#include <QLocale>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace studio {
namespace {

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

bool isRunFolder(const std::filesystem::path& folder)
{
    std::error_code ignored;
    return std::filesystem::exists(folder / "state.json", ignored) ||
           std::filesystem::exists(folder / "experiment.json", ignored);
}

} // namespace

void RunLibrary::setFolders(const QStringList& folders)
{
    m_folders = folders;
    refresh();
}

void RunLibrary::refresh()
{
    beginResetModel();
    m_runs.clear();
    for (const auto& folder : m_folders) {
        const std::filesystem::path path = folder.toStdString();
        if (isRunFolder(path)) {
            m_runs.push_back(readRunSummary(path));
            continue;
        }
        auto found = listRuns(path);
        std::move(found.begin(), found.end(), std::back_inserter(m_runs));
    }
    m_search.clear();
    for (const auto& run : m_runs) {
        QStringList parts{QString::fromStdString(run.status.message), pathText(run.folder)};
        for (int column = 0; column < ColumnCount; ++column)
            parts << text(run, column);
        m_search << parts.join(QLatin1Char('\n')).toLower();
    }
    endResetModel();
}

int RunLibrary::rowOf(const QString& folder) const
{
    for (std::size_t row = 0; row < m_runs.size(); ++row)
        if (pathText(m_runs[row].folder) == folder) return static_cast<int>(row);
    return -1;
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
    return parent.isValid() ? 0 : ColumnCount;
}

QString RunLibrary::text(const RunSummary& run, int column) const
{
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
    default:
        return {};
    }
}

QVariant RunLibrary::sortKey(const RunSummary& run, int column) const
{
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
        return text(run, column).toLower();
    }
}

QVariant RunLibrary::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const auto& summary = run(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return text(summary, index.column());
    case Qt::ToolTipRole: {
        QStringList lines{pathText(summary.folder)};
        if (!summary.status.message.empty()) lines << QString::fromStdString(summary.status.message);
        for (const auto& problem : summary.problems)
            lines << QString::fromStdString(problem);
        return lines.join(QLatin1Char('\n'));
    }
    case Qt::TextAlignmentRole:
        return index.column() == Duration || index.column() == Steps || index.column() == Value
                   ? QVariant(static_cast<int>(Qt::AlignRight | Qt::AlignVCenter))
                   : QVariant();
    case SortRole:
        return sortKey(summary, index.column());
    case FolderRole:
        return pathText(summary.folder);
    case StateRole:
        return QString::fromLatin1(runStateName(summary.status.state));
    case SearchRole:
        return m_search[index.row()];
    default:
        return {};
    }
}

QVariant RunLibrary::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role != Qt::DisplayRole || orientation != Qt::Horizontal) return {};
    switch (section) {
    case Name:
        return tr("Run");
    case State:
        return tr("State");
    case Started:
        return tr("Started");
    case Duration:
        return tr("Duration");
    case Steps:
        return tr("Steps");
    case Metric:
        return tr("Metric");
    case Value:
        return tr("Value");
    default:
        return {};
    }
}

RunFilter::RunFilter(QObject* parent) : QSortFilterProxyModel(parent)
{
    setSortRole(RunLibrary::SortRole);
}

void RunFilter::setSearch(const QString& text)
{
    m_words = text.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

void RunFilter::setState(const QString& state)
{
    m_state = state;
    invalidateFilter();
}

bool RunFilter::filterAcceptsRow(int row, const QModelIndex& parent) const
{
    const auto index = sourceModel()->index(row, 0, parent);
    if (!m_state.isEmpty() && index.data(RunLibrary::StateRole).toString() != m_state) return false;
    if (m_words.isEmpty()) return true;
    const QString searched = index.data(RunLibrary::SearchRole).toString();
    return std::all_of(m_words.begin(), m_words.end(),
                       [&](const QString& word) { return searched.contains(word); });
}

} // namespace studio
