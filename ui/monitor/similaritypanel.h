#pragma once

#include <QString>
#include <QWidget>

#include <array>
#include <vector>

class QComboBox;
class QLabel;
class QSlider;

namespace studio {

class RunModel;
class SimilarityHistogramView;
struct Event;

/// What the `quality` event of one evaluation says about one evaluation set.
struct SimilarityRecord
{
    static constexpr int kBins = 40; ///< equal bins of cosine similarity from -1 to 1

    std::int64_t step = 0;
    double epoch = 0;
    std::array<double, kBins> positives{}; ///< counts
    std::array<double, kBins> negatives{};
    double alignment = 0;
    double uniformity = 0;
    double effectiveRank = 0;
    double meanPositive = 0;
    double meanNegative = 0;
    double overlap = 0;

    static SimilarityRecord from(const Event& event);
    /// Probability that a positive pair is more similar than a negative one, ties counting half; from the
    /// bins. Not a number without pairs of both kinds.
    double separation() const;
    /// The edge of a bin that tells positives from negatives with the highest mean of both hit rates.
    double threshold() const;
};

/// Similarities of pairs that belong together and of pairs that do not, at every evaluation, with a slider
/// over time. It follows the newest evaluation until the slider is moved back.
class SimilarityPanel : public QWidget
{
    Q_OBJECT

public:
    /// `run` outlives the panel.
    explicit SimilarityPanel(RunModel* run, QWidget* parent = nullptr);

    /// Reads the run's new events: once a tick.
    void refresh();
    /// The records of the chosen set.
    const std::vector<SimilarityRecord>& records() const;
    int shownRecord() const;

private:
    struct Set
    {
        QString name;
        std::vector<SimilarityRecord> records;
    };

    void clear();
    void add(const Event& event);
    void showRecord();

    RunModel* m_run;
    std::vector<Set> m_sets;
    std::size_t m_eventsRead = 0;
    QComboBox* m_chooser;
    SimilarityHistogramView* m_view;
    QSlider* m_slider;
    QLabel* m_when;
    QLabel* m_numbers;
    bool m_follows = true;
};

} // namespace studio
