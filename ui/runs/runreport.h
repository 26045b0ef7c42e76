#pragma once

#include <QString>

namespace studio {

struct ComparedRun;

/// The run as one page of HTML that needs nothing else: summary, curves as SVG, settings.
QString runReportHtml(const ComparedRun& run);

} // namespace studio
