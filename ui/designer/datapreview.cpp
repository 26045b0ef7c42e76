#include "ui/designer/datapreview.h"

#include "ui/designer/datasuggestion.h"
#include "ui/widgets/icons.h"

#include <QApplication>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPointer>
#include <QScrollBar>
#include <QTableWidget>
#include <QThreadPool>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

namespace {

const QStringList& usualRoles()
{
    static const QStringList roles = {"sentence1", "sentence2", "sentence", "anchor", "positive", "negative",
                                      "query",     "passage",   "source",   "target", "score",    "label"};
    return roles;
}

/// Inputs first in their usual order, the label last.
int rankOf(const std::string& role)
{
    if (isLabelRole(role)) return 1000;
    const auto place = usualRoles().indexOf(QString::fromStdString(role));
    return place < 0 ? 500 : static_cast<int>(place);
}

QString delimiterName(char delimiter)
{
    switch (delimiter) {
    case ',':
        return DataPreview::tr("comma");
    case ';':
        return DataPreview::tr("semicolon");
    case '\t':
        return DataPreview::tr("tab");
    case '|':
        return DataPreview::tr("bar");
    default:
        return QString(QLatin1Char(delimiter));
    }
}

} // namespace

DataPreview::DataPreview(const QString& name, QWidget* parent)
    : QWidget(parent),
      m_name(name),
      m_facts(new QLabel(this)),
      m_table(new QTableWidget(this)),
      m_swap(new QToolButton(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    auto* line = new QHBoxLayout;
    line->addWidget(m_facts, 1);
    line->addWidget(m_swap);
    column->addLayout(line);
    column->addWidget(m_table);
    m_facts->setWordWrap(true);
    m_facts->setForegroundRole(QPalette::PlaceholderText);
    m_swap->setIcon(studioIcon(QStringLiteral("swap")));
    m_swap->setText(tr("Swap Inputs"));
    m_swap->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_swap->setAccessibleName(tr("Swap the inputs of %1").arg(name));
    m_swap->setToolTip(tr("The order of the inputs decides the task: query first, answer second."));
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionMode(QAbstractItemView::ContiguousSelection);
    m_table->setAlternatingRowColors(true);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->setAccessibleName(tr("First rows of %1").arg(name));
    m_table->setAccessibleDescription(tr("The first row holds the role of each column"));
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->horizontalHeader()->setDefaultSectionSize(fontMetrics().averageCharWidth() * 38);
    m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    m_table->setFixedHeight((fontMetrics().height() + 8) * 8);
    connect(m_swap, &QToolButton::clicked, this, &DataPreview::swapInputs);
    m_table->hide();
    m_swap->hide();
}

void DataPreview::showData(const DataSpec& data)
{
    const bool sameFile = data.path == m_data.path && data.format == m_data.format && m_head;
    m_data = data;
    if (sameFile) {
        showRoles();
        return;
    }
    const quint64 generation = ++m_generation;
    if (data.path.empty()) {
        take({nullptr,
              {},
              tr("No file is chosen yet. Drop a CSV, TSV, JSONL or Parquet file on the field above.")});
        return;
    }
    m_facts->setText(tr("Reading…"));
    QPointer<DataPreview> self(this);
    QThreadPool::globalInstance()->start([self, data, generation] {
        Reading reading;
        ReadOptions options;
        options.format = data.format;
        options.limit = kRows;
        options.keepGoing = true;
        auto table = readTable(data.path, options, &reading.report);
        if (table) {
            reading.table = std::make_shared<Table>(std::move(*table));
        } else {
            reading.problem = QString::fromStdString(table.error().text());
        }
        QMetaObject::invokeMethod(qApp, [self, reading, generation] {
            if (self && self->m_generation == generation) self->take(reading);
        });
    });
}

void DataPreview::take(const Reading& reading)
{
    m_head = reading.table;
    m_table->setVisible(m_head != nullptr);
    if (!m_head) {
        m_facts->setText(reading.problem);
        m_swap->hide();
        Q_EMIT headRead();
        return;
    }
    const ReadReport& report = reading.report;
    QStringList facts;
    facts << QString::fromStdString(report.format);
    if (report.delimiter != 0) {
        facts << tr("delimiter %1 (%2)")
                     .arg(delimiterName(report.delimiter), QString::fromStdString(report.delimiterReason));
    }
    if (!report.encoding.empty()) facts << QString::fromStdString(report.encoding);
    if (!report.compression.empty()) facts << QString::fromStdString(report.compression);
    facts << QLocale().formattedDataSize(report.fileBytes);
    if (report.totalRows >= 0) {
        facts << tr("%1 rows").arg(QLocale().toString(static_cast<qlonglong>(report.totalRows)));
    } else if (report.complete) {
        facts << tr("%1 rows").arg(QLocale().toString(static_cast<qlonglong>(m_head->rows())));
    }
    if (report.badRowCount > 0) {
        const BadRow& bad = report.badRows.front();
        facts << tr("%1 bad rows among the first, line %2 %3")
                     .arg(report.badRowCount)
                     .arg(bad.line)
                     .arg(QString::fromStdString(bad.message));
    }
    for (const std::string& skipped : report.skippedColumns)
        facts << tr("left out: %1").arg(QString::fromStdString(skipped));
    m_facts->setText(facts.join(QStringLiteral(" · ")));
    fill();
    Q_EMIT headRead();
}

void DataPreview::fill()
{
    m_table->clear();
    m_table->setColumnCount(m_head->columns());
    m_table->setRowCount(static_cast<int>(m_head->rows()) + 1);
    QStringList headers;
    QStringList rows{tr("Role")};
    for (std::int64_t row = 0; row < m_head->rows(); ++row)
        rows << QString::number(row + 1);
    for (int c = 0; c < m_head->columns(); ++c) {
        headers << QString::fromStdString(m_head->name(c));
        auto* roles = new QComboBox(m_table);
        roles->addItem(tr("not used"), QString());
        for (const QString& role : usualRoles())
            roles->addItem(role, role);
        roles->setAccessibleName(tr("Role of column %1").arg(headers.last()));
        roles->setAccessibleDescription(tr("What the loss takes the column for"));
        roles->setFocusPolicy(Qt::StrongFocus);
        roles->installEventFilter(this);
        connect(roles, &QComboBox::activated, this, &DataPreview::onRoleChosen);
        m_table->setCellWidget(0, c, roles);
        for (std::int64_t row = 0; row < m_head->rows(); ++row) {
            QString text = QString::fromStdString(m_head->column(c).display(row));
            auto* item = new QTableWidgetItem(text.left(300));
            item->setToolTip(text.left(2000));
            m_table->setItem(static_cast<int>(row) + 1, c, item);
        }
    }
    m_table->setHorizontalHeaderLabels(headers);
    m_table->setVerticalHeaderLabels(rows);
    m_table->setRowHeight(0, m_table->cellWidget(0, 0) ? m_table->cellWidget(0, 0)->sizeHint().height() + 2
                                                       : 24);
    // Whole rows only: the one with the roles, six of data.
    const int lines = std::min<int>(6, m_table->rowCount() - 1);
    m_table->setFixedHeight(m_table->horizontalHeader()->sizeHint().height() + m_table->rowHeight(0) +
                            lines * m_table->verticalHeader()->defaultSectionSize() +
                            m_table->horizontalScrollBar()->sizeHint().height() + 2 * m_table->frameWidth());
    showRoles();
}

void DataPreview::showRoles()
{
    int inputs = 0;
    for (int c = 0; c < m_table->columnCount(); ++c) {
        auto* combo = qobject_cast<QComboBox*>(m_table->cellWidget(0, c));
        if (!combo) continue;
        const std::string column = m_table->horizontalHeaderItem(c)->text().toStdString();
        QString role;
        for (const auto& [name, from] : m_data.columns) {
            if (from == column) role = QString::fromStdString(name);
        }
        if (m_data.columns.empty())
            role = QString::fromStdString(column); // without roles every column counts
        int index = combo->findData(role);
        if (index < 0) {
            combo->addItem(role, role);
            index = combo->count() - 1;
        }
        combo->setCurrentIndex(index);
    }
    for (const auto& [role, column] : m_data.columns)
        inputs += isLabelRole(role) ? 0 : 1;
    m_swap->setVisible(inputs >= 2);
}

void DataPreview::onRoleChosen()
{
    std::vector<std::pair<std::string, std::string>> roles;
    const auto* chosen = qobject_cast<QComboBox*>(sender());
    for (int c = 0; c < m_table->columnCount(); ++c) {
        auto* combo = qobject_cast<QComboBox*>(m_table->cellWidget(0, c));
        const QString role = combo->currentData().toString();
        if (role.isEmpty()) continue;
        // A role is played once: the newest choice wins.
        if (combo != chosen && chosen && role == chosen->currentData().toString()) continue;
        roles.emplace_back(role.toStdString(), m_table->horizontalHeaderItem(c)->text().toStdString());
    }
    std::stable_sort(roles.begin(), roles.end(),
                     [](const auto& a, const auto& b) { return rankOf(a.first) < rankOf(b.first); });
    Q_EMIT rolesEdited(roles);
}

void DataPreview::swapInputs()
{
    auto roles = m_data.columns;
    std::vector<std::size_t> inputs;
    for (std::size_t i = 0; i < roles.size(); ++i) {
        if (!isLabelRole(roles[i].first)) inputs.push_back(i);
    }
    if (inputs.size() < 2) return;
    std::swap(roles[inputs[0]].second, roles[inputs[1]].second);
    Q_EMIT rolesEdited(roles);
}

} // namespace studio
