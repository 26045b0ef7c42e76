#include "ui/designer/designerpage.h"

#include "core/arguments/setgroups.h"
#include "ui/designer/argumentform.h"
#include "ui/designer/datapage.h"
#include "ui/designer/datapreview.h"
#include "ui/designer/evaluationpage.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/designer/helppanel.h"
#include "ui/designer/hitdelegate.h"
#include "ui/designer/losspage.h"
#include "ui/designer/modelpage.h"
#include "ui/designer/pagetree.h"
#include "ui/designer/planstrip.h"
#include "ui/designer/runfacts.h"
#include "ui/designer/settingsearch.h"
#include "ui/widgets/fieldeditor.h"
#include "ui/widgets/searchbox.h"

#include <QAction>
#include <QCheckBox>
#include <QEvent>
#include <QKeyEvent>
#include <QListWidget>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

namespace {

constexpr int kHitKey = Qt::UserRole;
constexpr int kHitPage = Qt::UserRole + 1;

} // namespace

DesignerPage::DesignerPage(ExperimentDocument* document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_facts(new RunFacts(this)),
      m_search(new SearchBox(tr("Search settings"))),
      m_tree(new PageTree),
      m_hits(new QListWidget),
      m_left(new QStackedWidget),
      m_pages(new QStackedWidget),
      m_advanced(new QCheckBox(tr("Show &advanced"))),
      m_onlyChanged(new QCheckBox(tr("Show only &changed")))
{
    auto* side = new QWidget;
    auto* sideColumn = new QVBoxLayout(side);
    sideColumn->setContentsMargins(8, 8, 4, 8);
    sideColumn->addWidget(m_search);
    sideColumn->addWidget(m_left, 1);
    sideColumn->addWidget(m_advanced);
    sideColumn->addWidget(m_onlyChanged);
    m_left->addWidget(m_tree);
    m_left->addWidget(m_hits);
    m_advanced->setAccessibleDescription(tr("Also those that are rarely changed, on every page"));
    m_onlyChanged->setAccessibleDescription(tr("Hides what is as by default and as saved, on every page"));
    m_hits->setAccessibleDescription(tr("Enter goes to the setting"));
    m_advanced->setAccessibleName(tr("Show advanced settings"));
    m_onlyChanged->setAccessibleName(tr("Show only changed settings"));
    m_hits->setAccessibleName(tr("Search results"));
    m_hits->setItemDelegate(new HitDelegate(m_hits));
    m_hits->installEventFilter(this);

    side->setMinimumWidth(fontMetrics().averageCharWidth() * 46); // the longest title, with its count
    auto* splitter = new QSplitter;
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(side);
    auto* right = new QWidget;
    auto* rightColumn = new QVBoxLayout(right);
    rightColumn->setContentsMargins(0, 0, 0, 0);
    rightColumn->setSpacing(0);
    rightColumn->addWidget(m_pages, 1);
    m_plan = new PlanStrip(document, m_facts);
    rightColumn->addWidget(m_plan);
    splitter->addWidget(right);
    m_help = new HelpPanel(document);
    m_help->hide();
    splitter->addWidget(m_help);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({fontMetrics().averageCharWidth() * 48, 900, fontMetrics().averageCharWidth() * 44});
    m_helpAction = new QAction(tr("Help on This &Setting"), this);
    m_helpAction->setShortcut(QKeySequence::HelpContents);
    m_helpAction->setCheckable(true);
    m_helpAction->setToolTip(tr("Shows what the field means, takes and does by default (F1)"));
    addAction(m_helpAction);
    connect(m_helpAction, &QAction::toggled, this, &DesignerPage::showHelp);
    connect(m_help, &HelpPanel::closed, this, [this] { m_helpAction->setChecked(false); });
    connect(m_help, &HelpPanel::settingWanted, this, [this](const QString& key) { reveal(key); });
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(splitter);

    auto* experiment = m_tree->addHeading(tr("Experiment"));
    addPage(experiment, new ModelPage(document));
    addPage(experiment, m_dataPage = new DataPage(document, m_facts->data()));
    addPage(experiment, m_lossPage = new LossPage(document));
    addPage(experiment, new EvaluationPage(document));
    QTreeWidgetItem* arguments = m_tree->addHeading(tr("Training arguments"));
    QTreeWidgetItem* more = m_tree->addHeading(tr("More"));
    for (const ArgumentPage& page : argumentPages()) {
        addPage(page.method.empty() ? more : arguments, new ArgumentForm(document, page));
    }
    m_tree->expandAll();

    connect(m_tree, &PageTree::pageChosen, this, &DesignerPage::showPage);
    connect(m_search, &QLineEdit::textChanged, this, &DesignerPage::search);
    connect(m_search, &QLineEdit::returnPressed, this,
            [this] { openHit(std::max(0, m_hits->currentRow())); });
    connect(m_search, &SearchBox::wantsResults, this, [this] {
        if (m_hits->count() > 0 && !m_search->text().isEmpty()) m_hits->setFocus(Qt::TabFocusReason);
    });
    connect(m_search, &SearchBox::left, this, [this] { m_pages->currentWidget()->setFocus(); });
    connect(m_hits, &QListWidget::itemActivated, this,
            [this](QListWidgetItem* item) { openHit(m_hits->row(item)); });
    connect(m_hits, &QListWidget::itemClicked, this,
            [this](QListWidgetItem* item) { openHit(m_hits->row(item)); });
    connect(m_advanced, &QCheckBox::toggled, this, &DesignerPage::setFilter);
    connect(m_onlyChanged, &QCheckBox::toggled, this, &DesignerPage::setFilter);
    connect(document, &ExperimentDocument::changed, this, &DesignerPage::onChanged);
    connect(document, &ExperimentDocument::validated, this, &DesignerPage::onValidated);
    connect(m_dataPage, &DataPage::headRead, this,
            [this](const QString& set) { m_lossPage->setHead(set, m_dataPage->preview(set)->head()); });
    document->setMoreChecks([this](const Experiment& experiment, const std::vector<Issue>& known) {
        return lint(experiment.arguments, m_facts->lintFacts(experiment), known);
    });
    connect(m_facts, &RunFacts::changed, document, &ExperimentDocument::revalidate);
    showPage(QStringLiteral("model"));
    refreshTree();
}

DesignerPage::~DesignerPage()
{
    m_document->setMoreChecks({});
}

void DesignerPage::addPage(QTreeWidgetItem* heading, FormPage* page)
{
    m_pages->addWidget(page);
    m_list << page;
    m_tree->addPage(heading, page->id(), page->title());
    connect(page, &FormPage::fieldFocused, this, &DesignerPage::onFieldFocused);
    connect(page, &FormPage::pageWanted, this,
            [this](const QString& id, const QString& key) { reveal(key, id); });
    connect(page, &FormPage::advancedWanted, this, [this] { m_advanced->setChecked(true); });
}

FormPage* DesignerPage::page(const QString& id) const
{
    for (FormPage* page : m_list) {
        if (page->id() == id) return page;
    }
    return nullptr;
}

QStringList DesignerPage::pageIds() const
{
    QStringList ids;
    for (FormPage* page : m_list)
        ids << page->id();
    return ids;
}

QString DesignerPage::currentPage() const
{
    return static_cast<FormPage*>(m_pages->currentWidget())->id();
}

void DesignerPage::showPage(const QString& id)
{
    FormPage* wanted = page(id);
    if (!wanted) return;
    m_tree->choose(id);
    m_pages->setCurrentWidget(wanted);
    wanted->ensureBuilt();
    if (wanted == m_lossPage) m_dataPage->ensureBuilt(); // which losses fit is read off the files
}

bool DesignerPage::reveal(const QString& key, const QString& pageId)
{
    FormPage* target = page(pageId);
    if (!target || !target->owns(key)) {
        // The page that is open wins, then the first in the tree.
        auto* current = static_cast<FormPage*>(m_pages->currentWidget());
        target = current->owns(key) ? current : nullptr;
        for (FormPage* candidate : m_list) {
            if (!target && candidate->owns(key)) target = candidate;
        }
    }
    if (!target) return false;
    m_search->clear();
    showPage(target->id());
    return target->reveal(key);
}

void DesignerPage::revealFirstProblem()
{
    const Issue* error = m_document->firstError();
    if (!error) return;
    for (const std::string& key : error->keys) {
        if (reveal(QString::fromStdString(key))) return;
    }
}

void DesignerPage::focusSearch()
{
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

void DesignerPage::flush()
{
    for (FormPage* page : m_list)
        page->flush();
}

void DesignerPage::buildAll()
{
    for (FormPage* page : m_list)
        page->ensureBuilt();
}

void DesignerPage::onChanged(const QString& key)
{
    for (FormPage* page : m_list)
        page->refresh(key);
    refreshTree();
}

void DesignerPage::onValidated()
{
    for (FormPage* page : m_list)
        page->refreshIssues();
    refreshTree();
}

void DesignerPage::refreshTree()
{
    const QStringList unsaved = m_document->unsavedArguments();
    for (FormPage* page : m_list) {
        int errors = 0;
        int warnings = 0;
        for (const Issue& issue : m_document->issues()) {
            const bool here = std::any_of(issue.keys.begin(), issue.keys.end(), [&](const std::string& key) {
                return page->owns(QString::fromStdString(key));
            });
            if (!here) continue;
            if (issue.severity == Severity::Error) ++errors;
            if (issue.severity == Severity::Warning) ++warnings;
        }
        const bool edited =
            std::any_of(unsaved.begin(), unsaved.end(), [&](const QString& key) { return page->owns(key); });
        m_tree->mark(page->id(), errors, warnings, edited);
    }
}

void DesignerPage::search(const QString& text)
{
    if (text.trimmed().isEmpty()) {
        m_left->setCurrentWidget(m_tree);
        return;
    }
    m_hits->clear();
    for (const SearchHit& hit : searchSettings(text, *m_document)) {
        auto* item = new QListWidgetItem(hit.label);
        QVariantList places;
        for (const int place : hit.labelPlaces)
            places << place;
        item->setData(HitDelegate::kPlacesRole, places);
        item->setData(HitDelegate::kSecondRole, QStringLiteral("%1 · %2").arg(hit.pageTitle, hit.key));
        item->setData(kHitKey, hit.key);
        item->setData(kHitPage, hit.page);
        item->setData(Qt::AccessibleTextRole, QStringLiteral("%1, %2").arg(hit.label, hit.pageTitle));
        m_hits->addItem(item);
    }
    if (m_hits->count() == 0) {
        auto* none = new QListWidgetItem(tr("Nothing is called “%1”.").arg(text));
        none->setFlags(Qt::NoItemFlags);
        m_hits->addItem(none);
    } else {
        m_hits->setCurrentRow(0);
    }
    m_left->setCurrentWidget(m_hits);
}

void DesignerPage::openHit(int row)
{
    const QListWidgetItem* item = m_hits->item(row);
    if (!item || m_search->text().isEmpty()) return;
    const QString key = item->data(kHitKey).toString();
    const QString page = item->data(kHitPage).toString();
    if (!key.isEmpty()) reveal(key, page);
}

void DesignerPage::setFilter()
{
    const RowFilter filter{m_advanced->isChecked(), m_onlyChanged->isChecked()};
    for (FormPage* page : m_list)
        page->setFilter(filter);
}

void DesignerPage::onFieldFocused(const QString& key)
{
    m_focusedKey = key;
    if (m_helpAction->isChecked()) showHelp(true);
    Q_EMIT fieldFocused(key);
}

void DesignerPage::showHelp(bool on)
{
    const auto* page = static_cast<FormPage*>(m_pages->currentWidget());
    if (on) {
        const FormRow* row = page->row(m_focusedKey);
        m_help->showSetting(m_focusedKey, row ? row->texts().help : QString());
    } else if (m_help->isAncestorOf(focusWidget())) {
        // Back to where the question arose.
        const FormRow* row = page->row(m_focusedKey);
        if (row) row->editor()->setFocus();
    }
    m_help->setVisible(on);
}

bool DesignerPage::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_hits && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Escape || (key->key() == Qt::Key_Up && m_hits->currentRow() == 0)) {
            m_search->setFocus();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void DesignerPage::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange) {
        m_tree->forgetMarks(); // they come back in the new colours
        refreshTree();
    }
    QWidget::changeEvent(event);
}

} // namespace studio
