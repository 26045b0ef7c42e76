#include "ui/app/livesettingsdialog.h"

#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

namespace studio {
namespace {

std::function<bool(LiveSettingsDialog&)>& answer()
{
    static std::function<bool(LiveSettingsDialog&)> instance;
    return instance;
}

/// What is off can be switched on, but not the other way round: off stays the least value only where it is now.
QSpinBox* makeCount(const QString& objectName, const QString& unit, std::int64_t now, const QString& off)
{
    auto* box = new QSpinBox;
    box->setObjectName(objectName);
    box->setRange(now > 0 ? 1 : 0, std::numeric_limits<int>::max());
    if (now <= 0) box->setSpecialValueText(off);
    box->setSuffix(unit);
    box->setGroupSeparatorShown(true);
    box->setValue(static_cast<int>(std::min<std::int64_t>(now, std::numeric_limits<int>::max())));
    return box;
}

} // namespace

LiveSettingsDialog::LiveSettingsDialog(const LiveSettings& now, QWidget* parent)
    : QDialog(parent),
      m_logging(makeCount(QStringLiteral("logging_steps"), tr(" steps"), now.loggingSteps, tr("never"))),
      m_evaluation(makeCount(QStringLiteral("eval_steps"), tr(" steps"), now.evalSteps, tr("never"))),
      m_saving(makeCount(QStringLiteral("save_steps"), tr(" steps"), now.saveSteps, tr("never"))),
      m_patience(makeCount(QStringLiteral("early_stopping_patience"), tr(" evaluations"), now.patience.value_or(0),
                           tr("no early stopping"))),
      m_factor(new QDoubleSpinBox)
{
    setWindowTitle(tr("Change Settings While Running"));
    m_factor->setObjectName(QStringLiteral("learning_rate_factor"));
    m_factor->setDecimals(4);
    m_factor->setRange(0, 1000);
    m_factor->setSingleStep(0.1);
    m_factor->setValue(now.rateFactor);
    auto* form = new QFormLayout;
    const auto row = [&](const QString& label, QWidget* field) {
        field->setAccessibleName(QString(label).remove(u'&'));
        form->addRow(label, field);
    };
    row(tr("&Log every"), m_logging);
    row(tr("&Evaluate every"), m_evaluation);
    row(tr("&Save every"), m_saving);
    row(tr("&Patience"), m_patience);
    row(tr("Learning-rate &factor"), m_factor);
    auto* hint = new QLabel(tr("Holds from the next step on and in later checkpoints. Each change is recorded and "
                               "marked in the charts. The factor multiplies every rate of the schedule."));
    hint->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    auto* apply = buttons->addButton(tr("Change"), QDialogButtonBox::AcceptRole);
    apply->setDefault(true);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(form);
    layout->addWidget(hint);
    layout->addWidget(buttons);
}

LiveSettings LiveSettingsDialog::settings() const
{
    LiveSettings settings;
    settings.loggingSteps = m_logging->value();
    settings.evalSteps = m_evaluation->value();
    settings.saveSteps = m_saving->value();
    if (m_patience->value() > 0) settings.patience = m_patience->value();
    settings.rateFactor = m_factor->value();
    return settings;
}

std::optional<LiveSettings> LiveSettingsDialog::ask()
{
    const bool accepted = answer() ? answer()(*this) : exec() == Accepted;
    return accepted ? std::optional(settings()) : std::nullopt;
}

void LiveSettingsDialog::setAnswer(std::function<bool(LiveSettingsDialog&)> function)
{
    answer() = std::move(function);
}

} // namespace studio
