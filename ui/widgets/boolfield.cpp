#include "ui/widgets/boolfield.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>

namespace studio {

BoolField::BoolField(const QString& nullLabel, QWidget* parent) : FieldEditor(parent)
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    if (nullLabel.isEmpty()) {
        m_check = new QCheckBox(this);
        row->addWidget(m_check);
        connect(m_check, &QCheckBox::clicked, this, [this] {
            showState();
            Q_EMIT edited();
        });
    } else {
        m_box = new QComboBox(this);
        m_box->addItem(nullLabel);
        m_box->addItem(tr("On"));
        m_box->addItem(tr("Off"));
        m_box->setFocusPolicy(Qt::StrongFocus);
        row->addWidget(m_box);
        connect(m_box, &QComboBox::activated, this, &FieldEditor::edited);
    }
    row->addStretch(1);
    setFocusProxy(control());
    watch(control());
    showState();
}

Json BoolField::value() const
{
    if (m_check) return Json(m_check->isChecked());
    return m_box->currentIndex() == 0 ? Json() : Json(m_box->currentIndex() == 1);
}

void BoolField::setValue(const Json& value)
{
    if (m_check) {
        m_check->setChecked(value.is_boolean() && value.get<bool>());
        showState();
    } else {
        m_box->setCurrentIndex(!value.is_boolean() ? 0 : value.get<bool>() ? 1 : 2);
    }
}

QWidget* BoolField::control() const
{
    if (m_check) return m_check;
    return m_box;
}

void BoolField::showState()
{
    if (m_check) m_check->setText(m_check->isChecked() ? tr("On") : tr("Off"));
}

} // namespace studio
