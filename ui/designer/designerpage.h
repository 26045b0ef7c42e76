#pragma once

#include "ui/designer/formpage.h"

#include <QList>
#include <QWidget>

class QAction;
class QCheckBox;
class QListWidget;
class QStackedWidget;
class QTreeWidgetItem;

namespace studio {

class DataPage;
class ExperimentDocument;
class HelpPanel;
class LossPage;
class PageTree;
class PlanStrip;
class RunFacts;
class SearchBox;

/// The designer: page tree with search and filters on the left, the chosen page on the right, the plan below.
class DesignerPage : public QWidget
{
    Q_OBJECT

public:
    explicit DesignerPage(ExperimentDocument* document, QWidget* parent = nullptr);
    ~DesignerPage() override;

    /// Opens the page that shows the key, scrolls there and flashes the field.
    bool reveal(const QString& key, const QString& pageId = {});
    /// The first error, with the keyboard in its field.
    void revealFirstProblem();
    void showPage(const QString& id);
    QString currentPage() const;
    QStringList pageIds() const;
    FormPage* page(const QString& id) const;
    void focusSearch();
    /// Marks pending problems of all editors now (Start was pressed).
    void flush();
    /// Builds all pages that are not built yet.
    void buildAll();
    DataPage* dataPage() const { return m_dataPage; }
    /// "Help on This Setting" (F1): shows and hides the help beside the form.
    QAction* helpAction() const { return m_helpAction; }
    HelpPanel* help() const { return m_help; }
    bool eventFilter(QObject* watched, QEvent* event) override;

Q_SIGNALS:
    void fieldFocused(const QString& key);

protected:
    void changeEvent(QEvent* event) override;

private:
    void addPage(QTreeWidgetItem* heading, FormPage* page);
    void onChanged(const QString& key);
    void onValidated();
    void refreshTree();
    void search(const QString& text);
    void openHit(int row);
    void setFilter();
    void showHelp(bool on);
    void onFieldFocused(const QString& key);

    ExperimentDocument* m_document;
    RunFacts* m_facts;
    SearchBox* m_search;
    PageTree* m_tree;
    QListWidget* m_hits;
    QStackedWidget* m_left;
    QStackedWidget* m_pages;
    QCheckBox* m_advanced;
    QCheckBox* m_onlyChanged;
    DataPage* m_dataPage = nullptr;
    LossPage* m_lossPage = nullptr;
    PlanStrip* m_plan = nullptr;
    HelpPanel* m_help = nullptr;
    QAction* m_helpAction = nullptr;
    QString m_focusedKey;
    QList<FormPage*> m_list;
};

} // namespace studio
