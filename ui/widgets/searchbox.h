#pragma once

#include <QLineEdit>

namespace studio {

/// A line edit with a search mark and a clear button. Down asks to move into the results, Escape clears, then
/// leaves.
class SearchBox : public QLineEdit
{
    Q_OBJECT

public:
    explicit SearchBox(const QString& hint, QWidget* parent = nullptr);

Q_SIGNALS:
    void wantsResults();
    void left();

protected:
    void keyPressEvent(QKeyEvent* event) override;
};

} // namespace studio
