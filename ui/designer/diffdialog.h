#pragma once

#include "ui/designer/experimentdiff.h"

#include <QDialog>

class QTreeWidget;

namespace studio {

/// A list of differences with a tick each. What the ticks do is said by the text and the buttons.
class DiffDialog : public QDialog
{
    Q_OBJECT

public:
    struct Texts
    {
        QString title;
        QString text;
        QString leftHeader;
        QString rightHeader;
        QStringList buttons; ///< verbs; the last one cancels
        int standard = 0;
        QStringList notes{}; ///< sentences below the list: keys that were renamed, refused or not known
    };

    DiffDialog(const Texts& texts, const std::vector<SettingDifference>& differences, bool ticks,
               QWidget* parent = nullptr);

    /// Index of the button that closed the dialog; that of the last one when it was closed otherwise.
    int button() const { return m_button; }
    /// Differences whose tick is set.
    std::vector<SettingDifference> ticked() const;

    /// Shows the dialog, or asks the test's script (dialogs::setScripted) with the differences as details.
    int run();

private:
    Texts m_texts;
    std::vector<SettingDifference> m_differences;
    QTreeWidget* m_tree;
    int m_button;
};

} // namespace studio
