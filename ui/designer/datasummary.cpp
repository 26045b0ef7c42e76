#include "ui/designer/datasummary.h"

#include "ui/designer/datafacts.h"
#include "ui/widgets/balancebars.h"
#include "ui/widgets/lengthhistogram.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QStringList>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace studio {

namespace {

constexpr double kFewCut = 0.01;
constexpr int kMostBars = 12;

QString count(std::int64_t value)
{
    return QLocale().toString(static_cast<qlonglong>(value));
}

QString rowsText(std::int64_t value)
{
    return value == 1 ? DataSummary::tr("1 row") : DataSummary::tr("%1 rows").arg(count(value));
}

QString percent(double share)
{
    return QLocale().toString(100.0 * share, 'f', 1) + u'%';
}

QString share(std::int64_t part, std::int64_t whole)
{
    return percent(whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0);
}

QString labelLine(const LabelStatistics& label)
{
    if (label.kind == ColumnKind::List)
        return DataSummary::tr("Label: %1 numbers a row").arg(count(label.width));
    if (label.kind == ColumnKind::Integer)
        return DataSummary::tr("Label: %1 classes").arg(count(label.distinct));
    return DataSummary::tr("Label: from %1 to %2, mean %3")
        .arg(QLocale().toString(label.min, 'g', 4), QLocale().toString(label.max, 'g', 4),
             QLocale().toString(label.mean, 'g', 4));
}

QStringList linesOf(const DataTruth& truth)
{
    QStringList lines;
    for (const std::string& remark : truth.remarks)
        lines << QString::fromStdString(remark);
    const DataStatistics& found = truth.statistics;
    lines << DataSummary::tr("%1 rows, %2 of them repeat an earlier row (%3)")
                 .arg(count(found.rows), count(found.duplicateRows), share(found.duplicateRows, found.rows));
    if (truth.badRowCount > 0)
        lines << DataSummary::tr("%1 cannot be read; a run stops at the first of them")
                     .arg(rowsText(truth.badRowCount));
    for (const TextStatistics& text : found.inputs) {
        lines << DataSummary::tr("%1: %2 different texts, %3 to %4 characters, mean %5%6")
                     .arg(QString::fromStdString(text.column), count(text.distinct), count(text.minLength),
                          count(text.maxLength), QLocale().toString(text.meanLength, 'f', 0),
                          text.empty > 0 ? DataSummary::tr(", %1 empty").arg(count(text.empty)) : QString());
    }
    if (found.equalInputs > 0)
        lines << DataSummary::tr("A text is paired with itself in %1").arg(rowsText(found.equalInputs));
    for (const SharedRows& shared : truth.shared) {
        lines << DataSummary::tr("In it too: %1 of the %2 rows of “%3”, and %4 of its texts")
                     .arg(count(shared.overlap.rows), count(shared.evalRows),
                          QString::fromStdString(shared.eval),
                          share(shared.overlap.texts, shared.overlap.distinctTexts));
    }
    if (found.hasLabel) lines << labelLine(found.label);
    return lines;
}

std::vector<BalanceBars::Bar> barsOf(const DataStatistics& found)
{
    std::vector<BalanceBars::Bar> bars;
    const LabelStatistics& label = found.label;
    if (!found.hasLabel || found.rows == 0) return bars;
    const auto add = [&](const QString& name, std::int64_t rows) {
        bars.push_back({name, static_cast<double>(rows) / static_cast<double>(found.rows),
                        QStringLiteral("%1 (%2)").arg(count(rows), share(rows, found.rows))});
    };
    if (label.kind == ColumnKind::Integer) {
        std::int64_t others = found.rows;
        for (const LabelCount& one : label.counts) {
            if (static_cast<int>(bars.size()) == kMostBars) break;
            add(QString::fromStdString(one.label), one.rows);
            others -= one.rows;
        }
        if (others > 0) add(DataSummary::tr("others"), others);
        return bars;
    }
    // Twenty bins are more lines than a glance takes in: pairs of them.
    const double width =
        (label.max - label.min) / static_cast<double>(std::max<std::size_t>(1, label.histogram.size()));
    for (std::size_t i = 0; i + 1 < label.histogram.size(); i += 2) {
        const QString from = QLocale().toString(label.min + width * static_cast<double>(i), 'g', 3);
        const QString to = QLocale().toString(label.min + width * static_cast<double>(i + 2), 'g', 3);
        add(QStringLiteral("%1 – %2").arg(from, to), label.histogram[i] + label.histogram[i + 1]);
    }
    return bars;
}

} // namespace

