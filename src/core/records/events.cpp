#include "core/records/events.h"

#include "core/files/jsontext.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace studio {

namespace {

struct Name
{
    EventKind kind;
    const char* name;
};

constexpr Name kNames[] = {
    {EventKind::Started, "started"},
    {EventKind::Phase, "phase"},
    {EventKind::Log, "log"},
    {EventKind::Evaluation, "evaluation"},
    {EventKind::Quality, "quality"},
    {EventKind::Checkpoint, "checkpoint"},
    {EventKind::Finding, "finding"},
    {EventKind::ArgumentChanged, "argument_changed"},
    {EventKind::Paused, "paused"},
    {EventKind::Resumed, "resumed"},
    {EventKind::Stopped, "stopped"},
    {EventKind::Failed, "failed"},
    {EventKind::Completed, "completed"},
};

constexpr std::uint64_t kMaxEventsFile = std::uint64_t(2) << 30;

std::string numberOrText(double value)
{
    const std::string text = numberText(value);
    return std::isfinite(value) ? text : '"' + text + '"';
}

std::optional<double> numberFrom(const Json& value)
{
    if (value.is_number()) return value.get<double>();
    if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (value == "Infinity") return std::numeric_limits<double>::infinity();
    if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
    return std::nullopt;
}

Error broken(const std::string& why)
{
    return {ErrorCode::Malformed, "This is no event: " + why + ". The line is left out.", {}};
}

} // namespace

const char* eventName(EventKind kind)
{
    for (const Name& entry : kNames) {
        if (entry.kind == kind) return entry.name;
    }
    return "phase";
}

std::optional<EventKind> eventKind(std::string_view name)
{
    for (const Name& entry : kNames) {
        if (entry.name == name) return entry.kind;
    }
    return std::nullopt;
}

std::string eventToJsonLine(const Event& event)
{
    std::string line = R"({"event":")";
    line += eventName(event.kind);
    line += R"(","step":)" + std::to_string(event.step);
    line += R"(,"epoch":)" + numberOrText(event.epoch);
    line += R"(,"time":)" + numberOrText(event.time);
    if (!event.text.empty()) line += R"(,"text":)" + quotedJson(event.text);
    if (!event.values.empty()) {
        line += R"(,"values":{)";
        for (std::size_t i = 0; i < event.values.size(); ++i) {
            if (i > 0) line += ',';
            line += quotedJson(event.values[i].first) + ':' + numberOrText(event.values[i].second);
        }
        line += '}';
    }
    line += '}';
    return line;
}

Result<Event> eventFromJsonLine(std::string_view line)
{
    const Result<Json> object = parseJsonText(line, "the event", {1u << 20, 8});
    if (!object) return object.error();
    if (!object->is_object()) return broken("it is not an object");
    const auto name = object->find("event");
    if (name == object->end() || !name->is_string()) return broken("its \"event\" is missing");
    const auto kind = eventKind(name->get<std::string>());
    if (!kind) {
        return Error{ErrorCode::Unsupported,
                     "The event \"" + name->get<std::string>() +
                         "\" is not known: a newer program wrote it. Use that one to see it.",
                     {}};
    }
    Event event;
    event.kind = *kind;
    const auto number = [&](const char* key, double& target) {
        const auto found = object->find(key);
        if (found == object->end()) return true;
        const auto value = numberFrom(*found);
        if (value) target = *value;
        return value.has_value();
    };
    if (const auto step = object->find("step"); step != object->end()) {
        if (!step->is_number_integer()) return broken("its \"step\" is not a whole number");
        event.step = step->get<std::int64_t>();
    }
    if (!number("epoch", event.epoch) || !number("time", event.time)) return broken("a number of it is none");
    if (const auto text = object->find("text"); text != object->end()) {
        if (!text->is_string()) return broken("its \"text\" is not text");
        event.text = text->get<std::string>();
    }
    if (const auto values = object->find("values"); values != object->end()) {
        if (!values->is_object()) return broken("its \"values\" are not an object");
        for (const auto& [key, entry] : values->items()) {
            const auto value = numberFrom(entry);
            if (!value) return broken("the value of \"" + key + "\" is not a number");
            event.values.emplace_back(key, *value);
        }
    }
    return event;
}

Result<EventsRead> readEvents(const std::filesystem::path& file)
{
    const Result<std::string> text = readWholeFile(posixFileSystem(), file.string(), kMaxEventsFile);
    if (!text) return text.error();
    EventsRead read;
    std::size_t number = 0;
    std::size_t from = 0;
    while (from < text->size()) {
        const std::size_t end = text->find('\n', from);
        if (end == std::string::npos) {
            read.tornBytes = text->size() - from;
            break;
        }
        ++number;
        const std::string_view line(text->data() + from, end - from);
        from = end + 1;
        if (line.empty()) continue;
        Result<Event> event = eventFromJsonLine(line);
        if (event) {
            read.events.push_back(std::move(*event));
        } else if (event.error().code == ErrorCode::Unsupported) {
            ++read.unknownEvents;
        } else {
            if (read.damagedLines++ == 0) {
                read.firstProblem = "line " + std::to_string(number) + ": " + event.error().message;
            }
        }
    }
    return read;
}

std::vector<Event> liveEvents(const std::vector<Event>& events)
{
    const auto repeats = [](const Event& event) {
        return event.kind == EventKind::Log || event.kind == EventKind::Evaluation || event.kind == EventKind::Quality ||
               event.kind == EventKind::Checkpoint;
    };
    std::vector<Event> live;
    for (const Event& event : events) {
        if (event.kind == EventKind::Resumed) {
            std::erase_if(
                live, [&](const Event& earlier) { return repeats(earlier) && earlier.step > event.step; });
        }
        live.push_back(event);
    }
    return live;
}

Status cutTornLine(FileSystem& fs, const std::string& path)
{
    FileStatus status;
    if (uninterrupted([&] { return fs.status(path, status); }) < 0 || status.size == 0) return {};
    const Result<std::string> text = readWholeFile(fs, path, kMaxEventsFile);
    if (!text) return text.error();
    const std::size_t last = text->rfind('\n');
    const std::size_t size = last == std::string::npos ? 0 : last + 1;
    if (size == text->size()) return {};
    const int cut = uninterrupted([&] { return fs.truncate(path, size); });
    if (cut < 0) return fileError(cut, "mend", path);
    return {};
}

} // namespace studio
