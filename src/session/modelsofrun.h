#pragma once

#include <QList>
#include <QString>

#include <utility>

namespace studio {

struct RunData;

/// Folders of the models that a run started from and left, with names: "Base model", "Step 100", "Final model".
QList<std::pair<QString, QString>> modelsOfRun(const RunData& run);

} // namespace studio
