#pragma once

#include <QStringList>

namespace studio {

/// The last ten experiment files, newest first, in the user's settings.
class RecentFiles
{
public:
    static constexpr int kMost = 10;

    static QStringList list();
    static void add(const QString& path);
    static void remove(const QString& path);
};

} // namespace studio
