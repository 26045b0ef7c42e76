#include "ui/designer/formpage.h"

#include "ui/designer/experimentdocument.h"
#include "ui/designer/formrow.h"
#include "ui/widgets/fieldeditor.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/messagelabel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

FormPage::FormPage(ExperimentDocument* document, const QString& id, const QString& title, QWidget* parent)
    : QScrollArea(parent), m_document(document), m_id(id), m_title(title)
{
    setObjectName(QStringLiteral("page_") + id);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    setFocusPolicy(Qt::NoFocus);
}

void FormPage::ensureBuilt()
{
    if (m_built) return;
    m_built = true;
    m_content = new QWidget;
    auto* outer = new QVBoxLayout(m_content);
    outer->setContentsMargins(16, 12, 16, 16);
    m_column = new QVBoxLayout;
    m_column->setSpacing(2);
    outer->addLayout(m_column);
    m_nothing = new QLabel(tr("Nothing on this page differs from its default."), m_content);
    m_nothing->setForegroundRole(QPalette::PlaceholderText);
    m_nothing->hide();
    outer->addWidget(m_nothing);
    m_more = new QToolButton(m_content);
    m_more->setAutoRaise(true);
    m_more->setIcon(studioIcon(QStringLiteral("down")));
    m_more->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_more->hide();
    connect(m_more, &QToolButton::clicked, this, &FormPage::advancedWanted);
    outer->addWidget(m_more);
    outer->addStretch(1);
    m_content->setMaximumWidth(fontMetrics().averageCharWidth() * 150);
    build();
    setWidget(m_content);
    refresh(QString());
    refreshIssues();
    applyFilter();
}

void FormPage::showEvent(QShowEvent* event)
{
    ensureBuilt();
    QScrollArea::showEvent(event);
}

FormRow* FormPage::row(const QString& key) const
{
    const auto found =
        std::find_if(m_rows.begin(), m_rows.end(), [&](FormRow* row) { return row->key() == key; });
    return found == m_rows.end() ? nullptr : *found;
}

bool FormPage::reveal(const QString& key)
{
    ensureBuilt();
    FormRow* target = row(key);
    // A key without a row of its own ("train[0].columns") leads to its neighbours.
    for (QString part = key; !target && part.contains(u'.');) {
        part = part.left(part.lastIndexOf(u'.'));
        for (FormRow* candidate : m_rows) {
            if (!target && candidate->key().startsWith(part + u'.')) target = candidate;
        }
    }
    if (!target && owns(key) && !m_rows.empty()) target = m_rows.front();
    if (!target) return false;
    if (isAdvanced(target) && !m_filter.advanced) Q_EMIT advancedWanted();
    target->show();
    target->editor()->setFocus(Qt::ShortcutFocusReason);
    // After the layout has settled.
    QTimer::singleShot(0, target, [this, target] {
        ensureWidgetVisible(target, 20, 60);
        target->flash();
    });
    return true;
}

void FormPage::refresh(const QString& key)
{
    if (!m_built) return;
    for (FormRow* row : m_rows) {
        // An argument may bring another's field to life or to rest, so "saved" and "default" marks are cheap
        // to redo.
        if (key.isEmpty() || row->key() == key || row->key().startsWith(key + u'.') ||
            row->key().startsWith(key + u'[') || key.startsWith(row->key())) {
            row->refreshValue();
        }
    }
    applyFilter();
}

void FormPage::refreshIssues()
{
    if (!m_built) return;
    const auto toldAt = [this](const Issue& issue) -> const FormRow* {
        for (const std::string& key : issue.keys) {
            if (const FormRow* found = row(QString::fromStdString(key))) return found;
        }
        return nullptr;
    };
    for (FormRow* row : m_rows)
        row->refreshIssues(toldAt);
    std::vector<Issue> orphans;
    for (const Issue& issue : m_document->issues()) {
        const auto hasRow = [&](const std::string& key) {
            return row(QString::fromStdString(key)) != nullptr;
        };
        const auto mine = [&](const std::string& key) { return owns(QString::fromStdString(key)); };
        if (std::any_of(issue.keys.begin(), issue.keys.end(), mine) &&
            std::none_of(issue.keys.begin(), issue.keys.end(), hasRow)) {
            orphans.push_back(issue);
        }
    }
    while (m_messages.size() < orphans.size()) {
        auto* message = new MessageLabel(m_content);
        connect(message, &MessageLabel::fixWanted, m_document,
                [this](const Fix& fix) { m_document->apply(fix); });
        m_pageIssues->addWidget(message);
        m_messages.push_back(message);
    }
    for (std::size_t i = 0; i < m_messages.size(); ++i) {
        if (i < orphans.size()) {
            m_messages[i]->present(orphans[i]);
        } else {
            m_messages[i]->clear();
        }
    }
    applyFilter();
}

