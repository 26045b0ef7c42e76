#include "ui/designer/pagetree.h"

#include "ui/widgets/icons.h"

#include <QHeaderView>

namespace studio {

namespace {

constexpr int kMarkRole = Qt::UserRole;

QString spoken(int errors, int warnings)
{
    QStringList parts;
    if (errors > 0) parts << (errors == 1 ? PageTree::tr("1 error") : PageTree::tr("%1 errors").arg(errors));
    if (warnings > 0)
        parts << (warnings == 1 ? PageTree::tr("1 warning") : PageTree::tr("%1 warnings").arg(warnings));
    return parts.join(QStringLiteral(", "));
}

} // namespace

PageTree::PageTree(QWidget* parent) : QTreeWidget(parent)
{
    setObjectName(QStringLiteral("pageTree"));
    setHeaderHidden(true);
    setColumnCount(2);
    header()->setStretchLastSection(false);
    header()->setSectionResizeMode(0, QHeaderView::Stretch);
    header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    setRootIsDecorated(false);
    setIndentation(12);
    setAccessibleName(tr("Pages"));
    setAccessibleDescription(tr("Pages of the experiment with the number of their errors and warnings"));
    connect(this, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
        const QString id = m_items.key(item);
        if (!id.isEmpty()) Q_EMIT pageChosen(id);
    });
}

QTreeWidgetItem* PageTree::addHeading(const QString& title)
{
    auto* heading = new QTreeWidgetItem(this, {title});
    heading->setFlags(Qt::ItemIsEnabled);
    heading->setFirstColumnSpanned(true);
    QFont small = font();
    small.setCapitalization(QFont::AllUppercase);
    small.setPointSizeF(small.pointSizeF() * 0.85);
    small.setLetterSpacing(QFont::PercentageSpacing, 106);
    heading->setFont(0, small);
    heading->setForeground(0, palette().brush(QPalette::PlaceholderText));
    return heading;
}

void PageTree::addPage(QTreeWidgetItem* heading, const QString& id, const QString& title)
{
    auto* item = new QTreeWidgetItem(heading, {title});
    item->setSizeHint(0, QSize(0, fontMetrics().height() + 8));
    m_items.insert(id, item);
}

void PageTree::choose(const QString& id)
{
    setCurrentItem(m_items.value(id));
}

void PageTree::mark(const QString& id, int errors, int warnings, bool edited)
{
    QTreeWidgetItem* item = m_items.value(id);
    if (!item) return;
    // Setting what is shown already would paint the whole tree at every key.
    const QString mark = QStringLiteral("%1/%2").arg(errors).arg(warnings);
    if (item->data(1, kMarkRole).toString() != mark) {
        item->setData(1, kMarkRole, mark);
        showMark(item, errors, warnings);
    }
    QFont font = item->font(0);
    if (font.bold() != edited) {
        font.setBold(edited);
        item->setFont(0, font);
    }
}

void PageTree::forgetMarks()
{
    for (QTreeWidgetItem* item : std::as_const(m_items))
        item->setData(1, kMarkRole, QVariant());
}

QIcon PageTree::markIcon(bool error, const QColor& colour) const
{
    const QString name = error ? QStringLiteral("error") : QStringLiteral("warning");
    const QSize size(16, 16);
    QIcon icon;
    icon.addPixmap(studioIcon(name, colour).pixmap(size, devicePixelRatioF()));
    // On the selected row the mark has the colour of its text.
    icon.addPixmap(
        studioIcon(name, palette().color(QPalette::HighlightedText)).pixmap(size, devicePixelRatioF()),
        QIcon::Selected);
    return icon;
}

void PageTree::showMark(QTreeWidgetItem* item, int errors, int warnings)
{
    const int shown = errors > 0 ? errors : warnings;
    item->setText(1, shown > 0 ? QString::number(shown) : QString());
    const QColor colour = errors > 0 ? errorColour(palette()) : warningColour(palette());
    item->setIcon(1, shown == 0 ? QIcon() : markIcon(errors > 0, colour));
    item->setForeground(1, colour);
    const QString words = spoken(errors, warnings);
    item->setToolTip(0, words);
    item->setToolTip(1, words);
    const QString title = item->text(0);
    item->setData(0, Qt::AccessibleTextRole, words.isEmpty() ? title : title + u' ' + words);
}

} // namespace studio
