#pragma once

#include <QStringList>
#include <QWidget>

class QLineEdit;
class QPlainTextEdit;

namespace studio {

class RunNotes;

/// Tags and notes of the chosen run, kept as soon as the keyboard leaves a field. With several chosen runs, tags only:
/// what is typed is added to each.
class RunNotesPanel : public QWidget
{
    Q_OBJECT

public:
    explicit RunNotesPanel(RunNotes* notes, QWidget* parent = nullptr);

    void setRuns(const QStringList& folders);
    void commit();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void refresh();

    RunNotes* m_notes;
    QStringList m_folders;
    QLineEdit* m_tags;
    QPlainTextEdit* m_text;
};

} // namespace studio
