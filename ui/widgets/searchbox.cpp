#include "ui/widgets/searchbox.h"

#include "ui/widgets/icons.h"

#include <QKeyEvent>

namespace studio {

SearchBox::SearchBox(const QString& hint, QWidget* parent) : QLineEdit(parent)
{
    setPlaceholderText(hint);
    setAccessibleName(hint);
    setClearButtonEnabled(true);
    addAction(studioIcon(QStringLiteral("search")), QLineEdit::LeadingPosition);
}

void SearchBox::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Down) {
        Q_EMIT wantsResults();
    } else if (event->key() == Qt::Key_Escape) {
        if (text().isEmpty()) {
            Q_EMIT left();
        } else {
            clear();
        }
    } else {
        QLineEdit::keyPressEvent(event);
    }
}

} // namespace studio
