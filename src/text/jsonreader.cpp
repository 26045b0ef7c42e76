// tokenizer.json through nlohmann's SAX parser: model.vocab and model.merges, which are nearly the whole
// file, go into compact lists; the rest becomes a small document. Limits hold while reading, not afterwards.
#include "text/spec.h"

#include <cmath>
#include <unordered_set>

namespace studio::text {
namespace {

/// Walks the text and lets the handler know how far the parser has read.
struct CountingIterator
{
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    const char* at = nullptr;
    const char** reached = nullptr;

    reference operator*() const { return *at; }
    CountingIterator& operator++()
    {
        *reached = ++at;
        return *this;
    }
    CountingIterator operator++(int)
    {
        CountingIterator old = *this;
        ++*this;
        return old;
    }
    friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at == b.at; }
    friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return a.at != b.at; }
};

class Handler
{
public:
    using json = nlohmann::json;

    /// `wrapped`: the text has one line more at its start than the file.
    Handler(std::string_view text, std::string name, TokenizerSpec* spec, bool wrapped)
        : m_text(text), m_name(std::move(name)), m_spec(spec), m_wrapped(wrapped), m_reached(text.data())
    {}

    const char** reached() { return &m_reached; }
    json take() { return std::move(m_root); }

    bool null() { return value(nullptr); }
    bool boolean(bool v) { return value(v); }
    bool number_integer(json::number_integer_t v)
    {
        return m_list ? listNumber(static_cast<double>(v), v) : value(v);
    }
    bool number_unsigned(json::number_unsigned_t v)
    {
        if (m_list) {
            const bool small = v <= static_cast<json::number_unsigned_t>(INT32_MAX);
            return listNumber(static_cast<double>(v), small ? static_cast<std::int64_t>(v) : -1);
        }
        return value(v);
    }
    bool number_float(json::number_float_t v, const std::string&)
    {
        if (m_list) {
            if (!m_unigramPair) {
                fail("a token's id must be a whole number");
            }
            return listNumber(v, -1);
        }
        return value(v);
    }
    bool string(std::string& v) { return m_list ? listString(v) : value(std::move(v)); }
    bool binary(json::binary_t&) { return false; }

    bool start_object(std::size_t)
    {
        deeper();
        if (m_list) {
            fail("an object does not belong into the vocabulary or the merges");
        }
        if (m_spec != nullptr && m_depth == 3 && startsList(true)) {
            return true;
        }
        open(json::object());
        return true;
    }
    bool key(std::string& k)
    {
        if (m_list) {
            m_token = std::move(k);
            return true;
        }
        json& object = *m_stack.back();
        if (object.contains(k)) {
            fail("the key '" + k + "' occurs twice");
        }
        m_key = std::move(k);
        return true;
    }
    bool end_object()
    {
        --m_depth;
        if (m_list) {
            m_list = nullptr;
            return true;
        }
        close();
        return true;
    }
    bool start_array(std::size_t)
    {
        deeper();
        if (m_list) {
            return startListItem();
        }
        if (m_spec != nullptr && m_depth == 3 && startsList(false)) {
            return true;
        }
        open(json::array());
        return true;
    }
    bool end_array()
    {
        --m_depth;
        if (m_list) {
            endListItem();
            return true;
        }
        close();
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error)
    {
        std::string what = error.what();
        if (const auto start = what.find(": "); start != std::string::npos) {
            what = what.substr(start + 2);
        }
        m_reached = m_text.data() + std::min(position, m_text.size());
        fail(what);
    }

private:
    enum class List { Vocab, Merges };

    [[noreturn]] void fail(const std::string& what) const
    {
        std::size_t line = m_wrapped ? 0 : 1;
        std::size_t column = 1;
        for (const char* p = m_text.data(); p + 1 < m_reached; ++p) {
            if (*p == '\n') {
                ++line;
                column = 1;
            } else {
                ++column;
            }
        }
        failSpec(ErrorCode::Malformed,
                 "Cannot read " + m_name + ": line " + std::to_string(line) + ", column " +
                     std::to_string(column) + ": " + what,
                 m_name + ":" + std::to_string(line) + ":" + std::to_string(column));
    }

