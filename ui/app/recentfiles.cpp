#include "ui/app/recentfiles.h"

#include <QSettings>

namespace studio {

namespace {

const QString kKey = QStringLiteral("recentFiles");

} // namespace

QStringList RecentFiles::list()
{
    return QSettings().value(kKey).toStringList();
}

void RecentFiles::add(const QString& path)
{
    QStringList files = list();
    files.removeAll(path);
    files.prepend(path);
    QSettings().setValue(kKey, files.mid(0, kMost));
}

void RecentFiles::remove(const QString& path)
{
    QStringList files = list();
    files.removeAll(path);
    QSettings().setValue(kKey, files);
}

} // namespace studio
