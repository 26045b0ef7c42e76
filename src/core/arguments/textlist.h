#pragma once

#include <string>
#include <utility>
#include <vector>

namespace studio {

/// A list of words that the original also takes as one text ("none", "full_shard auto_wrap") and then keeps
/// as text until the construction rules turn it into a list.
class TextList
{
public:
    TextList() = default;
    TextList(const char* text) : m_text(text), m_isText(true) {}
    TextList(std::string text) : m_text(std::move(text)), m_isText(true) {}
    TextList(std::vector<std::string> items) : m_items(std::move(items)) {}

    bool isText() const { return m_isText; }
    const std::string& text() const { return m_text; } ///< empty for a list

    /// The list; a text gives itself as the only element, an empty text none.
    std::vector<std::string> items() const
    {
        if (m_isText) {
            return m_text.empty() ? std::vector<std::string>{} : std::vector<std::string>{m_text};
        }
        return m_items;
    }

    bool empty() const { return m_isText ? m_text.empty() : m_items.empty(); }

    /// Same form and same content.
    bool operator==(const TextList& other) const = default;

private:
    std::vector<std::string> m_items;
    std::string m_text;
    bool m_isText = false;
};

} // namespace studio
