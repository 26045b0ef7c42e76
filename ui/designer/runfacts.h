#pragma once

#include "core/plan/lint.h"
#include "core/plan/runplan.h"
#include "core/result.h"

#include <QObject>

#include <optional>

namespace studio {

class DataFacts;
class RowCounts;
struct Experiment;

/// What is known about the run that an experiment describes, without opening the model: rows, plan, disk.
/// Shared by the plan strip and lint; numbers that take time arrive later, with changed().
class RunFacts : public QObject
{
    Q_OBJECT

public:
    explicit RunFacts(QObject* parent = nullptr);

    /// Rows of all training sets; nothing while they are being counted. Paths are absolute.
    std::optional<std::int64_t> rows(const Experiment& experiment);
    /// Nothing while rows are unknown; an Error when nothing can be trained.
    std::optional<Result<RunPlan>> plan(const Experiment& experiment);
    /// Bytes of one checkpoint, from the size of the weights; 0 when there is no model.
    std::int64_t checkpointBytes(const Experiment& experiment);
    LintFacts lintFacts(const Experiment& experiment);
    /// What whole data sets are like; small ones are examined as soon as lint asks for them.
    DataFacts* data() const { return m_data; }

Q_SIGNALS:
    void changed();

private:
    void describe(const Experiment& experiment, int index, LintDataSet& set);

    RowCounts* m_counts;
    DataFacts* m_data;
    QString m_modelFolder;
    std::int64_t m_weightBytes = 0;
};

} // namespace studio
