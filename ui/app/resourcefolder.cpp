#include "ui/app/resourcefolder.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

namespace studio {

QString resourceFolder()
{
    const QString installed =
        QDir::cleanPath(QCoreApplication::applicationDirPath() + QStringLiteral("/../share/sentence-studio"));
    if (QFileInfo::exists(installed + QStringLiteral("/experiments"))) return installed;
    return QStringLiteral(STUDIO_RESOURCE_DIR);
}

QString stateFolder()
{
    const QString given = qEnvironmentVariable("XDG_STATE_HOME");
    const QString base = given.isEmpty() ? QDir::homePath() + QStringLiteral("/.local/state") : given;
    return base + QStringLiteral("/sentence-studio");
}

} // namespace studio
