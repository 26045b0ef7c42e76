#pragma once

#include "core/experiment/experiment.h"
#include "data/reader.h"
#include "data/table.h"

#include <QWidget>

#include <memory>

class QLabel;
class QTableWidget;
class QToolButton;

namespace studio {

/// The first rows of a data file with a role for each column. Reads in a worker and only the head of the
/// file, so that gigabytes answer as quickly as kilobytes.
class DataPreview : public QWidget
{
    Q_OBJECT

public:
    explicit DataPreview(const QString& name, QWidget* parent = nullptr);

    /// `data` has an absolute path. Reads anew only when path or format changed.
    void showData(const DataSpec& data);
    const Table* head() const { return m_head.get(); }

    static constexpr int kRows = 20;

Q_SIGNALS:
    /// The head was read (or could not be).
    void headRead();
    /// The user gave a column another role: the new role → column list.
    void rolesEdited(const std::vector<std::pair<std::string, std::string>>& roles);

private:
    struct Reading
    {
        std::shared_ptr<Table> table;
        ReadReport report;
        QString problem;
    };
    void take(const Reading& reading);
    void fill();
    void showRoles();
    void onRoleChosen();
    void swapInputs();

    QString m_name;
    QLabel* m_facts;
    QTableWidget* m_table;
    QToolButton* m_swap;
    DataSpec m_data;
    std::shared_ptr<Table> m_head;
    quint64 m_generation = 0;
};

} // namespace studio