void FormPage::setFilter(const RowFilter& filter)
{
    m_filter = filter;
    applyFilter();
}

void FormPage::applyFilter()
{
    if (!m_built) return;
    int hidden = 0;
    int shown = 0;
    // A page that has nothing but advanced settings shows them: it would be empty otherwise.
    const bool onlyAdvanced =
        std::all_of(m_rows.begin(), m_rows.end(), [this](const FormRow* row) { return isAdvanced(row); });
    for (FormRow* row : m_rows) {
        const bool changed = row->differsFromDefault() || row->differsFromSaved();
        const bool focused = row->isAncestorOf(focusWidget()) && row->isVisible();
        bool visible = true;
        if (m_filter.onlyChanged) {
            visible = changed || focused;
        } else if (!m_filter.advanced && !onlyAdvanced && isAdvanced(row)) {
            visible = changed || focused || !m_document->issuesOf(row->key()).empty();
            if (!visible) ++hidden;
        }
        if (row->isHidden() == visible) row->setVisible(visible);
        if (visible) ++shown;
    }
    m_more->setVisible(hidden > 0 && !m_filter.onlyChanged);
    m_more->setText(hidden == 1 ? tr("Show 1 advanced setting")
                                : tr("Show %1 advanced settings").arg(hidden));
    m_more->setAccessibleName(m_more->text());
    m_more->setAccessibleDescription(tr("Settings that are rarely changed, on every page"));
    m_nothing->setVisible(shown == 0 && m_filter.onlyChanged);
}

QToolButton* FormPage::addHeader(const QString& help, const QString& resetText)
{
    m_head = new QHBoxLayout;
    auto* title = new QLabel(m_title, m_content);
    QFont font = title->font();
    font.setPointSizeF(font.pointSizeF() * 1.5);
    font.setBold(true);
    title->setFont(font);
    m_head->addWidget(title, 1);
    QToolButton* reset = resetText.isEmpty() ? nullptr : addHeaderButton(resetText, QString());
    m_column->addLayout(m_head);
    if (!help.isEmpty()) {
        auto* text = new QLabel(help, m_content);
        text->setWordWrap(true);
        text->setForegroundRole(QPalette::PlaceholderText);
        m_column->addWidget(text);
    }
    m_pageIssues = new QVBoxLayout;
    m_column->addLayout(m_pageIssues);
    m_column->addSpacing(8);
    return reset;
}

QToolButton* FormPage::addHeaderButton(const QString& text, const QString& toolTip)
{
    auto* button = new QToolButton(m_content);
    button->setText(text);
    button->setAccessibleName(text);
    button->setToolTip(toolTip);
    m_head->addWidget(button);
    return button;
}

QLabel* FormPage::addSection(const QString& title, const QString& help)
{
    m_column->addSpacing(10);
    auto* label = new QLabel(title, m_content);
    QFont font = label->font();
    font.setBold(true);
    font.setPointSizeF(font.pointSizeF() * 1.15);
    label->setFont(font);
    m_column->addWidget(label);
    if (!help.isEmpty()) {
        auto* text = new QLabel(help, m_content);
        text->setWordWrap(true);
        text->setForegroundRole(QPalette::PlaceholderText);
        m_column->addWidget(text);
    }
    return label;
}

FormRow* FormPage::addRow(FormRow* row, QVBoxLayout* where)
{
    (where ? where : m_column)->addWidget(row);
    m_rows.push_back(row);
    connect(row, &FormRow::fieldFocused, this, &FormPage::fieldFocused);
    return row;
}

void FormPage::forgetRow(FormRow* row)
{
    std::erase(m_rows, row);
    m_document->setFieldProblem(row->editor(), row->key(), QString());
}

void FormPage::flush()
{
    for (FormRow* row : m_rows)
        row->editor()->flush();
}

} // namespace studio
