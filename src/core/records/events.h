#pragma once

#include "core/files/filesystem.h"
#include "core/records/record.h"
#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// "log", "evaluation", "argument_changed": the word in the files.
const char* eventName(EventKind kind);
std::optional<EventKind> eventKind(std::string_view name);

/// {"event":"log","step":10,"epoch":0.5,"time":1764000000.25,"text":"…","values":{"loss":0.5}} on one line,
/// without the line's end. Text and values are left out when empty. NaN and infinities are the texts "NaN",
/// "Infinity" and
/// "-Infinity", because JSON has no such numbers.
std::string eventToJsonLine(const Event& event);

/// The inverse. Unknown keys are ignored; an unknown event is Unsupported, anything broken Malformed.
Result<Event> eventFromJsonLine(std::string_view line);

struct EventsRead
{
    std::vector<Event> events;
    std::size_t damagedLines = 0;  ///< lines that are no events, left out
    std::size_t unknownEvents = 0; ///< events of a newer program, left out
    std::uint64_t tornBytes = 0;   ///< of an unfinished last line, left out
    std::string firstProblem;      ///< about the first damaged line, with its number
};

/// Reads events.jsonl as far as it can be read.
Result<EventsRead> readEvents(const std::filesystem::path& file);

/// The events that count: after a run went on from an earlier step, what was logged, evaluated or saved
/// beyond that step before is left out.
std::vector<Event> liveEvents(const std::vector<Event>& events);

/// Cuts a last line without an end (a writer was killed), so that the next line starts on its own.
Status cutTornLine(FileSystem& fs, const std::string& path);

} // namespace studio
