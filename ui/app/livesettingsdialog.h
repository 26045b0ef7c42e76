#pragma once

#include "session/livesettings.h"

#include <QDialog>

#include <functional>

class QDoubleSpinBox;
class QSpinBox;

namespace studio {

/// Asks for the settings that may change while a run goes on.
class LiveSettingsDialog : public QDialog
{
    Q_OBJECT

public:
    explicit LiveSettingsDialog(const LiveSettings& now, QWidget* parent = nullptr);

    LiveSettings settings() const;
    /// Shows the dialog; nothing when it was cancelled.
    std::optional<LiveSettings> ask();

    /// For tests: answers instead of a person.
    static void setAnswer(std::function<bool(LiveSettingsDialog&)> answer);

private:
    QSpinBox* m_logging;
    QSpinBox* m_evaluation;
    QSpinBox* m_saving;
    QSpinBox* m_patience;
    QDoubleSpinBox* m_factor;
};

} // namespace studio
