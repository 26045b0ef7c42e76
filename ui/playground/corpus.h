#pragma once

#include <QStringList>
#include <QWidget>

#include <string>
#include <vector>

class QComboBox;
class QLabel;
class QLineEdit;

namespace studio {

/// A file of texts, with a choice of the column to read and of the one that colours: at most 5,000 rows.
class CorpusChooser : public QWidget
{
    Q_OBJECT

public:
    CorpusChooser(bool withLabels, QWidget* parent = nullptr);

    bool load(const QString& path);
    const std::vector<std::string>& texts() const { return m_texts; }
    /// One a row; empty without a label column.
    const QStringList& labels() const { return m_labels; }

Q_SIGNALS:
    void changed();

private:
    void readColumns();

    QLineEdit* m_path;
    QComboBox* m_column;
    QComboBox* m_label;
    QLabel* m_told;
    std::vector<std::string> m_texts;
    QStringList m_labels;
};

} // namespace studio
