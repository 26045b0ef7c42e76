#include "ui/widgets/numberfield.h"

#include "ui/widgets/numbertext.h"

#include <QAbstractSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace studio {

/// The native spin box without its value: any text is acceptable, steps are asked of the field.
class NumberBox : public QAbstractSpinBox
{
    Q_OBJECT
    Q_PROPERTY(QString value READ text USER true)

public:
    explicit NumberBox(NumberField* field) : QAbstractSpinBox(field), m_field(field)
    {
        setFocusPolicy(Qt::StrongFocus);
        setKeyboardTracking(false);
        connect(lineEdit(), &QLineEdit::textEdited, this, &NumberBox::typed);
    }

    QLineEdit* edit() const { return lineEdit(); }
    QValidator::State validate(QString&, int&) const override { return QValidator::Acceptable; }
    void fixup(QString&) const override {}
    void stepBy(int steps) override { m_field->step(steps); }

    QSize sizeHint() const override
    {
        QSize size = QAbstractSpinBox::sizeHint();
        const int text =
            fontMetrics().horizontalAdvance(lineEdit()->placeholderText() + QStringLiteral("mm"));
        size.setWidth(std::max(fontMetrics().averageCharWidth() * 18, text) + size.height());
        return size;
    }
    QSize minimumSizeHint() const override
    {
        QSize size = sizeHint();
        size.setWidth(size.width() / 2);
        return size;
    }

Q_SIGNALS:
    void typed(const QString& text);

protected:
    StepEnabled stepEnabled() const override { return StepUpEnabled | StepDownEnabled; }

private:
    NumberField* m_field;
};

NumberField::NumberField(Kind kind, QWidget* parent)
    : FieldEditor(parent), m_kind(kind), m_box(new NumberBox(this)), m_unit(new QLabel(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_box);
    row->addWidget(m_unit);
    row->addStretch(1);
    m_unit->hide();
    setFocusProxy(m_box);
    watch(m_box);
    watch(m_box->edit());
    connect(m_box, &NumberBox::typed, this, &NumberField::onTyped);
    connect(m_box, &NumberBox::editingFinished, this, &NumberField::normaliseText);
    setValue(m_kind == Kind::Real ? Json(0.0) : Json(0));
}

void NumberField::setNullable(bool nullable)
{
    m_nullable = nullable;
    if (nullable && m_box->edit()->placeholderText().isEmpty()) setPlaceholder(tr("not set"));
}

void NumberField::setRange(std::optional<double> minimum, std::optional<double> maximum)
{
    m_minimum = minimum;
    m_maximum = maximum;
}

void NumberField::setLogScale(bool log)
{
    m_log = log;
}

void NumberField::setUnit(const QString& unit)
{
    m_unit->setText(unit);
    m_unit->setVisible(!unit.isEmpty());
}

void NumberField::setPlaceholder(const QString& text)
{
    m_box->edit()->setPlaceholderText(text);
    m_box->updateGeometry();
}

void NumberField::setValue(const Json& value)
{
    m_value = value;
    QString problem;
    const Json shown = parsed(m_box->edit()->text(), &problem);
    const bool meansTheSame = problem.isEmpty() && shown == value && !m_box->edit()->text().isEmpty();
    if (!meansTheSame) m_box->edit()->setText(textOf(value));
    setProblem(QString());
}

QWidget* NumberField::control() const
{
    return m_box;
}

QString NumberField::text() const
{
    return m_box->edit()->text();
}

void NumberField::setText(const QString& text)
{
    m_box->edit()->setText(text);
    onTyped(text);
}

QString NumberField::textOf(const Json& value) const
{
    if (value.is_number_integer()) return numberToText(value.get<std::int64_t>());
    if (value.is_number()) return numberToText(value.get<double>());
    return QString();
}

Json NumberField::parsed(const QString& text, QString* problem) const
{
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty()) {
        if (!m_nullable) *problem = tr("A number is needed here.");
        return Json();
    }
    const auto whole = wholeNumberFromText(trimmed);
    if (m_kind != Kind::Real && whole) return Json(*whole);
    if (m_kind == Kind::Whole) {
        *problem = numberFromText(trimmed)
                       ? tr("“%1” is not a whole number. Type digits only, such as 16 or 1000.").arg(trimmed)
                       : tr("“%1” is not a number. Type a whole number such as 16.").arg(trimmed);
        return Json();
    }
    if (const auto real = numberFromText(trimmed)) return Json(*real);
    const bool both = trimmed.contains(u'.') && trimmed.contains(u',');
    *problem = both ? tr("“%1” has a comma and a point. Leave the thousands separator out.").arg(trimmed)
                    : tr("“%1” is not a number. Type a number such as 0.1 or 5e-05.").arg(trimmed);
    return Json();
}

void NumberField::onTyped(const QString& text)
{
    QString problem;
    const Json typed = parsed(text, &problem);
    setProblem(problem);
    if (!problem.isEmpty() || typed == m_value) return;
    m_value = typed;
    Q_EMIT edited();
}

void NumberField::normaliseText()
{
    flush();
    if (problem().isEmpty()) m_box->edit()->setText(textOf(m_value));
}

void NumberField::step(int steps)
{
    double from = 0;
    if (m_value.is_number()) {
        from = m_value.get<double>();
    } else if (m_minimum) {
        from = *m_minimum;
    }
    double to = from;
    const bool byDigit = !m_log || !(from > 0);
    if (m_kind == Kind::Whole || (m_kind == Kind::WholeOrReal && m_value.is_number_integer())) {
        to = m_log && from >= 1 ? (steps > 0 ? from * 2 : std::floor(from / 2)) : from + steps;
    } else if (byDigit) {
        to = stepLastDigit(from, steps);
    } else {
        to = step125(from, steps);
    }
    if (m_minimum && steps < 0 && to < *m_minimum) to = std::min(from, *m_minimum);
    if (m_maximum && steps > 0 && to > *m_maximum) to = std::max(from, *m_maximum);
    if (to == from) return;
    const bool whole = m_kind != Kind::Real && to == std::floor(to) && std::fabs(to) < 9e15;
    setText(whole ? numberToText(static_cast<std::int64_t>(to)) : numberToText(to));
    m_box->edit()->selectAll();
}

} // namespace studio

#include "numberfield.moc"
