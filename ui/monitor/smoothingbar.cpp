#include "ui/monitor/smoothingbar.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>

#include <cmath>

namespace studio {

SmoothingBar::SmoothingBar(QWidget* parent)
    : QWidget(parent),
      m_kind(new QComboBox(this)),
      m_slider(new QSlider(Qt::Horizontal, this)),
      m_weight(new QDoubleSpinBox(this)),
      m_window(new QSpinBox(this))
{
    m_kind->addItem(tr("None"), static_cast<int>(SmoothingKind::None));
    m_kind->addItem(tr("Exponential"), static_cast<int>(SmoothingKind::Exponential));
    m_kind->addItem(tr("Time-weighted"), static_cast<int>(SmoothingKind::TimeWeighted));
    m_kind->addItem(tr("Mean"), static_cast<int>(SmoothingKind::Mean));
    m_kind->setToolTip(
        tr("Exponential: debiased, as TensorBoard. Time-weighted: by distance, as Weights & Biases. "
           "Mean: of the last values."));
    m_kind->setAccessibleName(tr("Smoothing"));
    m_slider->setRange(0, 99);
    m_slider->setAccessibleName(tr("Smoothing weight, coarse"));
    m_slider->setMinimumWidth(90);
    m_slider->setMaximumWidth(160);
    m_weight->setRange(0, 0.999);
    m_weight->setDecimals(3);
    m_weight->setSingleStep(0.05);
    m_weight->setAccessibleName(tr("Smoothing weight"));
    m_window->setRange(1, 100000);
    m_window->setSuffix(tr(" values"));
    m_window->setAccessibleName(tr("Smoothing window"));
    m_window->setKeyboardTracking(false);

    auto* label = new QLabel(tr("S&moothing"), this);
    label->setBuddy(m_kind);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    for (QWidget* part : std::initializer_list<QWidget*>{label, m_kind, m_slider, m_weight, m_window})
        layout->addWidget(part);
    setSpec({SmoothingKind::Exponential, 0.6, 20});

    connect(m_slider, &QSlider::valueChanged, this, [this](int value) { m_weight->setValue(value / 100.0); });
    connect(m_weight, &QDoubleSpinBox::valueChanged, this, [this](double value) {
        const QSignalBlocker quiet(m_slider);
        m_slider->setValue(static_cast<int>(std::lround(value * 100)));
        Q_EMIT changed();
    });
    connect(m_window, &QSpinBox::valueChanged, this, &SmoothingBar::changed);
    connect(m_kind, &QComboBox::currentIndexChanged, this, [this] {
        showFields();
        Q_EMIT changed();
    });
}

SmoothingSpec SmoothingBar::spec() const
{
    SmoothingSpec spec;
    spec.kind = static_cast<SmoothingKind>(m_kind->currentData().toInt());
    spec.weight = m_weight->value();
    spec.window = m_window->value();
    return spec;
}

void SmoothingBar::setSpec(const SmoothingSpec& spec)
{
    m_kind->setCurrentIndex(m_kind->findData(static_cast<int>(spec.kind)));
    m_weight->setValue(spec.weight);
    m_slider->setValue(static_cast<int>(std::lround(spec.weight * 100)));
    m_window->setValue(spec.window);
    showFields();
}

void SmoothingBar::showFields()
{
    const auto kind = spec().kind;
    const bool weighted = kind == SmoothingKind::Exponential || kind == SmoothingKind::TimeWeighted;
    m_slider->setVisible(weighted);
    m_weight->setVisible(weighted);
    m_window->setVisible(kind == SmoothingKind::Mean);
}

} // namespace studio
