#pragma once

#include <QWidget>

#include <functional>

class QHBoxLayout;
class QLabel;

namespace studio {

/// A line above the pages for things worth knowing that need no answer now: a draft was found, a file held
/// unknown keys.
class NoticeBar : public QWidget
{
    Q_OBJECT

public:
    struct Choice
    {
        QString text;
        std::function<void()> action;
    };

    explicit NoticeBar(QWidget* parent = nullptr);

    void showNotice(const QString& text, const QList<Choice>& choices = {});
    void dismiss();
    QString text() const;

private:
    QLabel* m_icon;
    QLabel* m_text;
    QHBoxLayout* m_buttons;
};

} // namespace studio
