#include "ui/designer/hitdelegate.h"

#include <QApplication>
#include <QPainter>
#include <QSet>

namespace studio {

namespace {

QFont smaller(QFont font)
{
    font.setPointSizeF(font.pointSizeF() * 0.88);
    return font;
}

} // namespace

void HitDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QString label = item.text;
    item.text.clear();
    QStyle* style = item.widget ? item.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);

    const bool selected = item.state & QStyle::State_Selected;
    QColor ink = item.palette.color(QPalette::Active, selected ? QPalette::HighlightedText : QPalette::Text);
    QRect box = item.rect.adjusted(6, 3, -6, -3);
    painter->save();
    painter->setPen(ink);
    QSet<int> places;
    const auto list = index.data(kPlacesRole).toList();
    for (const QVariant& place : list)
        places.insert(place.toInt());
    QFont bold = item.font;
    bold.setBold(true);
    QRect at = box;
    for (int i = 0; i < label.size();) {
        int end = i + 1;
        while (end < label.size() && places.contains(end) == places.contains(i))
            ++end;
        const QString part = label.mid(i, end - i);
        const QFont& font = places.contains(i) ? bold : item.font;
        painter->setFont(font);
        painter->drawText(at, Qt::AlignLeft | Qt::AlignTop, part);
        at.setLeft(at.left() + QFontMetrics(font).horizontalAdvance(part));
        i = end;
    }
    ink.setAlphaF(0.72f);
    painter->setPen(ink);
    painter->setFont(smaller(item.font));
    const QFontMetrics metrics(painter->font());
    painter->drawText(box, Qt::AlignLeft | Qt::AlignBottom,
                      metrics.elidedText(index.data(kSecondRole).toString(), Qt::ElideRight, box.width()));
    painter->restore();
}

QSize HitDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const QSize one = QStyledItemDelegate::sizeHint(option, index);
    if (!index.data(kSecondRole).isValid()) return one;
    const int height = QFontMetrics(option.font).height() + QFontMetrics(smaller(option.font)).height() + 7;
    return QSize(one.width(), height);
}

} // namespace studio
