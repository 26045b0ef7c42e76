#include "core/arguments/rulecontext.h"

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string_view>

#include <unistd.h>

namespace studio {
namespace {

int numberFrom(const char* variable, int fallback)
{
    const char* text = std::getenv(variable);
    if (!text) {
        return fallback;
    }
    const std::string_view view(text);
    int value = fallback;
    const auto [end, code] = std::from_chars(view.data(), view.data() + view.size(), value);
    return code == std::errc() && end == view.data() + view.size() ? value : fallback;
}

/// "Mar12_09-05-07": English whatever the locale, local time.
std::string startTimeNow()
{
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    char text[32];
    std::strftime(text, sizeof text, "%d_%H-%M-%S", &local);
    return kMonths[local.tm_mon] + std::string(text);
}

/// Level of the environment variable that sets the Python library's verbosity.
int libraryLevel()
{
    const char* text = std::getenv("TRANSFORMERS_VERBOSITY");
    const std::string_view level = text ? text : "";
    return level == "detail" || level == "debug" ? 10
           : level == "info"                     ? 20
           : level == "error"                    ? 40
           : level == "critical"                 ? 50
                                                 : 30;
}

std::optional<std::string> readSmallFile(const std::string& path)
{
    constexpr std::streamsize kLimit = 16 << 20;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    std::string text(std::istreambuf_iterator<char>(file), {});
    return static_cast<std::streamsize>(text.size()) <= kLimit ? std::optional<std::string>(std::move(text))
                                                               : std::nullopt;
}

} // namespace

RuleContext RuleContext::machine(int gpus)
{
    RuleContext context;
    context.gpus = gpus;
    context.processes = numberFrom("WORLD_SIZE", 1);
    context.processIndex = numberFrom("RANK", 0);
    context.localProcessIndex = numberFrom("LOCAL_RANK", 0);
    if (const char* home = std::getenv("HOME")) {
        context.home = home;
    }
    char host[256] = {};
    if (gethostname(host, sizeof host - 1) == 0 && host[0] != '\0') {
        context.host = host;
    }
    context.startTime = startTimeNow();
    context.libraryLogLevel = libraryLevel();
    context.readFile = readSmallFile;
    return context;
}

} // namespace studio
