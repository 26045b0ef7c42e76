#pragma once

#include "core/series/smoothing.h"

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QSlider;
class QSpinBox;

namespace studio {

/// Chooses how curves are smoothed: the kind, and its weight by slider or number, or its window.
class SmoothingBar : public QWidget
{
    Q_OBJECT

public:
    explicit SmoothingBar(QWidget* parent = nullptr);

    SmoothingSpec spec() const;
    void setSpec(const SmoothingSpec& spec);

Q_SIGNALS:
    void changed();

private:
    void showFields();

    QComboBox* m_kind;
    QSlider* m_slider;
    QDoubleSpinBox* m_weight;
    QSpinBox* m_window;
};

} // namespace studio
