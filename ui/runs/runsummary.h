#pragma once

#include <QTextBrowser>

namespace studio {

struct ComparedRun;

/// One page about a run that has ended: metrics before and after, where the model lies, what to try next, and the Python
/// lines that load it.
class RunSummaryPage : public QTextBrowser
{
    Q_OBJECT

public:
    explicit RunSummaryPage(QWidget* parent = nullptr);

    void setRun(const ComparedRun* run);
};

QString runSummaryHtml(const ComparedRun& run);
/// Sentences about what the curves say; at least one.
QStringList whatToTry(const ComparedRun& run);

} // namespace studio
