#pragma once

#include "core/records/record.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace studio {

/// Proves that a resumed run is the run that was interrupted. The ledger is steps.bin: what a run had done
/// beyond the checkpoint that it goes on from is done again, and each redone step must give the same batch
/// hash, the same bits of the loss and of the gradient norm (as 32-bit numbers, which is what the ledger
/// keeps).
class ResumeProof
{
public:
    /// Steps that are looked at, at most.
    static constexpr std::int64_t kSteps = 20;

    /// Reads what the run folder knows of the steps behind `step`. Nothing known: nothing will be compared.
    void expect(const std::filesystem::path& runDir, std::int64_t step);

    std::int64_t expected() const { return static_cast<std::int64_t>(m_ledger.size()); }

    /// To be called with each step. A sentence when the proof is done: certified, or the first difference;
    /// else empty.
    std::string compare(const StepRecord& record);

private:
    std::map<std::int64_t, StepRecord> m_ledger;
    std::int64_t m_first = 0;
    std::int64_t m_last = 0;
};

} // namespace studio
