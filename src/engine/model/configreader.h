#pragma once

#include "core/json.h"
#include "core/result.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// Typed reading of a configuration file. The first problem is kept (status()); getters then go on with the
/// fallback, so that a reading function stays a list of lines and checks once at its end.
class ConfigReader
{
public:
    /// `object` must be a JSON object and outlive the reader; `file` names it in messages.
    ConfigReader(const Json& object, std::string file);

    /// Whether the key is there with a value other than null.
    bool has(const std::string& key) const { return find(key) != nullptr; }
    const Json* find(const std::string& key) const; ///< null when absent or null
    const std::string& file() const { return m_file; }

    /// A whole number in [low, high]; without fallback the key is required.
    std::int64_t whole(const std::string& key, std::optional<std::int64_t> fallback = std::nullopt,
                       std::int64_t low = 1, std::int64_t high = 100'000'000);
    double number(const std::string& key, double fallback, double low, double high);
    bool flag(const std::string& key, bool fallback);
    std::string text(const std::string& key, const std::string& fallback);

    /// The base of rotary positions: `nested` (rope_parameters or an entry of it) wins over `key`. Scaled
    /// forms (yarn, linear, …) are refused by name.
    double ropeTheta(const Json* nested, const std::string& key, double fallback);
    /// For each layer whether its attention is local: from layer_types, else `localByDefault(layer)`.
    std::vector<bool> localLayers(int layers, const std::function<bool(int)>& localByDefault);

    void refuse(ErrorCode code, const std::string& message);
    void unsupported(const std::string& what); ///< "Cannot use this model: <what> …"
    bool ok() const { return m_status.ok(); }
    const Status& status() const { return m_status; }

private:
    void wrong(const std::string& key, const std::string& expected);

    const Json& m_object;
    std::string m_file;
    Status m_status;
};

} // namespace studio
