#pragma once

#include <QWidget>

class QListWidget;

namespace studio {

class RunLibrary;

/// What a person sees who has opened nothing: the sample, a new experiment, recent files and recent runs.
class WelcomePage : public QWidget
{
    Q_OBJECT

public:
    explicit WelcomePage(RunLibrary* runs, QWidget* parent = nullptr);

    void refresh();

Q_SIGNALS:
    void sampleWanted();
    void newWanted();
    void openWanted();
    void fileWanted(const QString& path);
    void runWanted(const QString& folder);

protected:
    void showEvent(QShowEvent* event) override;

private:
    RunLibrary* m_library;
    QListWidget* m_files;
    QListWidget* m_runs;
};

} // namespace studio
