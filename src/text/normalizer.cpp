#include "text/normalizer.h"

namespace studio::text {
namespace {

class NormalizerSequence final : public Normalizer
{
public:
    explicit NormalizerSequence(std::vector<std::unique_ptr<Normalizer>> steps) : m_steps(std::move(steps)) {}

    void apply(NormalizedText& text) const override
    {
        for (const auto& step : m_steps) {
            step->apply(text);
        }
    }

private:
    std::vector<std::unique_ptr<Normalizer>> m_steps;
};

class UnicodeForm final : public Normalizer
{
public:
    UnicodeForm(bool compose, bool compatibility) : m_compose(compose), m_compatibility(compatibility) {}
    void apply(NormalizedText& text) const override { normalizeUnicode(text, m_compose, m_compatibility); }

private:
    bool m_compose;
    bool m_compatibility;
};

} // namespace

std::unique_ptr<Normalizer> makeNormalizer(const Fields& fields)
{
    const std::string type = fields.type();
    if (type == "BertNormalizer") {
        return makeBertNormalizer(readBertOptions(fields));
    }
    if (type == "Lowercase") {
        fields.allow({});
        return makeLowercase();
    }
    if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
        fields.allow({});
        return std::make_unique<UnicodeForm>(type.back() == 'C', type[2] == 'K');
    }
    if (type == "Sequence") {
        fields.allow({"normalizers"});
        std::vector<std::unique_ptr<Normalizer>> steps;
        for (const Fields& step : fields.objects("normalizers")) {
            steps.push_back(makeNormalizer(step));
        }
        return std::make_unique<NormalizerSequence>(std::move(steps));
    }
    fields.unsupported("normalizer", type);
}

} // namespace studio::text
