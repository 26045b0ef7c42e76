#pragma once

#include "core/json.h"

#include <QWidget>

#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;
class QToolButton;

namespace studio {

class ExperimentDocument;
class FieldEditor;
class MessageLabel;
struct Issue;

/// One line of a form: label with the Python name under it, two markers, the editor, chips, findings. It
/// binds the editor to one key of the document, both ways.
class FormRow : public QWidget
{
    Q_OBJECT

public:
    struct Texts
    {
        QString label;
        QString key; ///< of the document
        QString help;
        QString shownKey{};  ///< name in files, shown under the label; empty: the key's last part
        bool secret = false; ///< the value is neither shown nor copied
    };

    FormRow(ExperimentDocument* document, const Texts& texts, FieldEditor* editor, QWidget* parent = nullptr);

    const QString& key() const { return m_texts.key; }
    const Texts& texts() const { return m_texts; }
    FieldEditor* editor() const { return m_editor; }

    /// Replaces how an edit reaches the document (a loss takes its options along). False: the value is not
    /// taken.
    void setCommit(std::function<bool(const Json&)> commit) { m_commit = std::move(commit); }

    /// A small button under the editor ("also in Optimizer").
    QToolButton* addChip(const QString& text, const QString& toolTip);
    /// A plain remark under the editor: why the value has no effect, where an empty value leads. Empty hides
    /// it.
    void setRemark(const QString& text);
    void setDimmed(bool dimmed);

    /// Takes value, markers and findings from the document.
    void refreshValue();
    /// `toldAt` names the row of the page that tells a finding about several settings; the others point to it.
    using ToldAt = std::function<const FormRow*(const Issue&)>;
    void refreshIssues(const ToldAt& toldAt = {});
    /// Draws the eye to the row for a second.
    void flash();

    bool differsFromSaved() const { return m_differsFromSaved; }
    bool differsFromDefault() const { return m_differsFromDefault; }

Q_SIGNALS:
    void fieldFocused(const QString& key);

protected:
    void paintEvent(QPaintEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QToolButton* makeMarker(const QString& icon);
    void commit();
    QString shown(const Json& value) const;

    ExperimentDocument* m_document;
    Texts m_texts;
    FieldEditor* m_editor;
    QLabel* m_label;
    QToolButton* m_savedMarker;
    QToolButton* m_defaultMarker;
    QHBoxLayout* m_chips;
    QLabel* m_remark;
    std::vector<MessageLabel*> m_messages;
    QWidget* m_column;
    std::function<bool(const Json&)> m_commit;
    qreal m_flash = 0;
    bool m_differsFromSaved = false;
    bool m_differsFromDefault = false;
    bool m_committing = false;
};

/// The width of the label column of every form, so that pages line up.
int formLabelWidth(const QWidget* widget);

} // namespace studio
