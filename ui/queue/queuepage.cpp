#include "ui/queue/queuepage.h"

#include "core/experiment/experiment.h"
#include "core/records/runreader.h"
#include "session/queuerunner.h"
#include "session/trainingsession.h"
#include "ui/widgets/dialogs.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>

namespace studio {
namespace {

enum Column { Name, State, Progress, Result, Place, Output, ColumnCount };

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

QString progressOf(const QueueEntry& entry)
{
    if (entry.state != QueueState::Running) return {};
    const auto runs = listRuns(entry.output / "runs");
    if (runs.empty()) return QueuePage::tr("starting");
    const auto& status = runs.front().status;
    return QueuePage::tr("%1 of %2").arg(status.step).arg(status.totalSteps);
}

QString resultOf(const QueueEntry& entry)
{
    if (!entry.message.empty()) return text(entry.message);
    if (entry.metrics.empty()) return {};
    const auto& [key, value] = entry.metrics.front();
    return QStringLiteral("%1 %2").arg(text(key), QLocale().toString(value, 'f', 4));
}

} // namespace

QueuePage::QueuePage(QueueRunner* runner, QWidget* parent)
    : QWidget(parent),
      m_runner(runner),
      m_table(new QTableWidget(0, ColumnCount, this)),
      m_summary(new QLabel(this)),
      m_ownProcess(new QCheckBox(tr("In a process of its own"), this)),
      m_repeats(new QSpinBox(this)),
      m_stopAfterThis(new QCheckBox(tr("Stop after this one"), this))
{
    m_table->setObjectName(QStringLiteral("queueTable"));
    m_table->setAccessibleName(tr("Runs of the queue"));
    m_table->setHorizontalHeaderLabels(
        {tr("Run"), tr("State"), tr("Step"), tr("Result"), tr("Where"), tr("Output folder")});
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_summary->setObjectName(QStringLiteral("queueSummary"));
    m_ownProcess->setToolTip(tr("It goes on when the window closes, and is found again at the next start."));
    m_repeats->setObjectName(QStringLiteral("queueRepeats"));
    m_repeats->setAccessibleName(tr("Number of seeds"));
    m_repeats->setRange(1, 100);
    m_repeats->setSuffix(tr(" × seed"));
    m_repeats->setToolTip(tr("The same experiment with so many seeds, counted up from its own"));
    m_stopAfterThis->setObjectName(QStringLiteral("queueStopAfterThis"));

    auto* add = makeButton(QStringLiteral("queueAdd"), tr("Add the Designer's Experiment"),
                           tr("A snapshot: later edits do not leak in"));
    m_start = makeButton(QStringLiteral("queueStart"), tr("Start the Queue"), tr("Begin with the first that waits"));
    m_stop = makeButton(QStringLiteral("queueStop"), tr("Stop This Run"), tr("It saves and ends; the next one follows"));
    m_up = makeButton(QStringLiteral("queueUp"), tr("Up"), tr("Earlier in the queue"));
    m_down = makeButton(QStringLiteral("queueDown"), tr("Down"), tr("Later in the queue"));
    m_hold = makeButton(QStringLiteral("queueHold"), tr("Hold"), tr("It waits until it is released"));
    m_skip = makeButton(QStringLiteral("queueSkip"), tr("Skip"), tr("It is left out"));
    m_again = makeButton(QStringLiteral("queueAgain"), tr("Run Again"), tr("It waits again and goes on from its checkpoint"));
    m_remove = makeButton(QStringLiteral("queueRemove"), tr("Remove"), tr("Out of the queue; its files stay"));

    auto* top = new QHBoxLayout;
    top->addWidget(add);
    top->addWidget(m_repeats);
    top->addWidget(m_ownProcess);
    top->addStretch(1);
    top->addWidget(m_stopAfterThis);
    top->addWidget(m_stop);
    top->addWidget(m_start);
    auto* below = new QHBoxLayout;
    below->addWidget(m_summary, 1);
    for (QPushButton* button : {m_up, m_down, m_hold, m_skip, m_again, m_remove})
        below->addWidget(button);
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(top);
    layout->addWidget(m_table, 1);
    layout->addLayout(below);

    connect(add, &QPushButton::clicked, this, &QueuePage::addRequested);
    connect(m_start, &QPushButton::clicked, this, [this] { told(m_runner->start()); });
    connect(m_stop, &QPushButton::clicked, m_runner, &QueueRunner::stopCurrent);
    connect(m_stopAfterThis, &QCheckBox::clicked, m_runner, &QueueRunner::setStopAfterThis);
    connect(m_up, &QPushButton::clicked, this, [this] { move(-1); });
    connect(m_down, &QPushButton::clicked, this, [this] { move(1); });
    const auto verb = [this](QPushButton* button, auto edit) {
        connect(button, &QPushButton::clicked, this, [this, edit] {
            const auto id = chosen().toStdString();
            told(m_runner->change([&](QueueContents& queue) { return edit(queue, id); }));
        });
    };
    verb(m_hold, [](QueueContents& queue, const std::string& id) {
        const QueueEntry* entry = queue.find(id);
        return queue.hold(id, entry && entry->state == QueueState::Waiting);
    });
    verb(m_skip, [](QueueContents& queue, const std::string& id) { return queue.skip(id); });
    verb(m_again, [](QueueContents& queue, const std::string& id) { return queue.again(id); });
    verb(m_remove, [](QueueContents& queue, const std::string& id) { return queue.remove(id); });
    connect(m_table, &QTableWidget::itemSelectionChanged, this, &QueuePage::updateButtons);
    connect(runner, &QueueRunner::changed, this, &QueuePage::fill);
    fill();
    m_table->resizeColumnsToContents();
}

QPushButton* QueuePage::makeButton(const QString& objectName, const QString& text, const QString& tip)
{
    auto* button = new QPushButton(text, this);
    button->setObjectName(objectName);
    button->setToolTip(tip);
    return button;
}

void QueuePage::told(const Status& status)
{
    if (!status) dialogs::tell(this, tr("Queue"), text(status.error().text()));
}

void QueuePage::add(const Experiment& experiment)
{
    QueueAdd how;
    how.ownProcess = m_ownProcess->isChecked();
    if (m_repeats->value() > 1) {
        std::vector<std::int64_t> seeds(static_cast<std::size_t>(m_repeats->value()));
        std::iota(seeds.begin(), seeds.end(), experiment.arguments.seed);
        if (const auto ids = m_runner->file().addSeeds(experiment, seeds, how); !ids) told(ids.error());
    } else if (const auto id = m_runner->file().add(experiment, how); !id) {
        told(id.error());
    }
    m_runner->refresh();
}

QString QueuePage::chosen() const
{
    const auto rows = m_table->selectionModel()->selectedRows();
    return rows.isEmpty() ? QString() : rows.first().data(Qt::UserRole).toString();
}

void QueuePage::move(int by)
{
    const int row = m_table->currentRow() + by;
    if (row < 0 || row >= m_table->rowCount()) return;
    const auto id = chosen().toStdString();
    told(m_runner->change(
        [&](QueueContents& queue) { return queue.move(id, static_cast<std::size_t>(row)); }));
}

void QueuePage::fill()
{
    const QString before = chosen();
    const auto& entries = m_runner->contents().entries;
    const bool grown = m_table->rowCount() < static_cast<int>(entries.size());
    m_table->setRowCount(static_cast<int>(entries.size()));
    int waiting = 0;
    for (int row = 0; row < m_table->rowCount(); ++row) {
        const QueueEntry& entry = entries[static_cast<std::size_t>(row)];
        waiting += entry.state == QueueState::Waiting ? 1 : 0;
        const QString cells[ColumnCount] = {text(entry.name),
                                            text(queueStateName(entry.state)),
                                            progressOf(entry),
                                            resultOf(entry),
                                            entry.ownProcess ? tr("own process") : tr("this window"),
                                            text(entry.output.string())};
        for (int column = 0; column < ColumnCount; ++column) {
            QTableWidgetItem* item = m_table->item(row, column);
            if (!item) m_table->setItem(row, column, item = new QTableWidgetItem);
            if (item->text() != cells[column]) item->setText(cells[column]);
            item->setToolTip(cells[column]);
            item->setData(Qt::UserRole, text(entry.id));
        }
        if (text(entry.id) == before && m_table->currentRow() != row) m_table->selectRow(row);
    }
    if (grown) m_table->resizeColumnsToContents();
    m_stopAfterThis->setChecked(m_runner->contents().stopAfterThis);
    if (entries.empty())
        m_summary->setText(tr("No runs wait. Add the experiment of the designer."));
    else
        m_summary->setText(m_runner->isGoing() ? tr("The queue goes on; %1 wait.").arg(waiting)
                                               : tr("The queue stands still; %1 wait.").arg(waiting));
    updateButtons();
}

void QueuePage::updateButtons()
{
    const auto& entries = m_runner->contents().entries;
    const QueueEntry* entry = nullptr;
    const std::string id = chosen().toStdString();
    for (const QueueEntry& one : entries)
        if (one.id == id) entry = &one;
    const bool waits = entry && entry->state == QueueState::Waiting;
    const bool held = entry && entry->state == QueueState::Held;
    const bool runs = entry && entry->state == QueueState::Running;
    const bool someWait = std::any_of(entries.begin(), entries.end(),
                                      [](const QueueEntry& one) { return one.state == QueueState::Waiting; });
    m_start->setEnabled(!m_runner->isGoing() && someWait);
    m_stopAfterThis->setEnabled(m_runner->isGoing());
    m_stop->setEnabled(!m_runner->current().isEmpty());
    m_up->setEnabled(entry && entry != entries.data());
    m_down->setEnabled(entry && entry != &entries.back());
    m_hold->setEnabled(waits || held);
    m_hold->setText(held ? tr("Release") : tr("Hold"));
    m_skip->setEnabled(waits || held);
    m_again->setEnabled(entry && !waits && !runs);
    m_remove->setEnabled(entry && !runs);
}

} // namespace studio
