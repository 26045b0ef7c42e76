#pragma once

#include "ui/widgets/fieldeditor.h"

#include <QHash>
#include <QStringList>

class QTableWidget;
class QToolButton;

namespace studio {

/// A small table of texts with Add and Remove, the base of editors for objects. Delete removes the row,
/// Insert adds one, Enter and F2 edit a cell.
class RowTable : public FieldEditor
{
    Q_OBJECT

public:
    explicit RowTable(const QStringList& headers, QWidget* parent = nullptr);

    QWidget* control() const override;
    void setNames(const QString& name, const QString& description) override;
    QTableWidget* table() const { return m_table; }
    bool eventFilter(QObject* watched, QEvent* event) override;

protected:
    /// A new row; the first empty cell is edited when `edit` is set.
    void addRow(const QStringList& cells, bool edit);
    void removeRow();
    void clearRows();
    QString cell(int row, int column) const;
    /// Words offered while a cell of this column is edited; others are allowed.
    void setWords(int column, const QStringList& words);
    QToolButton* addButton() const { return m_add; }
    /// The rows changed: read them.
    virtual void read() = 0;
    void fitHeight();
    bool isFilling() const { return m_filling; }

private:
    QTableWidget* m_table;
    QToolButton* m_add;
    QToolButton* m_remove;
    QHash<int, QStringList> m_words;
    bool m_filling = false;
};

} // namespace studio
