#pragma once

#include <QString>
#include <QStringList>

class QWidget;

/// Every modal question of the window goes through here, so that tests answer without a pop-up.
namespace studio::dialogs {

/// Empty when cancelled.
QString openFile(QWidget* parent, const QString& title, const QString& start, const QString& filter);
QString saveFile(QWidget* parent, const QString& title, const QString& start, const QString& filter);
QString openFolder(QWidget* parent, const QString& title, const QString& start);

/// Shows a sentence and buttons named by verbs; returns the index of the one pressed, -1 when the dialog was
/// closed. The button `safe` is the default.
int ask(QWidget* parent, const QString& title, const QString& text, const QString& details,
        const QStringList& buttons, int safe);

/// Says something that needs no answer (a failed save).
void tell(QWidget* parent, const QString& title, const QString& text);

/// For tests: the next file or folder dialog returns `path`, the next question `button`. Several wait in
/// line; an unanswered dialog is refused (empty path, -1) while `scripted` is on, so that a test never hangs.
void setScripted(bool scripted);
bool isScripted();
void answerPath(const QString& path);
void answerButton(int button);
/// Texts shown since the last call, oldest first.
QStringList takeShown();

} // namespace studio::dialogs
