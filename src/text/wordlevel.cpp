#include "text/models.h"

namespace studio::text {

WordLevel::WordLevel(Vocab vocab, const Fields& fields) : Model(std::move(vocab))
{
    fields.allow({"vocab", "unk_token"});
    const std::string unknown = fields.string("unk_token", "<unk>");
    m_unknown = m_vocab.find(unknown);
    if (m_unknown < 0) {
        fields.fail("unk_token", "names '" + unknown + "', which the vocabulary does not contain");
    }
}

void WordLevel::tokenize(std::string_view piece, std::vector<ModelToken>& out) const
{
    const std::int32_t id = m_vocab.find(piece);
    out.push_back({id >= 0 ? id : m_unknown, 0, static_cast<std::uint32_t>(piece.size()), false});
}

} // namespace studio::text
