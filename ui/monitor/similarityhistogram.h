#pragma once

#include "ui/monitor/similaritypanel.h"

#include <optional>

namespace studio {

/// Draws two histograms of cosine similarity over each other, each scaled to its own number of pairs.
class SimilarityHistogramView : public QWidget
{
    Q_OBJECT

public:
    explicit SimilarityHistogramView(QWidget* parent = nullptr);

    /// `before` is drawn as an outline: the first evaluation, to compare with.
    void setRecords(const SimilarityRecord* shown, const SimilarityRecord* before);
    QSize minimumSizeHint() const override { return {220, 90}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::optional<SimilarityRecord> m_shown;
    std::optional<SimilarityRecord> m_before;
};

} // namespace studio
