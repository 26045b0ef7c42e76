#include "text/pretokenizer.h"

#include <algorithm>

namespace studio::text {
namespace {

class PreTokenizerSequence final : public PreTokenizer
{
public:
    explicit PreTokenizerSequence(std::vector<std::unique_ptr<PreTokenizer>> steps)
        : m_steps(std::move(steps))
    {}

    void apply(CutText& cut) const override
    {
        for (const auto& step : m_steps) {
            step->apply(cut);
        }
    }
    bool needsOffsets() const override
    {
        return std::any_of(m_steps.begin(), m_steps.end(),
                           [](const auto& step) { return step->needsOffsets(); });
    }

private:
    std::vector<std::unique_ptr<PreTokenizer>> m_steps;
};

} // namespace

std::unique_ptr<PreTokenizer> makePreTokenizer(const Fields& fields)
{
    const std::string type = fields.type();
    if (type == "BertPreTokenizer") {
        fields.allow({});
        return makeBertPreTokenizer();
    }
    if (type == "Sequence") {
        fields.allow({"pretokenizers"});
        std::vector<std::unique_ptr<PreTokenizer>> steps;
        for (const Fields& step : fields.objects("pretokenizers")) {
            steps.push_back(makePreTokenizer(step));
        }
        return std::make_unique<PreTokenizerSequence>(std::move(steps));
    }
    fields.unsupported("pre_tokenizer", type);
}

} // namespace studio::text
