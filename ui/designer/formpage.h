#pragma once

#include <QScrollArea>

#include <vector>

class QHBoxLayout;
class QLabel;
class QToolButton;
class QVBoxLayout;

namespace studio {

class ExperimentDocument;
class FieldEditor;
class FormRow;
class MessageLabel;

/// Which rows a form shows.
struct RowFilter
{
    bool advanced = false;    ///< also those of the advanced tier
    bool onlyChanged = false; ///< only those that differ from the default or from the saved file
};

/// A page of the designer: a scrolled column with title, explanation and rows. Pages are built when first
/// shown, so that the window stands at once; until then they know only their keys.
class FormPage : public QScrollArea
{
    Q_OBJECT

public:
    FormPage(ExperimentDocument* document, const QString& id, const QString& title,
             QWidget* parent = nullptr);

    const QString& id() const { return m_id; }
    const QString& title() const { return m_title; }
    /// Builds the rows; harmless when done already.
    void ensureBuilt();
    bool isBuilt() const { return m_built; }

    /// Whether the page has a place for this key.
    virtual bool owns(const QString& key) const = 0;
    /// Scrolls to the row, focuses it and lets it flash. False when there is none.
    virtual bool reveal(const QString& key);

    /// An empty key: everything.
    virtual void refresh(const QString& key);
    virtual void refreshIssues();
    void setFilter(const RowFilter& filter);
    const RowFilter& filter() const { return m_filter; }

    const std::vector<FormRow*>& rows() const { return m_rows; }
    FormRow* row(const QString& key) const;
    /// Marks a pending problem of any editor now.
    void flush();

Q_SIGNALS:
    void fieldFocused(const QString& key);
    /// A chip asks for another page ("also in Optimizer").
    void pageWanted(const QString& id, const QString& key);
    void advancedWanted();

protected:
    virtual void build() = 0;
    /// Called after a filter or a value changed.
    virtual void applyFilter();
    virtual bool isAdvanced(const FormRow*) const { return false; }

    ExperimentDocument* document() const { return m_document; }
    QVBoxLayout* column() const { return m_column; }
    /// Title, explanation and, when given, the text of a reset button (then returned).
    QToolButton* addHeader(const QString& help, const QString& resetText = QString());
    /// Another button beside it.
    QToolButton* addHeaderButton(const QString& text, const QString& toolTip);
    QLabel* addSection(const QString& title, const QString& help = QString());
    FormRow* addRow(FormRow* row, QVBoxLayout* where = nullptr);
    void forgetRow(FormRow* row);
    void showEvent(QShowEvent* event) override;

private:
    ExperimentDocument* m_document;
    QString m_id;
    QString m_title;
    QWidget* m_content = nullptr;
    QVBoxLayout* m_column = nullptr;
    QHBoxLayout* m_head = nullptr;
    QToolButton* m_more = nullptr;
    QLabel* m_nothing = nullptr;
    QVBoxLayout* m_pageIssues = nullptr;
    std::vector<MessageLabel*> m_messages; ///< findings whose key has no row here
    std::vector<FormRow*> m_rows;
    RowFilter m_filter;
    bool m_built = false;
};

} // namespace studio
