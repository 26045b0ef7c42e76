#include "ui/designer/presetname.h"

#include "core/arguments/argumentfields.h"
#include "ui/designer/argumenteditor.h"
#include "ui/designer/presetlibrary.h"
#include "ui/widgets/icons.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace studio {

PresetNameDialog::PresetNameDialog(const PresetLibrary& library, const Experiment& experiment,
                                   QWidget* parent)
    : QDialog(parent),
      m_library(library),
      m_experiment(experiment),
      m_name(new QLineEdit(this)),
      m_notes(new QLineEdit(this)),
      m_remark(new QLabel(this)),
      m_values(new QTreeWidget(this)),
      m_losses(new QCheckBox(tr("Keep the &losses of the training sets too"), this))
{
    setWindowTitle(tr("Save as Preset"));
    auto* column = new QVBoxLayout(this);
    auto* form = new QFormLayout;
    form->addRow(tr("&Name"), m_name);
    form->addRow(QString(), m_remark);
    form->addRow(tr("N&otes"), m_notes);
    column->addLayout(form);
    m_remark->setWordWrap(true);
    m_name->setAccessibleName(tr("Name of the preset"));
    m_notes->setAccessibleName(tr("Notes of the preset"));
    m_notes->setAccessibleDescription(tr("What the preset is for"));
    m_notes->setPlaceholderText(tr("What the preset is for"));
    auto* what =
        new QLabel(tr("Values that differ from their default. Ticked ones are kept in the preset."), this);
    what->setWordWrap(true);
    column->addWidget(what);
    m_values->setRootIsDecorated(false);
    m_values->setHeaderLabels({tr("Setting"), tr("Name in files"), tr("Value")});
    m_values->setAccessibleName(tr("Values of the preset"));
    m_values->setAccessibleDescription(tr("Space ticks a value"));
    const TrainingArguments standard;
    for (const auto key : differingKeys(experiment.arguments, standard)) {
        const Field* field = findField(key);
        if (field->type == FieldType::Secret) continue; // never in a file
        auto* item = new QTreeWidgetItem(
            m_values, {toQString(field->label), toQString(key), readable(field->get(experiment.arguments))});
        // Where this computer writes to means nothing elsewhere.
        item->setCheckState(0, field->type == FieldType::Path ? Qt::Unchecked : Qt::Checked);
    }
    m_values->header()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    m_values->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    column->addWidget(m_values);
    bool anyLoss = false;
    for (const DataSpec& set : experiment.train)
        anyLoss = anyLoss || set.loss.has_value();
    m_losses->setChecked(anyLoss);
    m_losses->setEnabled(anyLoss);
    m_losses->setAccessibleDescription(tr("Model and data never belong to a preset"));
    column->addWidget(m_losses);
    auto* box = new QDialogButtonBox(this);
    m_save = box->addButton(tr("Save Preset"), QDialogButtonBox::AcceptRole);
    box->addButton(QDialogButtonBox::Cancel);
    column->addWidget(box);
    connect(box, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(box, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_name, &QLineEdit::textChanged, this, &PresetNameDialog::checkName);
    checkName();
    resize(fontMetrics().averageCharWidth() * 95, fontMetrics().height() * 26);
}

QString PresetNameDialog::name() const
{
    return m_name->text().trimmed();
}

QString PresetNameDialog::notes() const
{
    return m_notes->text();
}

Experiment PresetNameDialog::contents() const
{
    QStringList keys;
    for (int i = 0; i < m_values->topLevelItemCount(); ++i) {
        const QTreeWidgetItem* item = m_values->topLevelItem(i);
        if (item->checkState(0) == Qt::Checked) keys << item->text(1);
    }
    return presetOf(m_experiment, keys, m_losses->isChecked());
}

void PresetNameDialog::checkName()
{
    QString remark;
    const QString problem = m_library.nameProblem(m_name->text(), &remark);
    m_save->setEnabled(problem.isEmpty());
    // An empty name needs no scolding before anything is typed.
    const QString shown = m_name->text().isEmpty() ? QString() : problem.isEmpty() ? remark : problem;
    m_remark->setText(shown);
    QPalette inked = palette();
    if (!problem.isEmpty()) inked.setColor(QPalette::WindowText, errorColour(palette()));
    m_remark->setPalette(inked);
    m_name->setAccessibleDescription(problem.isEmpty() ? remark : problem);
}

} // namespace studio
