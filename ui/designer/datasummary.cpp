#include "ui/designer/datasummary.h"

#include "data/dataset.h"
#include "data/statistics.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPointer>
#include <QPushButton>
#include <QStringList>
#include <QThreadPool>

namespace studio {

namespace {

QString count(std::int64_t value)
{
    return QLocale().toString(static_cast<qlonglong>(value));
}

QString share(std::int64_t part, std::int64_t whole)
{
    return whole > 0
               ? QLocale().toString(100.0 * static_cast<double>(part) / static_cast<double>(whole), 'f', 1) +
                     u'%'
               : QStringLiteral("0%");
}

QString labelLine(const LabelStatistics& label, std::int64_t rows)
{
    if (label.kind == ColumnKind::Integer) {
        QStringList classes;
        for (std::size_t i = 0; i < label.counts.size() && i < 6; ++i) {
            classes << QStringLiteral("%1 (%2)").arg(QString::fromStdString(label.counts[i].label),
                                                     share(label.counts[i].rows, rows));
        }
        return DataSummary::tr("Label: %1 classes; %2")
            .arg(count(label.distinct), classes.join(QStringLiteral(", ")));
    }
    return DataSummary::tr("Label: from %1 to %2, mean %3")
        .arg(QLocale().toString(label.min, 'g', 4), QLocale().toString(label.max, 'g', 4),
             QLocale().toString(label.mean, 'g', 4));
}

QString describeData(const DataSpec& data, const std::vector<DataSpec>& eval)
{
    const auto set = openDataset(data);
    if (!set) return QString::fromStdString(set.error().text());
    QStringList lines;
    for (const Issue& issue : set->issues())
        lines << QString::fromStdString(issue.message);
    const auto found = dataStatistics(*set);
    if (!found) return QString::fromStdString(found.error().text());
    lines << DataSummary::tr("%1 rows, %2 of them repeat an earlier row (%3)")
                 .arg(count(found->rows), count(found->duplicateRows),
                      share(found->duplicateRows, found->rows));
    for (const TextStatistics& text : found->inputs) {
        lines << DataSummary::tr("%1: %2 different texts, %3 to %4 characters, mean %5%6")
                     .arg(QString::fromStdString(text.column), count(text.distinct), count(text.minLength),
                          count(text.maxLength), QLocale().toString(text.meanLength, 'f', 0),
                          text.empty > 0 ? DataSummary::tr(", %1 empty").arg(count(text.empty)) : QString());
    }
    if (found->equalInputs > 0)
        lines << DataSummary::tr("%1 rows pair a text with itself").arg(count(found->equalInputs));
    if (found->hasLabel) lines << labelLine(found->label, found->rows);
    for (const DataSpec& other : eval) {
        const auto measured = openDataset(other);
        if (!measured) continue;
        const auto overlap = dataOverlap(*set, *measured);
        if (!overlap) continue;
        lines << DataSummary::tr("%1 of %2 rows of “%3” are in it too, and %4 of its texts")
                     .arg(count(overlap->rows), count(measured->rows()), QString::fromStdString(other.name),
                          share(overlap->texts, overlap->distinctTexts));
    }
    return lines.join(u'\n');
}

} // namespace

DataSummary::DataSummary(const QString& name, QWidget* parent)
    : QWidget(parent), m_button(new QPushButton(tr("Examine All Rows"), this)), m_text(new QLabel(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_button, 0, Qt::AlignTop);
    row->addWidget(m_text, 1);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_button->setAccessibleName(tr("Examine all rows of %1").arg(name));
    m_button->setToolTip(
        tr("Reads the whole file: duplicates, lengths, labels, and rows that the evaluation data shares."));
    connect(m_button, &QPushButton::clicked, this, &DataSummary::compute);
}

QString DataSummary::text() const
{
    return m_text->text();
}

void DataSummary::setData(const DataSpec& data, const std::vector<DataSpec>& eval)
{
    QString fingerprint = QString::fromStdString(data.path + '|' + data.format);
    for (const auto& [role, column] : data.columns)
        fingerprint += QString::fromStdString('|' + role + '=' + column);
    if (data.scoreDivisor) fingerprint += QStringLiteral("|%1").arg(*data.scoreDivisor);
    if (data.rows) fingerprint += QStringLiteral("|%1-%2").arg(data.rows->first).arg(data.rows->second);
    for (const DataSpec& other : eval)
        fingerprint += QString::fromStdString('|' + other.path);
    m_data = data;
    m_eval = eval;
    m_button->setEnabled(!data.path.empty());
    if (fingerprint == m_fingerprint) return;
    m_fingerprint = fingerprint;
    ++m_generation;
    m_text->clear();
}

void DataSummary::compute()
{
    const quint64 generation = ++m_generation;
    m_text->setText(tr("Reading…"));
    QPointer<DataSummary> self(this);
    QThreadPool::globalInstance()->start([self, generation, data = m_data, eval = m_eval] {
        const QString text = describeData(data, eval);
        QMetaObject::invokeMethod(qApp, [self, generation, text] {
            if (!self || self->m_generation != generation) return;
            self->m_text->setText(text);
            Q_EMIT self->computed();
        });
    });
}

} // namespace studio
