#include "ui/app/resourcefolder.h"

#include "core/experiment/experimentpaths.h"

#include <QDir>

namespace studio {

QString resourceFolder()
{
    return QString::fromStdString(resourceDirectory().string());
}

QString stateFolder()
{
    const QString given = qEnvironmentVariable("XDG_STATE_HOME");
    const QString base = given.isEmpty() ? QDir::homePath() + QStringLiteral("/.local/state") : given;
    return base + QStringLiteral("/sentence-studio");
}

} // namespace studio
