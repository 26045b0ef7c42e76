#pragma once

#include "core/result.h"

#include <QString>

namespace studio {

/// Writes a run as one file: experiment, plan, environment, state, events, steps and the CSV files of its evaluators. No
/// secrets: an experiment never holds any. A run of the Python library is written as what could be read of it.
Status writeBundle(const QString& runFolder, const QString& path);

/// Unpacks a bundle into a folder of its own below `folder`, whose files are read-only; returns the run's folder. Names
/// in it that leave the folder are refused.
Result<QString> openBundle(const QString& path, const QString& folder);

} // namespace studio
