#pragma once

#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;
class QTabWidget;

namespace studio {

class TwoModels;

/// Two models side by side: similarities of typed sentences, search over a file, tokens, a map, and what smaller
/// embeddings cost.
class PlaygroundPage : public QWidget
{
    Q_OBJECT

public:
    explicit PlaygroundPage(QWidget* parent = nullptr);

    /// Offers the run's base model, checkpoints and final model; the first against the last.
    void setRun(const QString& runFolder);
    void setModels(const QString& left, const QString& right);
    /// While a training runs nothing is embedded; empty: free.
    void setBlocked(const QString& reason);
    TwoModels* models() const { return m_models; }
    void showTab(int tab);

private:
    QComboBox* makeChooser(const QString& name);
    QString folderIn(const QComboBox* box) const;
    void takeModels();

    TwoModels* m_models;
    QComboBox* m_left;
    QComboBox* m_right;
    QTabWidget* m_tabs;
    QLabel* m_told;
    QPushButton* m_stop;
};

} // namespace studio
