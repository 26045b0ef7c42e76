#pragma once

#include "core/files/filesystem.h"
#include "core/records/events.h"
#include "core/records/runstate.h"
#include "core/records/steps.h"
#include "core/runcontrol.h"
#include "session/scriptedengine.h"
#include "support/testfiles.h"

#include <filesystem>
#include <string>

namespace studio::test {

/// Collects what a scripted run tells and writes it as a run folder, in the engine's own formats.
class StoredRunWriter : public RunObserver
{
public:
    static void write(const std::filesystem::path& folder, const std::string& name, const Script& script,
                      const std::string& experimentJson, double started = 1764000000)
    {
        std::filesystem::create_directories(folder);
        StoredRunWriter writer(folder, started);
        writer.m_status.id = folder.filename().string();
        writer.m_status.name = name;
        writer.m_status.started = started;
        ScriptedEngine engine(script);
        RunControl control;
        engine.train({}, writer, control);
        (void)writer.m_steps.flush();
        writeFile(folder / "events.jsonl", writer.m_events);
        writeFile(folder / "experiment.json", experimentJson);
        writeFile(folder / "state.json", runStatusToJson(writer.m_status));
    }

    void onEvent(const Event& event) override
    {
        Event copy = event;
        copy.time = m_clock += 1;
        m_events += eventToJsonLine(copy) + "\n";
        updateStatus(m_status, copy);
    }

    void onStep(const StepRecord& record) override
    {
        StepRecord copy = record;
        copy.seconds = 0.25;
        m_steps.add(copy);
        m_clock += copy.seconds;
        m_status.step = copy.step;
    }

private:
    StoredRunWriter(const std::filesystem::path& folder, double started)
        : m_steps(*StepWriter::open(posixFileSystem(), (folder / "steps.bin").string())), m_clock(started)
    {}

    StepWriter m_steps;
    std::string m_events;
    RunStatus m_status;
    double m_clock;
};

} // namespace studio::test
