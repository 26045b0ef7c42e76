#include "engine/train/resumeproof.h"

#include "core/records/steps.h"

#include <bit>

namespace studio {

namespace {

std::uint32_t bits(double value)
{
    return std::bit_cast<std::uint32_t>(static_cast<float>(value));
}

std::string hex(std::uint32_t value)
{
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text(8, '0');
    for (int i = 7; i >= 0; --i, value >>= 4)
        text[static_cast<std::size_t>(i)] = kDigits[value & 15];
    return text;
}

} // namespace

void ResumeProof::expect(const std::filesystem::path& runDir, std::int64_t step)
{
    m_ledger.clear();
    const auto steps = StepFile::open(runDir / "steps.bin");
    if (!steps) return;
    for (const auto& [begin, end] : steps->live()) {
        for (auto i = begin; i < end; ++i) {
            const auto record = steps->at(i);
            if (record.step > step && record.step <= step + kSteps) m_ledger[record.step] = record;
        }
    }
    if (m_ledger.empty()) return;
    m_first = m_ledger.begin()->first;
    m_last = m_ledger.rbegin()->first;
}

std::string ResumeProof::compare(const StepRecord& record)
{
    const auto found = m_ledger.find(record.step);
    if (found == m_ledger.end()) return {};
    const auto& before = found->second;
    const auto differs = [&](const char* what, std::uint32_t was, std::uint32_t is) {
        m_ledger.clear();
        return "Resume proof: step " + std::to_string(record.step) +
               " differs from the interrupted run in its " + what + " (" + hex(was) + " before, " + hex(is) +
               " now). The run goes on, but it is not the one that was interrupted: look for changed data, "
               "arguments, thread count or program.";
    };
    if (before.batchHash != record.batchHash) return differs("batch", before.batchHash, record.batchHash);
    if (bits(before.loss) != bits(record.loss)) return differs("loss", bits(before.loss), bits(record.loss));
    if (bits(before.gradNorm) != bits(record.gradNorm))
        return differs("gradient norm", bits(before.gradNorm), bits(record.gradNorm));
    if (record.step != m_last) return {};
    m_ledger.clear();
    return "Resume proof: steps " + std::to_string(m_first) + " to " + std::to_string(m_last) +
           " came out bit for bit as before the interruption (batches, losses, gradient norms).";
}

} // namespace studio
