#include "ui/monitor/evaluationtable.h"

#include "core/records/events.h"
#include "session/runmodel.h"
#include "ui/charts/axisticks.h"

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QLocale>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <charconv>
#include <cmath>
#include <optional>

namespace studio {
namespace {

std::optional<double> valueOf(const Event& event, const QString& key)
{
    for (const auto& [name, value] : event.values)
        if (QString::fromStdString(name) == key) return value;
    return std::nullopt;
}

QStringList measures(const RunModel& run)
{
    QStringList keys;
    for (const auto& key : run.evaluationKeys())
        if (RunModel::isMeasure(key)) keys << key;
    return keys;
}

/// Losses and distances are better when they are smaller.
bool smallerIsBetter(const QString& key)
{
    return key.endsWith(QLatin1String("loss")) || key.contains(QLatin1String("mse"));
}

/// The shortest text that reads back as the same number, in every locale.
QByteArray exact(double value)
{
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return QByteArray(buffer, static_cast<qsizetype>(end - buffer));
}

} // namespace

EvaluationTable::EvaluationTable(RunModel* run, QWidget* parent)
    : QWidget(parent),
      m_run(run),
      m_table(new QTableWidget(this)),
      m_copy(new QPushButton(tr("Copy as CSV"), this))
{
    setObjectName(QStringLiteral("evaluationTable"));
    m_table->setObjectName(QStringLiteral("evaluationRows"));
    m_table->setAccessibleName(tr("Evaluations"));
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setTabKeyNavigation(false);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_copy->setObjectName(QStringLiteral("copyEvaluations"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_copy, 0, Qt::AlignLeft);
    connect(m_copy, &QPushButton::clicked, this,
            [this] { QApplication::clipboard()->setText(QString::fromUtf8(csv())); });
    connect(m_run, &RunModel::cleared, this, [this] {
        m_eventsRead = 0;
        m_table->setRowCount(0);
        m_table->setColumnCount(0);
        m_copy->setEnabled(false);
    });
    fill();
}

void EvaluationTable::refresh()
{
    const auto& events = m_run->events();
    bool news = false;
    for (; m_eventsRead < events.size(); ++m_eventsRead)
        news = news || events[m_eventsRead].kind == EventKind::Evaluation;
    if (news) fill();
}

void EvaluationTable::fill()
{
    const QStringList keys = measures(*m_run);
    QStringList titles{tr("Step"), tr("Epoch")};
    for (const auto& key : keys)
        titles << (key.startsWith(QLatin1String("eval_")) ? key.mid(5) : key);
    m_table->setColumnCount(static_cast<int>(titles.size()));
    m_table->setHorizontalHeaderLabels(titles);
    m_table->setRowCount(0);
    QVector<double> best(keys.size());
    QVector<int> bestRow(keys.size(), -1);
    const auto put = [&](int row, int column, const QString& text) {
        auto* item = new QTableWidgetItem(text);
        item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        m_table->setItem(row, column, item);
    };
    for (const auto& event : liveEvents(m_run->events())) {
        if (event.kind != EventKind::Evaluation) continue;
        const int row = m_table->rowCount();
        m_table->insertRow(row);
        put(row, 0, QLocale().toString(static_cast<qlonglong>(event.step)));
        put(row, 1, QLocale().toString(event.epoch, 'f', 2));
        for (int k = 0; k < keys.size(); ++k) {
            const auto value = valueOf(event, keys[k]);
            put(row, k + 2, value ? valueText(*value) : QString());
            if (!value || !std::isfinite(*value)) continue;
            const bool better =
                bestRow[k] < 0 || (smallerIsBetter(keys[k]) ? *value < best[k] : *value > best[k]);
            if (!better) continue;
            best[k] = *value;
            bestRow[k] = row;
        }
    }
    for (int k = 0; k < keys.size(); ++k) {
        if (bestRow[k] < 0) continue;
        auto* item = m_table->item(bestRow[k], k + 2);
        QFont bold = font();
        bold.setBold(true);
        item->setFont(bold);
        item->setToolTip(tr("The best value of this metric so far"));
    }
    m_copy->setEnabled(m_table->rowCount() > 0);
    m_table->scrollToBottom();
}

QByteArray EvaluationTable::csv() const
{
    const QStringList keys = measures(*m_run);
    QByteArray text = "step,epoch";
    for (const auto& key : keys)
        text += ',' + key.toUtf8();
    text += '\n';
    for (const auto& event : liveEvents(m_run->events())) {
        if (event.kind != EventKind::Evaluation) continue;
        text += QByteArray::number(static_cast<qlonglong>(event.step)) + ',' + exact(event.epoch);
        for (const auto& key : keys) {
            text += ',';
            if (const auto value = valueOf(event, key)) text += exact(*value);
        }
        text += '\n';
    }
    return text;
}

} // namespace studio