DataSummary::DataSummary(const QString& name, DataFacts* facts, QWidget* parent)
    : QWidget(parent),
      m_facts(facts),
      m_button(new QPushButton(tr("Examine All Rows"), this)),
      m_text(new QLabel(this)),
      m_tokens(new QWidget(this)),
      m_histogram(new LengthHistogram(m_tokens)),
      m_tokenText(new QLabel(m_tokens)),
      m_fit(new QPushButton(m_tokens)),
      m_balance(new BalanceBars(this)),
      m_more(new QToolButton(this)),
      m_rows(new QTreeWidget(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    auto* row = new QHBoxLayout;
    row->addWidget(m_button, 0, Qt::AlignTop);
    row->addWidget(m_text, 1);
    column->addLayout(row);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_button->setAccessibleName(tr("Examine all rows of %1").arg(name));
    m_button->setToolTip(tr("Reads the whole file: repeats, bad rows, tokens, labels, and rows that the "
                            "evaluation data shares."));
    m_button->setAccessibleDescription(m_button->toolTip());
    auto* charts = new QHBoxLayout;
    charts->setSpacing(16);
    charts->addWidget(m_tokens, 3);
    charts->addWidget(m_balance, 2, Qt::AlignTop);
    column->addLayout(charts);
    m_balance->setAccessibleName(tr("Balance of the labels of %1").arg(name));

    auto* tokens = new QVBoxLayout(m_tokens);
    tokens->setContentsMargins(0, 6, 0, 0);
    tokens->setSpacing(2);
    tokens->addWidget(m_histogram);
    auto* tokenLine = new QHBoxLayout;
    tokenLine->addWidget(m_tokenText, 1);
    tokenLine->addWidget(m_fit);
    tokens->addLayout(tokenLine);
    m_tokenText->setWordWrap(true);
    m_histogram->setAccessibleName(tr("Tokens a row of %1").arg(name));
    m_fit->setAccessibleName(tr("Cut at most 1% of the rows"));
    m_tokens->hide();

    m_more->setText(tr("Show These Rows"));
    m_more->setCheckable(true);
    m_more->setAccessibleName(tr("Show the rows of %1 that are bad, repeated or shared").arg(name));
    m_more->setAccessibleDescription(tr("Lists them with their lines in the file"));
    m_more->hide();
    column->addWidget(m_more, 0, Qt::AlignLeft);
    m_rows->setHeaderLabels({tr("Where"), tr("What")});
    m_rows->header()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    m_rows->setAccessibleName(tr("Rows of %1 worth a look").arg(name));
    m_rows->setAccessibleDescription(tr("Bad rows, repeats, and rows that evaluation data shares"));
    m_rows->setFixedHeight(fontMetrics().height() * 12);
    m_rows->hide();
    column->addWidget(m_rows);
    m_balance->hide();

    connect(m_button, &QPushButton::clicked, this, &DataSummary::compute);
    connect(m_facts, &DataFacts::found, this, &DataSummary::take);
    connect(m_more, &QToolButton::toggled, m_rows, &QWidget::setVisible);
    connect(m_histogram, &LengthHistogram::limitMoved, this, &DataSummary::limitMoved);
    connect(m_histogram, &LengthHistogram::limitSet, this, &DataSummary::limitSet);
    connect(m_fit, &QPushButton::clicked, this, [this] {
        if (!m_truth) return;
        Q_EMIT limitMoved(m_truth->tokens.limitFor(kFewCut));
        Q_EMIT limitSet();
    });
}

QString DataSummary::text() const
{
    return m_text->text();
}

QString DataSummary::tokenText() const
{
    return m_tokenText->text();
}

void DataSummary::setQuestion(const DataQuestion& question)
{
    m_question = question;
    m_button->setEnabled(!question.data.path.empty());
    if (m_facts->find(question)) {
        take();
        return;
    }
    m_truth.reset();
    m_balance->hide();
    m_tokens->hide();
    m_more->hide();
    m_rows->hide();
    m_more->setChecked(false);
    m_text->setText(m_facts->isRunning(question) ? tr("Reading…") : QString());
    if (DataFacts::isQuick(question)) compute();
    m_button->setVisible(!m_facts->isRunning(question));
}

void DataSummary::compute()
{
    if (m_truth) {
        Q_EMIT computed();
        return;
    }
    m_text->setText(tr("Reading…"));
    m_button->hide();
    m_facts->request(m_question);
}

void DataSummary::take()
{
    const auto truth = m_facts->find(m_question);
    if (!truth || truth == m_truth) return;
    m_truth = truth;
    show(*truth);
    Q_EMIT computed();
}

void DataSummary::show(const DataTruth& truth)
{
    m_button->hide();
    fillRows(truth);
    if (!truth.problem.empty()) {
        m_text->setText(QString::fromStdString(truth.problem));
        m_balance->hide();
        m_tokens->hide();
        return;
    }
    m_text->setText(linesOf(truth).join(u'\n'));
    const auto bars = barsOf(truth.statistics);
    m_balance->setBars(bars);
    m_balance->setVisible(!bars.empty());
    m_histogram->setCounts(truth.tokens.rowsOfLength);
    showTokens();
}

void DataSummary::setLimit(int tokens, int positions)
{
    m_histogram->setMaximum(positions);
    m_histogram->setLimit(tokens);
    if (tokens == m_limit) return;
    m_limit = tokens;
    if (m_truth) showTokens();
}

void DataSummary::showTokens()
{
    const TokenLengths& tokens = m_truth->tokens;
    m_tokens->setVisible(tokens.counted > 0 || !tokens.problem.empty());
    m_histogram->setVisible(tokens.counted > 0);
    m_fit->hide();
    if (tokens.counted == 0) {
        m_tokenText->setText(QString::fromStdString(tokens.problem));
        return;
    }
    QString line = m_limit > 0 ? tr("%1 of the rows are truncated at %2 tokens; the longest has %3.")
                                     .arg(percent(tokens.truncatedShare(m_limit)))
                                     .arg(m_limit)
                                     .arg(tokens.longest())
                               : tr("The longest row has %1 tokens.").arg(tokens.longest());
    if (tokens.counted < tokens.total)
        line +=
            u' ' +
            tr("Counted in %1 rows spread evenly over %2.").arg(count(tokens.counted), count(tokens.total));
    m_tokenText->setText(line);
    const int fit = tokens.limitFor(kFewCut);
    if (fit == m_limit) return;
    m_fit->setText(tr("Cut at %1 (%2 of the rows)").arg(fit).arg(percent(tokens.truncatedShare(fit))));
    m_fit->setAccessibleName(m_fit->text());
    m_fit->setToolTip(
        tr("The shortest limit that cuts at most 1% of the rows: shorter inputs train faster."));
    m_fit->setAccessibleDescription(m_fit->toolTip());
    m_fit->show();
}

void DataSummary::fillRows(const DataTruth& truth)
{
    m_rows->clear();
    const auto group = [this](const QString& title) {
        auto* item = new QTreeWidgetItem(m_rows, {title});
        item->setFirstColumnSpanned(true);
        item->setExpanded(true);
        return item;
    };
    const auto place = [](std::int64_t line, std::int64_t row) {
        return line > 0 ? tr("line %1").arg(line) : tr("row %1").arg(row + 1);
    };
    if (!truth.badRows.empty()) {
        auto* bad = group(tr("Bad rows (%1)").arg(count(truth.badRowCount)));
        for (const BadRow& row : truth.badRows)
            new QTreeWidgetItem(bad, {place(row.line, 0), QString::fromStdString(row.message)});
    }
    const DataStatistics& found = truth.statistics;
    if (!found.duplicates.empty()) {
        auto* same = group(tr("Repeats (%1)").arg(count(found.duplicateRows)));
        for (std::size_t i = 0; i < found.duplicates.size(); ++i) {
            const auto& [row, earlier] = found.duplicates[i];
            const auto& [line, earlierLine] = truth.duplicateLines[i];
            new QTreeWidgetItem(same,
                                {place(line, row), tr("the same as %1").arg(place(earlierLine, earlier))});
        }
    }
    if (!found.equalInputRows.empty()) {
        auto* self = group(tr("A text paired with itself (%1)").arg(count(found.equalInputs)));
        for (const std::int64_t row : found.equalInputRows)
            new QTreeWidgetItem(self, {place(0, row), tr("two inputs are the same text")});
    }
    for (const SharedRows& shared : truth.shared) {
        if (shared.overlap.examples.empty()) continue;
        auto* both = group(
            tr("In “%1” too (%2)").arg(QString::fromStdString(shared.eval), count(shared.overlap.rows)));
        for (const auto& [evalRow, row] : shared.overlap.examples)
            new QTreeWidgetItem(both, {place(0, row), tr("is row %1 there").arg(evalRow + 1)});
    }
    m_more->setVisible(m_rows->topLevelItemCount() > 0);
}

} // namespace studio
