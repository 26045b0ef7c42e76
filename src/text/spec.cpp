#include "text/spec.h"

namespace studio::text {

void failSpec(ErrorCode code, std::string message, std::string where)
{
    throw SpecError{Error{code, std::move(message), std::move(where)}};
}

void TokenizerSpec::add(std::string_view token, std::int32_t id, double score)
{
    vocab.push_back(
        {static_cast<std::uint32_t>(arena.size()), static_cast<std::uint32_t>(token.size()), id, score});
    arena += token;
    hasVocab = true;
}

void TokenizerSpec::addMerge(std::string_view left, std::string_view right)
{
    const auto place = static_cast<std::uint32_t>(arena.size());
    const auto leftLength = static_cast<std::uint32_t>(left.size());
    arena += left;
    arena += right;
    merges.push_back({place, leftLength, place + leftLength, static_cast<std::uint32_t>(right.size())});
}

bool TokenizerSpec::contains(std::string_view token) const
{
    return idOf(token) >= 0;
}

std::int32_t TokenizerSpec::idOf(std::string_view token) const
{
    for (const Piece& piece : vocab) {
        if (text(piece.offset, piece.length) == token) {
            return piece.id;
        }
    }
    return -1;
}

Vocab TokenizerSpec::makeVocab() const
{
    std::vector<Vocab::Entry> entries;
    entries.reserve(vocab.size());
    // Ids may have holes, but a small file must not ask for a huge table.
    const auto limit = static_cast<std::int64_t>(vocab.size()) * 2 + 100'000;
    for (const Piece& piece : vocab) {
        if (piece.id >= limit) {
            failSpec(ErrorCode::Malformed,
                     "the token '" + std::string(text(piece.offset, piece.length)) + "' of " + name +
                         " has the id " + std::to_string(piece.id) + ", far beyond the " +
                         std::to_string(vocab.size()) + " tokens",
                     name + ": model.vocab");
        }
        entries.push_back({piece.offset, piece.length, piece.id});
    }
    Vocab made(arena, entries);
    if (made.repeated() && !scored && uniqueTokens) {
        failSpec(ErrorCode::Malformed,
                 "the token '" + std::string(*made.repeated()) + "' occurs twice in the vocabulary of " +
                     name,
                 name + ": model.vocab");
    }
    return made;
}

Fields::Fields(const nlohmann::json& object, std::string file, std::string path)
    : m_object(object), m_file(std::move(file)), m_path(std::move(path))
{
    if (!object.is_object()) {
        failSpec(ErrorCode::Malformed,
                 "'" + m_path + "' of " + m_file + " must be an object, not " + object.type_name(),
                 m_file + ": " + m_path);
    }
}

std::string Fields::keyPath(std::string_view key) const
{
    return m_path.empty() ? std::string(key) : m_path + "." + std::string(key);
}

void Fields::fail(std::string_view key, const std::string& what) const
{
    failSpec(ErrorCode::Malformed, "'" + keyPath(key) + "' of " + m_file + " " + what,
             m_file + ": " + keyPath(key));
}

void Fields::unsupported(std::string_view kind, std::string_view what) const
{
    failSpec(ErrorCode::Unsupported,
             std::string(kind) + " '" + std::string(what) + "' of " + m_file +
                 " is not supported. Choose a model with another tokenizer.",
             m_file + ": " + m_path);
}

std::string Fields::type() const
{
    return string("type");
}

void Fields::allow(std::initializer_list<std::string_view> keys) const
{
    for (const auto& [key, value] : m_object.items()) {
        if (key == "type") {
            continue;
        }
        bool known = false;
        for (const std::string_view name : keys) {
            known = known || key == name;
        }
        if (!known) {
            failSpec(ErrorCode::Unsupported,
                     "the option '" + keyPath(key) + "' of " + m_file +
                         " is not known, so the tokenizer cannot be reproduced exactly",
                     m_file + ": " + keyPath(key));
        }
    }
}

bool Fields::has(std::string_view key) const
{
    const auto found = m_object.find(key);
    return found != m_object.end() && !found->is_null();
}

const nlohmann::json& Fields::at(std::string_view key) const
{
    const auto found = m_object.find(key);
    if (found == m_object.end()) {
        fail(key, "is missing");
    }
    return *found;
}

bool Fields::boolean(std::string_view key, std::optional<bool> fallback) const
{
    if (!has(key) && fallback) {
        return *fallback;
    }
    const nlohmann::json& value = at(key);
    if (!value.is_boolean()) {
        fail(key, std::string("must be true or false, not ") + value.type_name());
    }
    return value.get<bool>();
}

std::optional<bool> Fields::optionalBoolean(std::string_view key) const
{
    return has(key) ? std::optional<bool>(boolean(key)) : std::nullopt;
}

std::string Fields::string(std::string_view key, std::optional<std::string> fallback) const
{
    if (!has(key) && fallback) {
        return *fallback;
    }
    const nlohmann::json& value = at(key);
    if (!value.is_string()) {
        fail(key, std::string("must be a string, not ") + value.type_name());
    }
    return value.get<std::string>();
}

std::int64_t Fields::integer(std::string_view key, std::int64_t low, std::int64_t high,
                             std::optional<std::int64_t> fallback) const
{
    if (!has(key) && fallback) {
        return *fallback;
    }
    const nlohmann::json& value = at(key);
    if (!value.is_number_integer()) {
        fail(key, std::string("must be a whole number, not ") + value.type_name());
    }
    const bool huge =
        value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
    const std::int64_t number = huge ? INT64_MAX : value.get<std::int64_t>();
    if (number < low || number > high) {
        fail(key, "must lie between " + std::to_string(low) + " and " + std::to_string(high));
    }
    return number;
}

Fields Fields::object(std::string_view key) const
{
    return Fields(at(key), m_file, keyPath(key));
}

std::vector<Fields> Fields::objects(std::string_view key) const
{
    const nlohmann::json& value = at(key);
    if (!value.is_array()) {
        fail(key, std::string("must be a list, not ") + value.type_name());
    }
    std::vector<Fields> list;
    for (std::size_t i = 0; i < value.size(); ++i) {
        list.emplace_back(value[i], m_file, keyPath(key) + "[" + std::to_string(i) + "]");
    }
    return list;
}

} // namespace studio::text
