#include "ui/monitor/similaritypanel.h"

#include "session/runmodel.h"
#include "ui/charts/axisticks.h"
#include "ui/monitor/similarityhistogram.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSignalBlocker>
#include <QSlider>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>
#include <numeric>

namespace studio {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The bin of "positives_07" after the given word, or -1.
int binOf(const std::string& key, const std::string& word)
{
    if (key.size() != word.size() + 2 || key.compare(0, word.size(), word) != 0) return -1;
    const int tens = key[word.size()] - '0', ones = key[word.size() + 1] - '0';
    const int bin = tens * 10 + ones;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 && bin < SimilarityRecord::kBins ? bin : -1;
}

} // namespace

SimilarityRecord SimilarityRecord::from(const Event& event)
{
    SimilarityRecord record;
    record.step = event.step;
    record.epoch = event.epoch;
    const std::pair<const char*, double SimilarityRecord::*> numbers[] = {
        {"alignment", &SimilarityRecord::alignment},
        {"uniformity", &SimilarityRecord::uniformity},
        {"effective_rank", &SimilarityRecord::effectiveRank},
        {"similarity_positives", &SimilarityRecord::meanPositive},
        {"similarity_negatives", &SimilarityRecord::meanNegative},
        {"overlap", &SimilarityRecord::overlap},
    };
    for (const auto& [key, value] : event.values) {
        if (const int bin = binOf(key, "positives_"); bin >= 0)
            record.positives[static_cast<std::size_t>(bin)] = value;
        else if (const int other = binOf(key, "negatives_"); other >= 0)
            record.negatives[static_cast<std::size_t>(other)] = value;
        for (const auto& [name, member] : numbers)
            if (key == name) record.*member = value;
    }
    return record;
}

double SimilarityRecord::separation() const
{
    double below = 0, won = 0;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        won += positives[bin] * (below + negatives[bin] / 2);
        below += negatives[bin];
    }
    const double pairs = below * std::accumulate(positives.begin(), positives.end(), 0.0);
    return pairs > 0 ? won / pairs : kNaN;
}

double SimilarityRecord::threshold() const
{
    const double allPositives = std::accumulate(positives.begin(), positives.end(), 0.0);
    const double allNegatives = std::accumulate(negatives.begin(), negatives.end(), 0.0);
    if (!(allPositives > 0 && allNegatives > 0)) return kNaN;
    double best = -1, edge = kNaN, positivesBelow = 0, negativesBelow = 0;
    for (std::size_t bin = 0; bin + 1 < kBins; ++bin) {
        positivesBelow += positives[bin];
        negativesBelow += negatives[bin];
        const double rate = (1 - positivesBelow / allPositives + negativesBelow / allNegatives) / 2;
        if (rate <= best) continue;
        best = rate;
        edge = -1 + 2 * static_cast<double>(bin + 1) / kBins;
    }
    return edge;
}

SimilarityPanel::SimilarityPanel(RunModel* run, QWidget* parent)
    : QWidget(parent),
      m_run(run),
      m_chooser(new QComboBox(this)),
      m_view(new SimilarityHistogramView(this)),
      m_slider(new QSlider(Qt::Horizontal, this)),
      m_when(new QLabel(this)),
      m_numbers(new QLabel(this))
{
    setObjectName(QStringLiteral("similarityPanel"));
    m_chooser->setObjectName(QStringLiteral("similaritySet"));
    m_chooser->setAccessibleName(tr("Evaluation set"));
    m_slider->setObjectName(QStringLiteral("similaritySlider"));
    m_slider->setAccessibleName(tr("Evaluation to show"));
    m_slider->setToolTip(tr("Drag through the evaluations; at the right end it follows the run."));
    m_slider->setPageStep(1);
    m_slider->setRange(0, 0);
    m_slider->setEnabled(false);
    m_when->setObjectName(QStringLiteral("similarityWhen"));
    m_numbers->setObjectName(QStringLiteral("similarityNumbers"));
    m_numbers->setWordWrap(true);

    auto* row = new QHBoxLayout;
    row->addWidget(m_chooser);
    row->addWidget(m_slider, 1);
    row->addWidget(m_when);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->addLayout(row);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_numbers);

    connect(m_run, &RunModel::cleared, this, &SimilarityPanel::clear);
    connect(m_slider, &QSlider::valueChanged, this, [this](int value) {
        m_follows = value == m_slider->maximum();
        showRecord();
    });
    connect(m_chooser, &QComboBox::currentIndexChanged, this, [this] {
        m_follows = true;
        showRecord();
    });
    clear();
}

void SimilarityPanel::clear()
{
    m_sets.clear();
    m_eventsRead = 0;
    m_follows = true;
    const QSignalBlocker quiet(m_chooser);
    m_chooser->clear();
    m_chooser->hide();
    showRecord();
}

void SimilarityPanel::refresh()
{
    const auto& events = m_run->events();
    bool news = false;
    for (; m_eventsRead < events.size(); ++m_eventsRead) {
        if (events[m_eventsRead].kind != EventKind::Quality) continue;
        add(events[m_eventsRead]);
        news = true;
    }
    if (news) showRecord();
}

void SimilarityPanel::add(const Event& event)
{
    const QString name = QString::fromStdString(event.text);
    auto set = std::find_if(m_sets.begin(), m_sets.end(), [&](const Set& one) { return one.name == name; });
    if (set == m_sets.end()) {
        m_sets.push_back({name, {}});
        set = m_sets.end() - 1;
        const QSignalBlocker quiet(m_chooser);
        m_chooser->addItem(name);
        m_chooser->setVisible(m_sets.size() > 1);
    }
    // A run that went on from an earlier checkpoint measures these steps again.
    std::erase_if(set->records, [&](const SimilarityRecord& record) { return record.step >= event.step; });
    set->records.push_back(SimilarityRecord::from(event));
}

const std::vector<SimilarityRecord>& SimilarityPanel::records() const
{
    static const std::vector<SimilarityRecord> none;
    const int index = m_chooser->currentIndex();
    return index < 0 || m_sets.empty() ? none : m_sets[static_cast<std::size_t>(index)].records;
}

int SimilarityPanel::shownRecord() const
{
    return records().empty() ? -1 : m_slider->value();
}

void SimilarityPanel::showRecord()
{
    const auto& all = records();
    {
        const QSignalBlocker quiet(m_slider);
        const int last = std::max(static_cast<int>(all.size()) - 1, 0);
        m_slider->setMaximum(last);
        if (m_follows) m_slider->setValue(last);
        m_slider->setEnabled(last > 0);
    }
    if (all.empty()) {
        m_view->setRecords(nullptr, nullptr);
        m_when->clear();
        m_numbers->clear();
        return;
    }
    const auto index = static_cast<std::size_t>(m_slider->value());
    const auto& record = all[index];
    m_view->setRecords(&record, index > 0 ? &all.front() : nullptr);
    m_when->setText(tr("Step %1, epoch %2")
                        .arg(QLocale().toString(static_cast<qlonglong>(record.step)),
                             QLocale().toString(record.epoch, 'f', 2)));
    m_numbers->setText(
        tr("Means %1 and %2 · overlap %3 · separation %4 · threshold %5 · alignment %6 · uniformity %7 · "
           "effective rank %8")
            .arg(valueText(record.meanPositive), valueText(record.meanNegative), valueText(record.overlap),
                 valueText(record.separation()), valueText(record.threshold()), valueText(record.alignment),
                 valueText(record.uniformity), valueText(record.effectiveRank)));
}

} // namespace studio
