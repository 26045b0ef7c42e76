#include "ui/designer/rowcounts.h"

#include "core/experiment/experiment.h"
#include "data/reader.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFileInfo>
#include <QPointer>
#include <QThreadPool>

#include <algorithm>

namespace studio {

RowCounts::RowCounts(QObject* parent) : QObject(parent) {}

std::optional<std::int64_t> RowCounts::rows(const DataSpec& data)
{
    const QFileInfo file(QString::fromStdString(data.path));
    if (data.path.empty() || !file.isFile()) return std::nullopt;
    const QString key = QStringLiteral("%1|%2|%3|%4")
                            .arg(file.absoluteFilePath())
                            .arg(file.size())
                            .arg(file.lastModified().toMSecsSinceEpoch())
                            .arg(QString::fromStdString(data.format));
    const auto known = m_known.constFind(key);
    if (known != m_known.constEnd()) {
        if (*known < 0) return std::nullopt;
        if (!data.rows) return *known;
        const auto first = std::min<std::int64_t>(data.rows->first, *known);
        return std::max<std::int64_t>(0, std::min<std::int64_t>(data.rows->second, *known) - first);
    }
    if (m_running.contains(key)) return std::nullopt;
    m_running.insert(key);
    QPointer<RowCounts> self(this);
    const std::string path = data.path;
    const std::string format = data.format;
    QThreadPool::globalInstance()->start([self, key, path, format] {
        // Parquet knows its rows; other files are read for one column only, which keeps memory small.
        ReadReport report;
        ReadOptions head;
        head.format = format;
        head.limit = 1;
        head.keepGoing = true;
        std::int64_t count = -1;
        if (const auto first = readTable(path, head, &report)) {
            count = report.totalRows;
            if (count < 0 && first->columns() > 0) {
                ReadOptions all = head;
                all.limit = -1;
                all.columns = {first->name(0)};
                const auto table = readTable(path, all, &report);
                count = table ? table->rows() : -1;
            }
        }
        QMetaObject::invokeMethod(qApp, [self, key, count] {
            if (!self) return;
            self->m_running.remove(key);
            self->m_known.insert(key, count);
            Q_EMIT self->counted();
        });
    });
    return std::nullopt;
}

} // namespace studio
