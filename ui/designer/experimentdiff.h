#pragma once

#include "core/experiment/experiment.h"

#include <QString>

#include <vector>

namespace studio {

/// A value in which two experiments differ, by key of the document.
struct SettingDifference
{
    QString key;
    QString label;
    Json left;
    Json right;
};

/// Model, data, losses and evaluators by path, arguments by their Python name: only what differs.
std::vector<SettingDifference> settingDifferences(const Experiment& left, const Experiment& right);

/// "Learning rate: 5e-05 → 2e-05"
QString describe(const SettingDifference& difference);

} // namespace studio
