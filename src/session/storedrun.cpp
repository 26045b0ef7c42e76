#include "session/storedrun.h"

#include "core/records/events.h"
#include "session/runmodel.h"

#include <algorithm>
#include <cmath>

namespace studio {

void fillRunModel(RunModel& model, const RunData& run)
{
    model.clear();
    double clock = run.summary.status.started;
    const auto events = liveEvents(run.events);
    auto event = events.begin();
    const auto tellEventsBefore = [&](std::int64_t step) {
        for (; event != events.end() && event->step < step; ++event) {
            model.addEvent(*event);
            clock = std::max(clock, event->time);
        }
    };
    const auto takeStep = [&](const StepRecord& record) {
        tellEventsBefore(record.step);
        if (std::isfinite(record.seconds) && record.seconds > 0) clock += record.seconds;
        model.appendStep(record, clock);
    };
    if (run.steps) {
        for (const auto& [first, last] : run.steps->live()) {
            for (std::size_t i = first; i < last; ++i)
                takeStep(run.steps->at(i));
        }
    }
    for (const StepRecord& record : run.logged)
        takeStep(record);
    for (; event != events.end(); ++event)
        model.addEvent(*event);
    model.endBatch();
}

} // namespace studio
