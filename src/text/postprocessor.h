#pragma once

#include "text/spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace studio::text {

/// What is put around the tokens of one text or of two.
class PostProcessor
{
public:
    struct Part
    {
        enum Kind { Special, First, Second } kind = Special;
        std::int32_t typeId = 0;
        std::vector<std::int32_t> ids;   ///< of a special part
        std::vector<std::string> tokens; ///< their names
    };

    PostProcessor(); ///< nothing around: the tokens alone, type 0 and 1

    const std::vector<Part>& parts(bool pair) const { return pair ? m_pair : m_single; }
    std::size_t specialCount(bool pair) const;

    /// Byte-level tokens leave the white space at their ends out of their offsets.
    bool trimsOffsets() const { return m_trimOffsets; }
    /// The first token's one leading space was put in by the pre-tokenizer and has no offset anyway.
    bool addsPrefixSpace() const { return m_addPrefixSpace; }

    /// A "post_processor" of tokenizer.json.
    static PostProcessor read(const Fields& fields);
    /// [CLS] A [SEP] (B [SEP]), the second half with type `pairType`; `between` separators between A and B.
    static PostProcessor around(const std::string& cls, std::int32_t clsId, const std::string& sep,
                                std::int32_t sepId, std::int32_t pairType, int between);

private:
    void readInto(const Fields& fields);
    void readTemplate(const Fields& fields);

    std::vector<Part> m_single;
    std::vector<Part> m_pair;
    bool m_hasTemplate = false;
    bool m_trimOffsets = false;
    bool m_addPrefixSpace = true;
};

} // namespace studio::text
