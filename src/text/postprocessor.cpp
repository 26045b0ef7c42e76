#include "text/postprocessor.h"

namespace studio::text {
namespace {

using Part = PostProcessor::Part;

Part special(const std::string& token, std::int32_t id, std::int32_t type)
{
    return {Part::Special, type, {id}, {token}};
}

/// ["[SEP]", 102]
std::pair<std::string, std::int32_t> readTokenPair(const Fields& fields, std::string_view key)
{
    const nlohmann::json& value = fields.at(key);
    if (!value.is_array() || value.size() != 2 || !value[0].is_string() || !value[1].is_number_unsigned() ||
        value[1].get<std::uint64_t>() > static_cast<std::uint64_t>(INT32_MAX)) {
        fields.fail(key, "must be a list of a token and its id");
    }
    return {value[0].get<std::string>(), static_cast<std::int32_t>(value[1].get<std::uint64_t>())};
}

std::vector<Part> readParts(const Fields& fields, std::string_view key)
{
    const Fields specials = fields.object("special_tokens");
    std::vector<Part> parts;
    for (const Fields& item : fields.objects(key)) {
        item.allow({"SpecialToken", "Sequence"});
        Part part;
        if (item.has("Sequence")) {
            const Fields sequence = item.object("Sequence");
            const std::string id = sequence.string("id");
            if (id != "A" && id != "B") {
                sequence.fail("id", "must be A or B");
            }
            part.kind = id == "A" ? Part::First : Part::Second;
            part.typeId = static_cast<std::int32_t>(sequence.integer("type_id", 0, INT32_MAX));
            parts.push_back(std::move(part));
            continue;
        }
        const Fields named = item.object("SpecialToken");
        part.typeId = static_cast<std::int32_t>(named.integer("type_id", 0, INT32_MAX));
        const std::string id = named.string("id");
        if (!specials.has(id)) {
            named.fail("id", "names '" + id + "', which special_tokens does not contain");
        }
        const Fields token = specials.object(id);
        const nlohmann::json& ids = token.at("ids");
        const nlohmann::json& tokens = token.at("tokens");
        if (!ids.is_array() || !tokens.is_array() || ids.size() != tokens.size()) {
            token.fail("ids", "and tokens must be lists of the same length");
        }
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (!ids[i].is_number_unsigned() ||
                ids[i].get<std::uint64_t>() > static_cast<std::uint64_t>(INT32_MAX) ||
                !tokens[i].is_string()) {
                token.fail("ids", "must be whole numbers, and tokens texts");
            }
            part.ids.push_back(static_cast<std::int32_t>(ids[i].get<std::uint64_t>()));
            part.tokens.push_back(tokens[i].get<std::string>());
        }
        parts.push_back(std::move(part));
    }
    return parts;
}

std::size_t count(const std::vector<Part>& parts, Part::Kind kind)
{
    std::size_t n = 0;
    for (const Part& part : parts) {
        n += part.kind == kind;
    }
    return n;
}

} // namespace

PostProcessor::PostProcessor()
    : m_single{{Part::First, 0, {}, {}}}, m_pair{{Part::First, 0, {}, {}}, {Part::Second, 1, {}, {}}}
{}

std::size_t PostProcessor::specialCount(bool pair) const
{
    std::size_t n = 0;
    for (const Part& part : parts(pair)) {
        n += part.ids.size();
    }
    return n;
}

PostProcessor PostProcessor::around(const std::string& cls, std::int32_t clsId, const std::string& sep,
                                    std::int32_t sepId, std::int32_t pairType, int between)
{
    PostProcessor post;
    post.m_hasTemplate = true;
    post.m_single = {special(cls, clsId, 0), {Part::First, 0, {}, {}}, special(sep, sepId, 0)};
    post.m_pair = post.m_single;
    for (int i = 1; i < between; ++i) {
        post.m_pair.push_back(special(sep, sepId, 0));
    }
    post.m_pair.push_back({Part::Second, pairType, {}, {}});
    post.m_pair.push_back(special(sep, sepId, pairType));
    return post;
}

void PostProcessor::readTemplate(const Fields& fields)
{
    fields.allow({"single", "pair", "special_tokens"});
    m_single = readParts(fields, "single");
    m_pair = readParts(fields, "pair");
    if (count(m_single, Part::First) != 1 || count(m_single, Part::Second) != 0) {
        fields.fail("single", "must contain the sequence A once");
    }
    if (count(m_pair, Part::First) != 1 || count(m_pair, Part::Second) != 1) {
        fields.fail("pair", "must contain the sequences A and B once");
    }
}

void PostProcessor::readInto(const Fields& fields)
{
    const std::string type = fields.type();
    if (type == "Sequence") {
        fields.allow({"processors"});
        for (const Fields& part : fields.objects("processors")) {
            readInto(part);
        }
        return;
    }
    if (type == "ByteLevel") {
        fields.allow({"add_prefix_space", "trim_offsets", "use_regex"});
        m_trimOffsets = fields.boolean("trim_offsets", true);
        m_addPrefixSpace = fields.boolean("add_prefix_space", true);
        return;
    }
    if (type != "TemplateProcessing" && type != "BertProcessing" && type != "RobertaProcessing") {
        fields.unsupported("post_processor", type);
    }
    if (m_hasTemplate) {
        fields.unsupported("post_processor", "Sequence with two templates");
    }
    m_hasTemplate = true;
    if (type == "TemplateProcessing") {
        readTemplate(fields);
        return;
    }
    const auto sep = readTokenPair(fields, "sep");
    const auto cls = readTokenPair(fields, "cls");
    const bool roberta = type == "RobertaProcessing";
    const PostProcessor made =
        around(cls.first, cls.second, sep.first, sep.second, roberta ? 0 : 1, roberta ? 2 : 1);
    m_single = made.m_single;
    m_pair = made.m_pair;
    if (roberta) {
        fields.allow({"sep", "cls", "trim_offsets", "add_prefix_space"});
        m_trimOffsets = fields.boolean("trim_offsets", true);
        m_addPrefixSpace = fields.boolean("add_prefix_space", true);
    } else {
        fields.allow({"sep", "cls"});
    }
}

PostProcessor PostProcessor::read(const Fields& fields)
{
    PostProcessor post;
    post.readInto(fields);
    return post;
}

} // namespace studio::text
