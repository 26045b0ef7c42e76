#include "data/roleguess.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>

namespace studio {
namespace {

struct KnownName
{
    std::string_view name;
    std::string_view role;
};

// Customary column names of data sets for sentence embeddings. "" leaves a column out.
constexpr std::array kKnownNames{
    KnownName{"label", "label"},
    KnownName{"labels", "label"},
    KnownName{"class", "label"},
    KnownName{"category", "label"},
    KnownName{"intent", "label"},
    KnownName{"topic", "label"},
    KnownName{"gold_label", "label"},
    KnownName{"is_duplicate", "label"},
    KnownName{"score", "score"},
    KnownName{"scores", "score"},
    KnownName{"similarity", "score"},
    KnownName{"similarity_score", "score"},
    KnownName{"sim", "score"},
    KnownName{"relatedness", "score"},
    KnownName{"relatedness_score", "score"},
    KnownName{"rating", "score"},
    KnownName{"anchor", "anchor"},
    KnownName{"query", "anchor"},
    KnownName{"question", "anchor"},
    KnownName{"positive", "positive"},
    KnownName{"pos", "positive"},
    KnownName{"answer", "positive"},
    KnownName{"response", "positive"},
    KnownName{"passage", "positive"},
    KnownName{"document", "positive"},
    KnownName{"context", "positive"},
    KnownName{"entailment", "positive"},
    KnownName{"negative", "negative"},
    KnownName{"neg", "negative"},
    KnownName{"hard_negative", "negative"},
    KnownName{"contradiction", "negative"},
    KnownName{"sentence1", "sentence1"},
    KnownName{"sentence_1", "sentence1"},
    KnownName{"sentence_a", "sentence1"},
    KnownName{"text1", "sentence1"},
    KnownName{"text_a", "sentence1"},
    KnownName{"premise", "sentence1"},
    KnownName{"question1", "sentence1"},
    KnownName{"s1", "sentence1"},
    KnownName{"english", "sentence1"},
    KnownName{"sentence2", "sentence2"},
    KnownName{"sentence_2", "sentence2"},
    KnownName{"sentence_b", "sentence2"},
    KnownName{"text2", "sentence2"},
    KnownName{"text_b", "sentence2"},
    KnownName{"hypothesis", "sentence2"},
    KnownName{"question2", "sentence2"},
    KnownName{"s2", "sentence2"},
    KnownName{"non_english", "sentence2"},
    KnownName{"sentence", "sentence"},
    KnownName{"text", "sentence"},
    KnownName{"id", ""},
    KnownName{"idx", ""},
    KnownName{"index", ""},
    KnownName{"split", ""},
    KnownName{"source", ""},
    KnownName{"genre", ""},
    KnownName{"attribution", ""},
    KnownName{"url", ""},
    KnownName{"lang", ""},
    KnownName{"language", ""},
    KnownName{"license", ""},
    KnownName{"dataset_name", ""},
};

std::string simplified(std::string_view name)
{
    std::string out;
    for (const char c : name) {
        if (c >= 'A' && c <= 'Z')
            out += static_cast<char>(c + 32);
        else
            out += c == '-' || c == ' ' || c == '.' ? '_' : c;
    }
    return out;
}

bool isNegativeNumbered(const std::string& name)
{
    for (const std::string_view stem : {"negative_", "neg_", "hard_negative_", "negative", "neg"})
        if (name.starts_with(stem) && name.size() > stem.size() &&
            name.find_first_not_of("0123456789", stem.size()) == std::string::npos)
            return true;
    return false;
}

/// What the values of a column look like.
struct Look
{
    std::int64_t rows = 0;
    std::int64_t filled = 0;
    std::int64_t numbers = 0;
    std::int64_t wholes = 0;
    std::int64_t distinct = 0;
    double meanLength = 0;
    bool isText = false;
};

Look lookAt(const Column& column)
{
    Look look;
    look.rows = column.rows();
    look.isText = column.kind() == ColumnKind::Text && !column.nested();
    std::set<std::string> values;
    for (std::int64_t row = 0; row < column.rows(); ++row) {
        const auto value = column.display(row);
        if (value.empty()) continue;
        ++look.filled;
        values.insert(value);
        look.meanLength += static_cast<double>(value.size());
        double real = 0;
        std::int64_t whole = 0;
        const auto* end = value.data() + value.size();
        look.numbers += std::from_chars(value.data(), end, real).ptr == end;
        look.wholes += std::from_chars(value.data(), end, whole).ptr == end;
    }
    if (look.filled > 0) look.meanLength /= static_cast<double>(look.filled);
    look.distinct = static_cast<std::int64_t>(values.size());
    return look;
}

bool fewValues(const Look& look)
{
    return look.filled >= 10 && look.distinct * 5 <= look.filled;
}

RoleGuess byName(const Column& column, const Look& look)
{
    const auto name = simplified(column.name());
    if (look.filled == 0) return {column.name(), "", "it has no values in the first rows"};
    if (name.ends_with("_id") || name.ends_with("_ids") || name.ends_with("_idx") ||
        name.starts_with("unnamed:_"))
        return {column.name(), "", "its name is usual for an identifier"};
    if (isNegativeNumbered(name) && look.isText)
        return {column.name(), name, "its name is usual for one of several negatives"};
    for (const auto& known : kKnownNames) {
        if (known.name != name) continue;
        if (known.role.empty()) return {column.name(), "", "its name is usual for information about the row"};
        const bool wantsText = known.role != "label" && known.role != "score";
        if (wantsText != (look.isText && look.numbers < look.filled) && known.role != "label") break;
        return {column.name(), std::string(known.role),
                "its name is usual for " + std::string(known.role == "anchor" ? "an " : "a ") +
                    std::string(known.role)};
    }
    return {column.name(), "?", ""};
}

RoleGuess byValues(const Column& column, const Look& look, bool labelWanted)
{
    const auto rows = std::to_string(look.filled) + " rows";
    if (column.kind() == ColumnKind::List && labelWanted)
        return {column.name(), "label", "it holds lists of numbers"};
    if (column.nested() || column.kind() == ColumnKind::List || column.kind() == ColumnKind::TextList)
        return {column.name(), "", "it holds lists or nested values"};
    if (look.numbers == look.filled) {
        if (!labelWanted) return {column.name(), "", "it holds numbers, and another column is the label"};
        if (look.wholes == look.filled && fewValues(look))
            return {column.name(), "label",
                    std::to_string(look.distinct) + " different whole numbers in " + rows};
        if (look.wholes < look.filled) return {column.name(), "score", "it holds numbers with fractions"};
        return {column.name(), "", "it holds numbers that differ from row to row"};
    }
    if (fewValues(look) && look.meanLength < 40) {
        if (labelWanted)
            return {column.name(), "label",
                    std::to_string(look.distinct) + " different short values in " + rows};
        return {column.name(), "", "it holds few different values, and another column is the label"};
    }
    return {column.name(), "text", "it holds texts"};
}

bool isLabelRole(const std::string& role)
{
    return role == "label" || role == "score";
}

int customaryPlace(const std::string& role)
{
    if (isLabelRole(role)) return 9;
    if (role == "anchor" || role == "sentence1" || role == "sentence") return 0;
    if (role == "positive" || role == "sentence2") return 1;
    return 2;
}

/// Gives columns that merely hold texts the roles that are still free.
void nameTexts(std::vector<RoleGuess>& guesses)
{
    std::set<std::string> used;
    std::size_t texts = 0;
    for (const auto& guess : guesses) {
        used.insert(guess.role);
        texts += guess.role == "text";
    }
    if (texts == 0) return;
    const bool label = used.count("label") + used.count("score") > 0;
    const bool pairs = used.count("sentence1") + used.count("sentence2") > 0;
    const bool ranked = used.count("anchor") + used.count("positive") + used.count("negative") > 0;
    std::vector<std::string> free;
    if (pairs || (label && texts == 2 && !ranked))
        free = {"sentence1", "sentence2"};
    else if (texts == 1 && !ranked)
        free = {"sentence"};
    else
        free = {"anchor", "positive", "negative"};
    std::erase_if(free, [&](const std::string& role) { return used.count(role) > 0; });
    std::size_t next = 0;
    for (auto& guess : guesses) {
        if (guess.role != "text") continue;
        if (next < free.size()) {
            guess.role = free[next++];
            guess.reason += "; the first free role for texts";
        } else {
            guess.role.clear();
            guess.reason = "all roles for texts are taken";
        }
    }
}

} // namespace

std::vector<RoleGuess> guessRoles(const Table& preview)
{
    std::vector<RoleGuess> guesses;
    std::vector<Look> looks;
    std::set<std::string> used;
    for (int i = 0; i < preview.columns(); ++i) {
        looks.push_back(lookAt(preview.column(i)));
        auto guess = byName(preview.column(i), looks.back());
        const bool taken = used.count(guess.role) > 0 ||
                           (isLabelRole(guess.role) && used.count("label") + used.count("score") > 0);
        if (!guess.role.empty() && guess.role != "?" && taken)
            guess = {guess.column, isLabelRole(guess.role) ? "" : "?",
                     "another column has that role already"};
        used.insert(guess.role);
        guesses.push_back(std::move(guess));
    }
    for (std::size_t i = 0; i < guesses.size(); ++i) {
        if (guesses[i].role != "?") continue;
        const bool labelWanted = used.count("label") + used.count("score") == 0;
        guesses[i] = byValues(preview.column(static_cast<int>(i)), looks[i], labelWanted);
        used.insert(guesses[i].role);
    }
    nameTexts(guesses);
    return guesses;
}

std::vector<std::pair<std::string, std::string>> rolesOf(const std::vector<RoleGuess>& guesses)
{
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& guess : guesses)
        if (!guess.role.empty()) out.emplace_back(guess.role, guess.column);
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
        return customaryPlace(a.first) < customaryPlace(b.first);
    });
    return out;
}

} // namespace studio
