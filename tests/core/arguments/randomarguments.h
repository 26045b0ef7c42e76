#pragma once

#include "core/arguments/argumentfields.h"

#include <cmath>
#include <random>

namespace studio::test {

/// Argument sets with random values of the right types, in and out of range, the same for the same seed.
class RandomArguments
{
public:
    explicit RandomArguments(unsigned seed) : m_random(seed) {}

    TrainingArguments next()
    {
        TrainingArguments arguments;
        for (const Field& field : argumentFields()) {
            if (chance(0.3)) {
                (void)field.set(arguments, value(field));
            }
        }
        return arguments;
    }

    Json value(const Field& field)
    {
        if (field.nullable && chance(0.2)) {
            return nullptr;
        }
        switch (field.type) {
        case FieldType::Bool:
            return chance(0.5);
        case FieldType::Int:
            return field.acceptsFraction && chance(0.3) ? Json(fraction()) : Json(whole());
        case FieldType::Float:
        case FieldType::Number:
            return chance(0.4) ? Json(whole()) : Json(fraction());
        case FieldType::Enum:
            return std::string(
                field.choices[static_cast<std::size_t>(whole(0, field.choices.size() - 1))].value);
        case FieldType::StringList:
            return field.acceptsText && chance(0.5) ? Json(text()) : Json::array({text(), text()});
        case FieldType::Object:
            return chance(0.3) ? Json(text())
                               : Json{{text(), fraction()},
                                      {"nested", {{"list", {1, 2.5, nullptr}}, {text(), text()}}}};
        default:
            return text();
        }
    }

private:
    bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(m_random) < p; }
    std::int64_t whole(std::int64_t from = -3, std::int64_t to = 5000)
    {
        return std::uniform_int_distribution<std::int64_t>(from, to)(m_random);
    }
    double fraction()
    {
        return std::uniform_real_distribution<>(-1, 10)(m_random) *
               std::pow(10.0, static_cast<double>(whole(-12, 18)));
    }
    std::string text()
    {
        static const char* const kPieces[] = {"a",  "query: ", "Zürich", "東",   "😀",   "\"",
                                              "\\", "\n",      "/",      "\x7f", "1e-3"};
        std::string all;
        for (std::int64_t n = whole(0, 4); n > 0; --n) {
            all += kPieces[whole(0, 10)];
        }
        return all;
    }

    std::mt19937_64 m_random;
};

} // namespace studio::test
