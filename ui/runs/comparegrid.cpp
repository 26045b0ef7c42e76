#include "ui/runs/comparegrid.h"

#include <QFont>

namespace studio {

void CompareGrid::setRows(const QStringList& runNames, std::vector<ComparedRow> rows)
{
    beginResetModel();
    m_names = runNames;
    m_all = std::move(rows);
    select();
    endResetModel();
}

void CompareGrid::setOnlyDifferences(bool only)
{
    beginResetModel();
    m_onlyDifferences = only;
    select();
    endResetModel();
}

void CompareGrid::select()
{
    m_shown.clear();
    for (std::size_t i = 0; i < m_all.size(); ++i)
        if (!m_onlyDifferences || m_all[i].differs) m_shown.push_back(i);
}

QStringList CompareGrid::cells(const ComparedRow& row) const
{
    return QStringList{row.key} + row.texts;
}

QString CompareGrid::markdown() const
{
    const auto line = [](QStringList texts) {
        for (auto& text : texts)
            text.replace(QLatin1Char('|'), QStringLiteral("\\|"));
        return QStringLiteral("| ") + texts.join(QStringLiteral(" | ")) + QStringLiteral(" |\n");
    };
    QString text = line(QStringList{QString()} + m_names);
    text += QStringLiteral("|") + QStringLiteral("---|").repeated(m_names.size() + 1) + QLatin1Char('\n');
    for (const auto shown : m_shown)
        text += line(cells(m_all[shown]));
    return text;
}

QString CompareGrid::csv() const
{
    const auto line = [](QStringList texts) {
        for (auto& text : texts)
            if (text.contains(QLatin1Char(',')) || text.contains(QLatin1Char('"')) ||
                text.contains(QLatin1Char('\n')))
                text = QLatin1Char('"') + text.replace(QLatin1Char('"'), QStringLiteral("\"\"")) +
                       QLatin1Char('"');
        return texts.join(QLatin1Char(',')) + QLatin1Char('\n');
    };
    QString text = line(QStringList{QStringLiteral("key")} + m_names);
    for (const auto shown : m_shown)
        text += line(cells(m_all[shown]));
    return text;
}

QString CompareGrid::latex() const
{
    const auto escaped = [](const QString& text) {
        QString out;
        for (const QChar c : text) {
            if (QStringLiteral("&%$#_{}").contains(c)) out += QLatin1Char('\\') + c;
            else if (c == QLatin1Char('\\')) out += QStringLiteral("\\textbackslash{}");
            else if (c == QLatin1Char('~')) out += QStringLiteral("\\textasciitilde{}");
            else if (c == QLatin1Char('^')) out += QStringLiteral("\\textasciicircum{}");
            else if (c == QChar(0x2013)) out += QStringLiteral("--");
            else if (c == QChar(0x00b1)) out += QStringLiteral("$\\pm$");
            else out += c;
        }
        return out;
    };
    const auto line = [&](const QStringList& texts) {
        QStringList parts;
        for (const QString& text : texts)
            parts << escaped(text);
        return parts.join(QStringLiteral(" & ")) + QStringLiteral(" \\\\\n");
    };
    QString text = QStringLiteral("\\begin{tabular}{l%1}\n\\toprule\n").arg(QStringLiteral("r").repeated(m_names.size()));
    text += line(QStringList{QString()} + m_names) + QStringLiteral("\\midrule\n");
    for (const auto shown : m_shown)
        text += line(cells(m_all[shown]));
    return text + QStringLiteral("\\bottomrule\n\\end{tabular}\n");
}

int CompareGrid::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_shown.size());
}

int CompareGrid::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_names.size()) + 1;
}

QVariant CompareGrid::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    const auto& row = m_all[m_shown[static_cast<std::size_t>(index.row())]];
    if (role == Qt::DisplayRole || role == Qt::ToolTipRole)
        return index.column() == 0 ? row.key : row.texts.value(index.column() - 1);
    if (role == Qt::FontRole && row.differs) {
        QFont bold;
        bold.setBold(true);
        return bold;
    }
    return {};
}

QVariant CompareGrid::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role != Qt::DisplayRole || orientation != Qt::Horizontal) return {};
    return section == 0 ? tr("Key") : m_names.value(section - 1);
}

} // namespace studio
