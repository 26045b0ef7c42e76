#include "ui/runs/runnotespanel.h"

#include "session/runnotes.h"
#include "ui/widgets/dialogs.h"

#include <QEvent>
#include <QFormLayout>
#include <QLineEdit>
#include <QPlainTextEdit>

namespace studio {
namespace {

QStringList tagsIn(const QString& text)
{
    QStringList tags;
    for (const QString& part : text.split(QLatin1Char(','))) {
        const QString tag = part.simplified();
        if (!tag.isEmpty() && !tags.contains(tag)) tags << tag;
    }
    return tags;
}

} // namespace

RunNotesPanel::RunNotesPanel(RunNotes* notes, QWidget* parent)
    : QWidget(parent), m_notes(notes), m_tags(new QLineEdit(this)), m_text(new QPlainTextEdit(this))
{
    m_tags->setObjectName(QStringLiteral("runTags"));
    m_tags->setAccessibleName(tr("Tags of the chosen runs"));
    m_text->setObjectName(QStringLiteral("runNotes"));
    m_text->setAccessibleName(tr("Notes on the chosen run"));
    m_text->setTabChangesFocus(true);
    m_text->setFixedHeight(fontMetrics().height() * 4);
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->addRow(tr("&Tags"), m_tags);
    form->addRow(tr("N&otes"), m_text);
    connect(m_tags, &QLineEdit::editingFinished, this, &RunNotesPanel::commit);
    m_text->installEventFilter(this);
    setRuns({});
}

void RunNotesPanel::setRuns(const QStringList& folders)
{
    commit();
    m_folders = folders;
    refresh();
}

void RunNotesPanel::refresh()
{
    const bool one = m_folders.size() == 1;
    const RunNote note = one ? m_notes->of(m_folders.constFirst()) : RunNote();
    m_tags->setText(note.tags.join(QStringLiteral(", ")));
    m_tags->setEnabled(!m_folders.isEmpty());
    m_tags->setPlaceholderText(m_folders.size() > 1 ? tr("Tags to add to %1 runs, with commas").arg(m_folders.size())
                                                    : tr("baseline, for the paper"));
    m_text->setPlainText(note.text);
    m_text->setEnabled(one);
    m_tags->setModified(false);
    m_text->document()->setModified(false);
}

void RunNotesPanel::commit()
{
    if (!m_tags->isModified() && !m_text->document()->isModified()) return;
    const bool one = m_folders.size() == 1;
    const QStringList typed = tagsIn(m_tags->text());
    m_tags->setModified(false);
    m_text->document()->setModified(false);
    for (const QString& folder : m_folders) {
        RunNote note = m_notes->of(folder);
        if (one) {
            note.tags = typed;
            note.text = m_text->toPlainText();
        } else {
            for (const QString& tag : typed)
                if (!note.tags.contains(tag)) note.tags << tag;
        }
        if (const Status kept = m_notes->set(folder, note); !kept) {
            dialogs::tell(this, tr("Tags and Notes"), QString::fromStdString(kept.error().text()));
            return;
        }
    }
}

bool RunNotesPanel::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusOut) commit();
    return QWidget::eventFilter(watched, event);
}

} // namespace studio
