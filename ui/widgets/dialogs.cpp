#include "ui/widgets/dialogs.h"

#include <QFileDialog>
#include <QMessageBox>
#include <QPushButton>

#include <deque>

namespace studio::dialogs {

namespace {

struct Script
{
    bool on = false;
    std::deque<QString> paths;
    std::deque<int> buttons;
    QStringList shown;
};

Script& script()
{
    static Script instance;
    return instance;
}

QString scriptedPath(const QString& title)
{
    script().shown << title;
    if (script().paths.empty()) return {};
    const QString path = script().paths.front();
    script().paths.pop_front();
    return path;
}

} // namespace

QString openFile(QWidget* parent, const QString& title, const QString& start, const QString& filter)
{
    if (script().on) return scriptedPath(title);
    return QFileDialog::getOpenFileName(parent, title, start, filter);
}

QString saveFile(QWidget* parent, const QString& title, const QString& start, const QString& filter)
{
    if (script().on) return scriptedPath(title);
    return QFileDialog::getSaveFileName(parent, title, start, filter);
}

QString openFolder(QWidget* parent, const QString& title, const QString& start)
{
    if (script().on) return scriptedPath(title);
    return QFileDialog::getExistingDirectory(parent, title, start);
}

int ask(QWidget* parent, const QString& title, const QString& text, const QString& details,
        const QStringList& buttons, int safe)
{
    if (script().on) {
        script().shown << (details.isEmpty() ? text : text + u'\n' + details);
        if (script().buttons.empty()) return -1;
        const int button = script().buttons.front();
        script().buttons.pop_front();
        return button;
    }
    QMessageBox box(QMessageBox::Question, title, text, QMessageBox::NoButton, parent);
    box.setInformativeText(details);
    QList<QPushButton*> made;
    for (const QString& name : buttons) {
        const bool last = name == buttons.constLast();
        made << box.addButton(name, last ? QMessageBox::RejectRole : QMessageBox::AcceptRole);
    }
    box.setDefaultButton(made.value(safe));
    box.exec();
    return static_cast<int>(made.indexOf(static_cast<QPushButton*>(box.clickedButton())));
}

void tell(QWidget* parent, const QString& title, const QString& text)
{
    if (script().on) {
        script().shown << text;
        return;
    }
    QMessageBox::warning(parent, title, text);
}

void setScripted(bool scripted)
{
    script() = Script();
    script().on = scripted;
}

bool isScripted()
{
    return script().on;
}

void answerPath(const QString& path)
{
    script().paths.push_back(path);
}

void answerButton(int button)
{
    script().buttons.push_back(button);
}

QStringList takeShown()
{
    return std::exchange(script().shown, {});
}

} // namespace studio::dialogs
