#pragma once

#include <QHash>
#include <QObject>
#include <QSet>
#include <QString>

#include <cstdint>
#include <optional>

namespace studio {

struct DataSpec;

/// Numbers of rows of data files, counted in a worker and remembered by path, size and time of change.
class RowCounts : public QObject
{
    Q_OBJECT

public:
    explicit RowCounts(QObject* parent = nullptr);

    /// Rows that the data set uses (its range applied); nothing while it is being counted or when it cannot
    /// be read. `data` has an absolute path.
    std::optional<std::int64_t> rows(const DataSpec& data);

Q_SIGNALS:
    void counted();

private:
    QHash<QString, std::int64_t> m_known; ///< −1: cannot be read
    QSet<QString> m_running;
};

} // namespace studio
