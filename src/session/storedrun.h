#pragma once

#include "core/records/runreader.h"

namespace studio {

class RunModel;

/// Fills a model with what a run's folder holds, as if the run had just told it: the records that count, in
/// their order. steps.bin has durations only; a step's clock time is that of the event before it plus the
/// time of the steps since then.
void fillRunModel(RunModel& model, const RunData& run);

} // namespace studio
