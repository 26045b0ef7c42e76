#include "ui/widgets/rowtable.h"

#include "ui/widgets/icons.h"

#include <QCompleter>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QStyledItemDelegate>
#include <QTableWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace studio {

namespace {

/// Offers words while a cell is edited.
class WordDelegate : public QStyledItemDelegate
{
public:
    WordDelegate(const QStringList& words, QObject* parent) : QStyledItemDelegate(parent), m_words(words) {}

    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override
    {
        QWidget* editor = QStyledItemDelegate::createEditor(parent, option, index);
        if (auto* line = qobject_cast<QLineEdit*>(editor)) {
            auto* completer = new QCompleter(m_words, line);
            completer->setCompletionMode(QCompleter::PopupCompletion);
            completer->setCaseSensitivity(Qt::CaseInsensitive);
            completer->setFilterMode(Qt::MatchContains);
            line->setCompleter(completer);
            line->setAccessibleName(index.model()->headerData(index.column(), Qt::Horizontal).toString());
        }
        return editor;
    }

private:
    QStringList m_words;
};

} // namespace

RowTable::RowTable(const QStringList& headers, QWidget* parent)
    : FieldEditor(parent),
      m_table(new QTableWidget(0, static_cast<int>(headers.size()), this)),
      m_add(new QToolButton(this)),
      m_remove(new QToolButton(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_table, 100);
    auto* buttons = new QVBoxLayout;
    buttons->setSpacing(0);
    buttons->addWidget(m_add);
    buttons->addWidget(m_remove);
    buttons->addStretch(1);
    row->addLayout(buttons);
    row->addStretch(1); // what is beyond the widest table is empty on the right
    m_table->setHorizontalHeaderLabels(headers);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    m_table->setTabKeyNavigation(false);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed |
                             QAbstractItemView::AnyKeyPressed | QAbstractItemView::SelectedClicked);
    m_table->setMaximumWidth(fontMetrics().averageCharWidth() * 90);
    const auto tool = [](QToolButton* button, const QString& icon, const QString& verb) {
        button->setIcon(studioIcon(icon));
        button->setAutoRaise(true);
        button->setToolTip(verb);
        button->setAccessibleName(verb);
        button->setProperty("verb", verb);
    };
    tool(m_add, QStringLiteral("add"), tr("Add a row"));
    tool(m_remove, QStringLiteral("remove"), tr("Remove the row"));
    m_remove->setEnabled(false);
    setFocusProxy(m_table);
    watch(m_table);
    connect(m_table, &QTableWidget::itemChanged, this, [this] {
        if (!m_filling) read();
    });
    connect(m_table, &QTableWidget::itemSelectionChanged, this,
            [this] { m_remove->setEnabled(m_table->currentRow() >= 0); });
    connect(m_add, &QToolButton::clicked, this, [this] {
        if (!m_add->menu()) addRow({}, true);
    });
    connect(m_remove, &QToolButton::clicked, this, &RowTable::removeRow);
    fitHeight();
}

QWidget* RowTable::control() const
{
    return m_table;
}

void RowTable::setNames(const QString& name, const QString& description)
{
    FieldEditor::setNames(name, description);
    const QString help = tr("Table. F2 edits a cell, Insert adds a row, Delete removes one.");
    m_add->setAccessibleDescription(help);
    m_remove->setAccessibleDescription(help);
}

void RowTable::addRow(const QStringList& cells, bool edit)
{
    const int row = m_table->rowCount();
    m_filling = true;
    m_table->insertRow(row);
    for (int column = 0; column < m_table->columnCount(); ++column)
        m_table->setItem(row, column, new QTableWidgetItem(cells.value(column)));
    m_filling = false;
    fitHeight();
    read();
    if (!edit) return;
    int empty = 0;
    while (empty + 1 < m_table->columnCount() && !cell(row, empty).isEmpty())
        ++empty;
    m_table->setCurrentCell(row, empty);
    if (isVisible()) m_table->editItem(m_table->item(row, empty));
}

void RowTable::removeRow()
{
    const int row = m_table->currentRow();
    if (row < 0) return;
    m_filling = true;
    m_table->removeRow(row);
    m_filling = false;
    m_remove->setEnabled(m_table->currentRow() >= 0);
    fitHeight();
    read();
}

void RowTable::clearRows()
{
    m_filling = true;
    m_table->setRowCount(0);
    m_filling = false;
    m_remove->setEnabled(false);
    fitHeight();
}

QString RowTable::cell(int row, int column) const
{
    const auto* item = m_table->item(row, column);
    return item ? item->text() : QString();
}

void RowTable::setWords(int column, const QStringList& words)
{
    if (m_words.value(column) == words) return;
    m_words.insert(column, words);
    auto* before = m_table->itemDelegateForColumn(column);
    m_table->setItemDelegateForColumn(column, words.isEmpty() ? nullptr : new WordDelegate(words, m_table));
    if (before && before != m_table->itemDelegate()) before->deleteLater();
}

void RowTable::fitHeight()
{
    const int lines = std::clamp(m_table->rowCount(), 1, 8);
    m_table->setFixedHeight(m_table->horizontalHeader()->sizeHint().height() +
                            lines * m_table->verticalHeader()->defaultSectionSize() +
                            2 * m_table->frameWidth() + 2);
}

bool RowTable::eventFilter(QObject* watched, QEvent* event)
{
    // While a cell is edited its keys belong to the cell, although some travel on to the table.
    if (watched == m_table && event->type() == QEvent::KeyPress && m_table->hasFocus()) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Delete) {
            removeRow();
            return true;
        }
        if (key->key() == Qt::Key_Insert) {
            m_add->click();
            return true;
        }
        if ((key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) && m_table->currentItem()) {
            m_table->editItem(m_table->currentItem());
            return true;
        }
    }
    return FieldEditor::eventFilter(watched, event);
}

} // namespace studio