    void deeper()
    {
        if (++m_depth > kMaxJsonDepth) {
            fail("nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
        }
    }

    /// vocab and merges of the object "model" at the top.
    bool startsList(bool object)
    {
        if (m_stack.size() != 2 || m_topKey != "model") {
            return false;
        }
        if (m_key == "vocab") {
            m_kind = List::Vocab;
            m_spec->hasVocab = true;
            m_spec->scored = !object;
        } else if (m_key == "merges" && !object) {
            m_kind = List::Merges;
        } else {
            return false;
        }
        if (!m_seenLists.insert(m_key).second) {
            fail("the key '" + m_key + "' occurs twice");
        }
        m_list = &m_kind;
        m_listIsObject = object;
        return true;
    }

    bool startListItem()
    {
        if (m_listIsObject || m_depth != 4) {
            fail("a list does not belong here");
        }
        m_item = 0;
        m_unigramPair = m_kind == List::Vocab;
        return true;
    }

    void endListItem()
    {
        if (m_depth == 2) {
            m_list = nullptr;
            return;
        }
        if (m_item != 2) {
            fail(m_kind == List::Vocab ? "a piece must be [text, score]" : "a merge must be two texts");
        }
        m_unigramPair = false;
        if (m_kind == List::Merges) {
            addMerge(m_token, m_second);
        }
    }

    bool listString(std::string& v)
    {
        if (m_kind == List::Vocab) {
            if (!m_unigramPair || m_item != 0) {
                fail("a token's id must be a whole number");
            }
            m_token = std::move(v);
            m_item = 1;
            return true;
        }
        if (m_depth == 4) {
            if (m_item > 1) {
                fail("a merge must be two texts");
            }
            (m_item == 0 ? m_token : m_second) = std::move(v);
            ++m_item;
            return true;
        }
        const std::size_t space = v.find(' ');
        if (space == std::string::npos || v.find(' ', space + 1) != std::string::npos) {
            fail("the merge '" + v + "' must be two texts with one space between them");
        }
        addMerge(std::string_view(v).substr(0, space), std::string_view(v).substr(space + 1));
        return true;
    }

    bool listNumber(double number, std::int64_t whole)
    {
        if (m_kind != List::Vocab) {
            fail("a merge must be text");
        }
        if (m_spec->vocab.size() >= kMaxVocab) {
            fail("more than " + std::to_string(kMaxVocab) + " tokens");
        }
        if (!m_listIsObject) {
            if (!m_unigramPair || m_item != 1) {
                fail("a piece must be [text, score]");
            }
            if (!std::isfinite(number)) {
                fail("a score must be finite");
            }
            m_item = 2;
            m_spec->add(m_token, static_cast<std::int32_t>(m_spec->vocab.size()), number);
            return true;
        }
        if (whole < 0 || whole >= static_cast<std::int64_t>(kMaxVocab) * 4) {
            fail("the id of token '" + m_token + "' is out of range");
        }
        m_spec->add(m_token, static_cast<std::int32_t>(whole));
        return true;
    }

    void addMerge(std::string_view left, std::string_view right)
    {
        if (m_spec->merges.size() >= kMaxVocab) {
            fail("more than " + std::to_string(kMaxVocab) + " merges");
        }
        m_spec->addMerge(left, right);
    }

    json* put(json v)
    {
        if (const auto most = kFreeJsonNodes + m_text.size() / kBytesPerJsonNode; ++m_nodes > most) {
            fail("more than " + std::to_string(most) + " values beside the vocabulary");
        }
        if (m_stack.empty()) {
            m_root = std::move(v);
            return &m_root;
        }
        json& parent = *m_stack.back();
        if (parent.is_array()) {
            parent.push_back(std::move(v));
            return &parent.back();
        }
        if (m_stack.size() == 1) {
            m_topKey = m_key;
        }
        return &(parent[m_key] = std::move(v));
    }
    template <typename T>
    bool value(T&& v)
    {
        if (m_list) {
            fail("this kind of value does not belong into the vocabulary or the merges");
        }
        put(json(std::forward<T>(v)));
        return true;
    }
    void open(json v) { m_stack.push_back(put(std::move(v))); }
    void close() { m_stack.pop_back(); }

    std::string_view m_text;
    std::string m_name;
    TokenizerSpec* m_spec;
    bool m_wrapped;
    const char* m_reached;
    json m_root;
    std::vector<json*> m_stack;
    std::string m_key;
    std::string m_topKey;
    std::size_t m_depth = 0;
    std::size_t m_nodes = 0;
    List m_kind = List::Vocab;
    List* m_list = nullptr; ///< set inside model.vocab and model.merges
    bool m_listIsObject = false;
    bool m_unigramPair = false;
    int m_item = 0;
    std::string m_token;
    std::string m_second;
    std::unordered_set<std::string> m_seenLists;
};

nlohmann::json parse(std::string_view text, const std::string& name, std::size_t limit, TokenizerSpec* spec,
                     bool wrapped = false)
{
    if (text.size() > limit) {
        failSpec(ErrorCode::Malformed,
                 name + " has " + std::to_string(text.size()) + " bytes, more than the " +
                     std::to_string(limit) + " bytes that such a file may have",
                 name);
    }
    Handler handler(text, name, spec, wrapped);
    const CountingIterator first{text.data(), handler.reached()};
    const CountingIterator last{text.data() + text.size(), handler.reached()};
    nlohmann::json::sax_parse(first, last, &handler);
    nlohmann::json root = handler.take();
    if (!root.is_object()) {
        failSpec(ErrorCode::Malformed, name + " must hold a JSON object, not " + root.type_name(),
                 name + ":1:1");
    }
    return root;
}

} // namespace

TokenizerSpec parseTokenizerJson(std::string_view json, const std::string& name)
{
    TokenizerSpec spec;
    spec.name = name;
    spec.root = parse(json, name, kMaxTokenizerBytes, &spec);
    return spec;
}

TokenizerSpec parseVocabJson(std::string_view json, const std::string& name)
{
    std::string text = "{\"model\":{\"type\":\"BPE\",\"vocab\":\n";
    text += json;
    text += "}}";
    TokenizerSpec spec;
    spec.name = name;
    spec.root = parse(text, name, kMaxTokenizerBytes + 64, &spec, true);
    return spec;
}

nlohmann::json parseConfigJson(std::string_view json, const std::string& name)
{
    return parse(json, name, kMaxConfigBytes, nullptr);
}

} // namespace studio::text
