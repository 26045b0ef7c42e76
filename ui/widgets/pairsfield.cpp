#include "ui/widgets/pairsfield.h"

#include <QMenu>
#include <QSet>
#include <QTableWidget>
#include <QToolButton>

namespace studio {

namespace {

/// A cell's text as a value: numbers, true, false, null, quoted texts, lists and objects are JSON, anything
/// else is a word.
Json valueOfCell(const QString& text)
{
    const Json parsed = Json::parse(text.trimmed().toStdString(), nullptr, false);
    return parsed.is_discarded() ? Json(text.toStdString()) : parsed;
}

QString cellOfValue(const Json& value)
{
    if (!value.is_string()) return QString::fromStdString(value.dump());
    const QString text = QString::fromStdString(value.get<std::string>());
    // A text that would read as a number keeps its quotes.
    return valueOfCell(text) == value ? text : QString::fromStdString(value.dump());
}

} // namespace

PairsField::PairsField(Form form, const QString& keyHeader, const QString& valueHeader, QWidget* parent)
    : RowTable({keyHeader, valueHeader}, parent), m_form(form)
{
    m_empty = form == Form::Object ? Json::object() : Json();
    m_value = m_empty;
    table()->setColumnWidth(0, fontMetrics().averageCharWidth() * 34);
}

void PairsField::setKnown(const std::vector<KnownPair>& known)
{
    const auto same = [](const KnownPair& a, const KnownPair& b) {
        return a.key == b.key && a.value == b.value && a.sentence == b.sentence;
    };
    if (std::equal(known.begin(), known.end(), m_known.begin(), m_known.end(), same)) return;
    m_known = known;
    if (m_menu) m_menu->deleteLater();
    m_menu = nullptr;
    addButton()->setMenu(nullptr);
    addButton()->setPopupMode(QToolButton::DelayedPopup);
    QStringList words;
    for (const KnownPair& one : known)
        words << one.key;
    setWords(0, words);
    if (known.empty()) return;
    m_menu = new QMenu(addButton());
    m_menu->setToolTipsVisible(true);
    for (const KnownPair& one : known) {
        auto* action = m_menu->addAction(QStringLiteral("%1 — %2").arg(one.key, one.sentence));
        action->setData(one.key);
        connect(action, &QAction::triggered, this, [this, one] {
            for (int row = 0; row < table()->rowCount(); ++row) {
                if (cell(row, 0) != one.key) continue;
                table()->setCurrentCell(row, 1); // it is there already
                return;
            }
            addRow({one.key, one.value}, true);
        });
    }
    m_menu->addSeparator();
    connect(m_menu->addAction(tr("Another Key…")), &QAction::triggered, this, [this] { addRow({}, true); });
    addButton()->setMenu(m_menu);
    addButton()->setPopupMode(QToolButton::InstantPopup);
}

void PairsField::setValue(const Json& value)
{
    QString problem;
    const Json shown = parsed(&problem);
    const bool same = problem.isEmpty() && shown == value;
    m_value = value;
    if (!same) {
        clearRows();
        std::vector<QStringList> rows;
        // An object may come as text; it is shown as the object that it means.
        const Json object = m_form == Form::Object && value.is_string()
                                ? Json::parse(value.get<std::string>(), nullptr, false)
                                : value;
        if (object.is_object()) {
            for (const auto& [key, item] : object.items())
                rows.push_back({QString::fromStdString(key), cellOfValue(item)});
        } else if (value.is_string()) {
            const auto parts =
                QString::fromStdString(value.get<std::string>()).split(u',', Qt::SkipEmptyParts);
            for (const QString& part : parts) {
                const auto equals = part.indexOf(u'=');
                rows.push_back(
                    {part.left(equals).trimmed(), equals < 0 ? QString() : part.mid(equals + 1).trimmed()});
            }
        }
        const QSignalBlocker quiet(this);
        for (const QStringList& row : rows)
            addRow(row, false);
        m_value = value; // exactly as it came: an untouched field writes back what it got
    }
    setProblem(QString());
}

Json PairsField::parsed(QString* problem) const
{
    Json object = Json::object();
    QStringList parts;
    QSet<QString> seen;
    for (int row = 0; row < table()->rowCount(); ++row) {
        const QString key = cell(row, 0).trimmed();
        const QString text = cell(row, 1);
        if (key.isEmpty() && text.trimmed().isEmpty()) continue; // a row that is just being begun
        if (key.isEmpty()) {
            *problem = tr("Row %1 has a value without a key.").arg(row + 1);
        } else if (seen.contains(key)) {
            *problem = tr("The key “%1” is there twice.").arg(key);
        } else if (text.trimmed().isEmpty()) {
            *problem = tr("“%1” needs a value.").arg(key);
        } else if (m_form == Form::Text &&
                   (key.contains(u',') || text.contains(u',') || key.contains(u'='))) {
            *problem = tr("Row %1 holds a comma or an equals sign; they part the settings in the file.")
                           .arg(row + 1);
        }
        seen.insert(key);
        object[key.toStdString()] = valueOfCell(text);
        parts << key + u'=' + text.trimmed();
    }
    if (object.empty()) return m_empty;
    return m_form == Form::Object ? object : Json(parts.join(u',').toStdString());
}

void PairsField::read()
{
    QString problem;
    const Json now = parsed(&problem);
    setProblem(problem);
    if (!problem.isEmpty() || now == m_value) return;
    m_value = now;
    Q_EMIT edited();
}

} // namespace studio
