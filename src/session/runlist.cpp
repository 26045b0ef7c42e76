#include "session/runlist.h"

#include "session/runlibrary.h"
#include "session/runnotes.h"

#include <QDateTime>
#include <QFileInfo>
#include <QLocale>

#include <algorithm>
#include <map>

namespace studio {
namespace {

/// Internal ids: 0 for a heading or, without groups, for a run; else the number of the group plus 1.
constexpr quintptr kTop = 0;

/// Numbers before texts; equal types as one would expect.
int compared(const QVariant& a, const QVariant& b)
{
    const bool textA = a.typeId() == QMetaType::QString, textB = b.typeId() == QMetaType::QString;
    if (textA != textB) return textA ? 1 : -1;
    if (textA) return QString::compare(a.toString(), b.toString());
    const double x = a.toDouble(), y = b.toDouble();
    return x < y ? -1 : x > y ? 1 : 0;
}

} // namespace

RunList::RunList(RunLibrary* library, QObject* parent) : QAbstractItemModel(parent), m_library(library)
{
    m_column = RunLibrary::Started;
    // The old places are told to be going while they still mean something.
    connect(library, &QAbstractItemModel::modelAboutToBeReset, this, &RunList::beginResetModel);
    connect(library, &QAbstractItemModel::modelReset, this, [this] {
        arrange();
        endResetModel();
    });
    connect(library, &QAbstractItemModel::dataChanged, this, &RunList::rebuild);
    rebuild();
}

void RunList::setSearch(const QString& text)
{
    m_words = text.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    rebuild();
}

void RunList::setState(const QString& state)
{
    m_state = state;
    rebuild();
}

void RunList::setShowArchived(bool show)
{
    m_showArchived = show;
    rebuild();
}

void RunList::setGrouping(const QString& key)
{
    m_grouping = key;
    rebuild();
}

void RunList::sort(int column, Qt::SortOrder order)
{
    m_column = column;
    m_order = order;
    rebuild();
}

bool RunList::accepts(int row) const
{
    const auto index = m_library->index(row, 0);
    if (!m_showArchived && index.data(RunLibrary::ArchivedRole).toBool()) return false;
    if (!m_state.isEmpty() && index.data(RunLibrary::StateRole).toString() != m_state) return false;
    if (m_words.isEmpty()) return true;
    const QString searched = index.data(RunLibrary::SearchRole).toString();
    return std::all_of(m_words.begin(), m_words.end(), [&](const QString& word) { return searched.contains(word); });
}

QStringList RunList::groupsOf(int row) const
{
    const auto index = m_library->index(row, 0);
    if (m_grouping == QLatin1String("state")) return {index.data(RunLibrary::StateRole).toString()};
    if (m_grouping == QLatin1String("name")) return {index.data().toString()};
    if (m_grouping == QLatin1String("folder")) return {QFileInfo(index.data(RunLibrary::FolderRole).toString()).path()};
    if (m_grouping == QLatin1String("day")) {
        const double started = m_library->run(row).status.started;
        if (started <= 0) return {tr("not known")};
        return {QDateTime::fromSecsSinceEpoch(static_cast<qint64>(started)).date().toString(Qt::ISODate)};
    }
    if (m_grouping == QLatin1String("tag")) {
        const auto* notes = m_library->notes();
        const QStringList tags = notes ? notes->of(index.data(RunLibrary::FolderRole).toString()).tags : QStringList();
        return tags.isEmpty() ? QStringList{tr("without a tag")} : tags;
    }
    const QString value = m_library->value(row, m_grouping);
    return {value.isEmpty() ? tr("not known") : value};
}

void RunList::rebuild()
{
    beginResetModel();
    arrange();
    endResetModel();
}

void RunList::arrange()
{
    m_column = std::min(m_column, m_library->columnCount() - 1);
    struct Keyed
    {
        int row;
        bool pinned;
        QVariant key;
    };
    std::vector<Keyed> shown;
    for (int row = 0; row < m_library->rowCount(); ++row) {
        if (!accepts(row)) continue;
        shown.push_back({row, m_library->index(row, 0).data(RunLibrary::PinnedRole).toBool(),
                         m_library->index(row, m_column).data(RunLibrary::SortRole)});
    }
    m_shown = static_cast<int>(shown.size());
    std::stable_sort(shown.begin(), shown.end(), [this](const Keyed& a, const Keyed& b) {
        if (a.pinned != b.pinned) return a.pinned;
        const int order = compared(a.key, b.key);
        return m_order == Qt::AscendingOrder ? order < 0 : order > 0;
    });
    m_groups.clear();
    if (m_grouping.isEmpty()) {
        m_groups.push_back({});
        for (const Keyed& one : shown)
            m_groups.front().rows.push_back(one.row);
    } else {
        std::map<QString, std::size_t> known;
        for (const Keyed& one : shown) {
            for (const QString& title : groupsOf(one.row)) {
                const auto [place, isNew] = known.try_emplace(title, m_groups.size());
                if (isNew) m_groups.push_back({title, {}});
                m_groups[place->second].rows.push_back(one.row);
            }
        }
    }
}

bool RunList::isRun(const QModelIndex& index) const
{
    return index.isValid() && (m_grouping.isEmpty() || index.internalId() != kTop);
}

int RunList::libraryRow(const QModelIndex& index) const
{
    if (!isRun(index)) return -1;
    const std::size_t group = m_grouping.isEmpty() ? 0 : index.internalId() - 1;
    return m_groups[group].rows[static_cast<std::size_t>(index.row())];
}

QModelIndex RunList::indexOf(const QString& folder) const
{
    const int wanted = m_library->rowOf(folder);
    if (wanted < 0) return {};
    for (std::size_t group = 0; group < m_groups.size(); ++group) {
        const auto& rows = m_groups[group].rows;
        const auto found = std::find(rows.begin(), rows.end(), wanted);
        if (found == rows.end()) continue;
        const int row = static_cast<int>(found - rows.begin());
        return m_grouping.isEmpty() ? index(row, 0) : index(row, 0, index(static_cast<int>(group), 0));
    }
    return {};
}

QModelIndex RunList::index(int row, int column, const QModelIndex& parent) const
{
    if (row < 0 || column < 0 || column >= columnCount() || row >= rowCount(parent)) return {};
    return parent.isValid() ? createIndex(row, column, static_cast<quintptr>(parent.row()) + 1)
                            : createIndex(row, column, kTop);
}

QModelIndex RunList::parent(const QModelIndex& index) const
{
    if (!index.isValid() || index.internalId() == kTop) return {};
    return createIndex(static_cast<int>(index.internalId()) - 1, 0, kTop);
}

int RunList::rowCount(const QModelIndex& parent) const
{
    if (m_grouping.isEmpty()) return parent.isValid() ? 0 : static_cast<int>(m_groups.front().rows.size());
    if (!parent.isValid()) return static_cast<int>(m_groups.size());
    if (parent.internalId() != kTop || parent.column() != 0) return 0;
    return static_cast<int>(m_groups[static_cast<std::size_t>(parent.row())].rows.size());
}

int RunList::columnCount(const QModelIndex&) const
{
    return m_library->columnCount();
}

QVariant RunList::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const int row = libraryRow(index);
    if (row >= 0) {
        const auto source = m_library->index(row, index.column());
        if (role == Qt::DisplayRole && index.column() == RunLibrary::Name && source.data(RunLibrary::PinnedRole).toBool())
            return QStringLiteral("★ ") + source.data().toString();
        if (role == Qt::AccessibleTextRole && index.column() == RunLibrary::Name &&
            source.data(RunLibrary::PinnedRole).toBool())
            return tr("%1, pinned").arg(source.data().toString());
        return source.data(role);
    }
    const Group& group = m_groups[static_cast<std::size_t>(index.row())];
    if (role == Qt::DisplayRole && index.column() == 0)
        return QStringLiteral("%1 (%2)").arg(group.title, QLocale().toString(static_cast<qlonglong>(group.rows.size())));
    return {};
}

QVariant RunList::headerData(int section, Qt::Orientation orientation, int role) const
{
    return m_library->headerData(section, orientation, role);
}

} // namespace studio
