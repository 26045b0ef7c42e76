#pragma once

#include <QStyledItemDelegate>

namespace studio {

/// A search hit in two lines: the label with the letters that matched in bold, page and Python name below it.
class HitDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    static constexpr int kPlacesRole = Qt::UserRole + 10; ///< QVariantList of places in the label
    static constexpr int kSecondRole = Qt::UserRole + 11; ///< the second line

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

} // namespace studio
