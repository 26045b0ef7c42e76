#pragma once

#include <QHash>
#include <QTreeWidget>

namespace studio {

/// The pages of the designer under headings, each with the number of its errors or warnings.
class PageTree : public QTreeWidget
{
    Q_OBJECT

public:
    explicit PageTree(QWidget* parent = nullptr);

    QTreeWidgetItem* addHeading(const QString& title);
    void addPage(QTreeWidgetItem* heading, const QString& id, const QString& title);
    void choose(const QString& id);
    /// The count of what is worst; bold when something on the page is not saved. Cheap when nothing changed.
    void mark(const QString& id, int errors, int warnings, bool edited);
    /// Paints all marks again at their next mark() (the palette changed).
    void forgetMarks();

Q_SIGNALS:
    void pageChosen(const QString& id);

private:
    QIcon markIcon(bool error, const QColor& colour) const;
    void showMark(QTreeWidgetItem* item, int errors, int warnings);

    QHash<QString, QTreeWidgetItem*> m_items;
};

} // namespace studio
