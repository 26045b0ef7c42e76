#include "ui/widgets/promptsfield.h"

#include <QSet>
#include <QTableWidget>

namespace studio {

namespace {

QStringList headers(PromptsField::Levels levels, const QString& text)
{
    QStringList all{PromptsField::tr("Column (empty: all)"), text};
    if (levels == PromptsField::Levels::SetsAndColumns)
        all.prepend(PromptsField::tr("Data set (empty: all)"));
    return all;
}

QString textOf(const Json& value)
{
    return QString::fromStdString(value.is_string() ? value.get<std::string>() : value.dump());
}

} // namespace

PromptsField::PromptsField(Levels levels, QWidget* parent) : PromptsField(levels, tr("Prompt"), parent) {}

PromptsField::PromptsField(Levels levels, const QString& textHeader, QWidget* parent)
    : RowTable(headers(levels, textHeader), parent), m_levels(levels)
{
    for (int column = 0; column < textCell(); ++column)
        table()->setColumnWidth(column, fontMetrics().averageCharWidth() * 26);
}

void PromptsField::setColumns(const QStringList& columns)
{
    setWords(columnCell(), columns);
}

void PromptsField::setDataSets(const QStringList& sets)
{
    if (sets == m_sets) return;
    m_sets = sets;
    setWords(0, sets);
    // What was a column's name may be a data set's now; the value stays.
    if (m_value.is_object() && problem().isEmpty()) fill();
}

void PromptsField::fill()
{
    const Json value = m_value;
    clearRows();
    std::vector<QStringList> rows;
    const auto add = [&](const QString& set, const QString& column, const Json& text) {
        QStringList cells{column, textOf(text)};
        if (m_levels == Levels::SetsAndColumns) cells.prepend(set);
        rows.push_back(cells);
    };
    if (m_value.is_object()) {
        for (const auto& [name, inner] : m_value.items()) {
            const QString key = QString::fromStdString(name);
            if (inner.is_object()) {
                for (const auto& [column, text] : inner.items())
                    add(key, QString::fromStdString(column), text);
            } else if (m_sets.contains(key)) {
                add(key, QString(), inner);
            } else {
                add(QString(), key, inner);
            }
        }
    } else if (!m_value.is_null()) {
        add(QString(), QString(), m_value);
    }
    const QSignalBlocker quiet(this);
    for (const QStringList& row : rows)
        addRow(row, false);
    m_value = value; // exactly as it came
}

void PromptsField::setValue(const Json& value)
{
    QString problem;
    const Json shown = parsed(&problem);
    const bool same = problem.isEmpty() && shown == value;
    m_value = value;
    if (!same) fill();
    setProblem(QString());
}

Json PromptsField::parsed(QString* problem) const
{
    Json object = Json::object();
    Json whole;
    int used = 0;
    int withSet = 0;
    int withColumn = 0;
    QSet<QString> seen;
    for (int row = 0; row < table()->rowCount(); ++row) {
        const QString set = m_levels == Levels::SetsAndColumns ? cell(row, 0).trimmed() : QString();
        const QString column = cell(row, columnCell()).trimmed();
        const QString text = cell(row, textCell()); // blanks at its end count
        if (set.isEmpty() && column.isEmpty() && text.isEmpty()) continue;
        ++used;
        withSet += set.isEmpty() ? 0 : 1;
        withColumn += column.isEmpty() ? 0 : 1;
        const QString place = set + u'\n' + column;
        if (seen.contains(place)) *problem = tr("Row %1 says again what another row says.").arg(row + 1);
        seen.insert(place);
        if (m_columnNeeded && column.isEmpty()) *problem = tr("Row %1 names no column.").arg(row + 1);
        const Json value = text.toStdString();
        if (!set.isEmpty() && !column.isEmpty()) {
            object[set.toStdString()][column.toStdString()] = value;
        } else if (!set.isEmpty() || !column.isEmpty()) {
            object[(set.isEmpty() ? column : set).toStdString()] = value;
        } else {
            whole = value;
        }
        if (!problem->isEmpty()) return Json();
        if ((withSet > 0 && withSet < used) || (withColumn > 0 && withColumn < used)) {
            *problem =
                tr("Name a data set in every row or in none, and the same for columns: the file has one form "
                   "for all.");
            return Json();
        }
    }
    if (used == 0) return m_empty;
    return whole.is_null() ? object : whole;
}

void PromptsField::read()
{
    QString problem;
    const Json now = parsed(&problem);
    setProblem(problem);
    if (!problem.isEmpty() || now == m_value) return;
    m_value = now;
    Q_EMIT edited();
}

} // namespace studio
