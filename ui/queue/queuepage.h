#pragma once

#include "core/result.h"

#include <QWidget>

class QCheckBox;
class QLabel;
class QPushButton;
class QSpinBox;
class QTableWidget;

namespace studio {

class QueueRunner;
struct Experiment;

/// The page of the queue: the runs in their order with state, progress and result, and what can be done with them.
/// It asks for the designer's experiment by signal.
class QueuePage : public QWidget
{
    Q_OBJECT

public:
    /// `runner` outlives the page.
    explicit QueuePage(QueueRunner* runner, QWidget* parent = nullptr);

    /// Puts the experiment at the end, once, or once for each of `repeats` seeds from its own on.
    void add(const Experiment& experiment);

Q_SIGNALS:
    /// A person wants the designer's experiment in the queue; add() answers.
    void addRequested();

private:
    QPushButton* makeButton(const QString& objectName, const QString& text, const QString& tip);
    void fill();
    void updateButtons();
    void move(int by);
    QString chosen() const;
    void told(const Status& status);

    QueueRunner* m_runner;
    QTableWidget* m_table;
    QLabel* m_summary;
    QCheckBox* m_ownProcess;
    QSpinBox* m_repeats;
    QCheckBox* m_stopAfterThis;
    QPushButton* m_start;
    QPushButton* m_stop;
    QPushButton* m_up;
    QPushButton* m_down;
    QPushButton* m_hold;
    QPushButton* m_skip;
    QPushButton* m_again;
    QPushButton* m_remove;
};

} // namespace studio
