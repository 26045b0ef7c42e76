#pragma once

#include "core/experiment/experiment.h"
#include "core/result.h"
#include "ui/designer/experimentdiff.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace studio {

/// A file that brings settings along: an experiment or a preset of ours, arguments as the Python library
/// writes them (either generation), or a Python script that sets them.
struct ImportedFile
{
    Experiment experiment; ///< paths are absolute
    QString name;
    QString kind;      ///< "Preset", "Arguments of the Python library", "Python script"
    QStringList notes; ///< everything worth telling: renamed, unknown and refused keys, one sentence each
    bool wholeArguments = false; ///< it says something about every argument, defaults included
};

/// Error when the file cannot be read at all, with file, line and column.
Result<ImportedFile> readImport(const QString& path);

/// What taking the file over would change. A file that names no model or data leaves those of the experiment
/// alone; losses without a data set are meant for the training sets that there are.
std::vector<SettingDifference> importDifferences(const Experiment& now, const ImportedFile& file);

/// Writes the arguments as the original's JSON, or as a Python script for a name ending in .py. Never a
/// secret.
Status exportArguments(const Experiment& experiment, const QString& path);

} // namespace studio
