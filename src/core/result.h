#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace studio {

/// What kind of failure, for callers that act on it (exit codes, retry, "choose another file").
enum class ErrorCode {
    NotFound,      ///< a file, folder, column or name that does not exist
    Unreadable,    ///< exists, but cannot be opened or read
    Malformed,     ///< contents break their format
    Unsupported,   ///< valid, but this program cannot do it (named in the message)
    InvalidValue,  ///< a value or a combination of values is wrong
    NotWritable,   ///< a target that cannot be written
    DiskFull,      ///< no space left, or quota exceeded
    Busy,          ///< locked by another program
    OutOfMemory,
    Internal,      ///< a bug or an exception from a library
};

/// An expected failure: what happened and what to do next (message), and the place (where: "pairs.tsv:214",
/// "model.safetensors, offset 8", may be empty).
struct Error
{
    ErrorCode code = ErrorCode::Internal;
    std::string message;
    std::string where;

    /// "Cannot read pairs.tsv: … (pairs.tsv:214)": the sentence shown to people.
    std::string text() const;
};

/// A value or an Error. Check with `if (!result)`, then use `*result` or `result.error()`.
template <typename T>
class [[nodiscard]] Result
{
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& operator*() & { return std::get<0>(m_state); }
    const T& operator*() const& { return std::get<0>(m_state); }
    T&& operator*() && { return std::get<0>(std::move(m_state)); }
    T* operator->() { return &std::get<0>(m_state); }
    const T* operator->() const { return &std::get<0>(m_state); }

    const Error& error() const { return std::get<1>(m_state); }

private:
    std::variant<T, Error> m_state;
};

/// Success or an Error.
template <>
class [[nodiscard]] Result<void>
{
public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)) {}

    bool ok() const { return !m_error; }
    explicit operator bool() const { return ok(); }
    const Error& error() const { return *m_error; }

private:
    std::optional<Error> m_error;
};

using Status = Result<void>;

} // namespace studio
