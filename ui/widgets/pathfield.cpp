#include "ui/widgets/pathfield.h"

#include "ui/widgets/dialogs.h"
#include "ui/widgets/icons.h"

#include <QDir>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMimeData>
#include <QToolButton>
#include <QUrl>

namespace studio {

namespace {

QString droppedPath(const QMimeData* data)
{
    if (!data->hasUrls() || data->urls().size() != 1) return {};
    return data->urls().constFirst().toLocalFile();
}

} // namespace

PathField::PathField(Mode mode, QWidget* parent)
    : FieldEditor(parent), m_mode(mode), m_edit(new QLineEdit(this)), m_value("")
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_edit);
    auto* button = new QToolButton(this);
    button->setIcon(studioIcon(QStringLiteral("folder")));
    button->setProperty("verb", tr("Choose"));
    button->setAccessibleName(tr("Choose"));
    button->setToolTip(mode == Mode::Folder ? tr("Choose a folder (or drop one here)")
                                            : tr("Choose a file (or drop one here)"));
    row->addWidget(button);
    m_edit->setMinimumWidth(fontMetrics().averageCharWidth() * 30);
    setFocusProxy(m_edit);
    watch(m_edit);
    m_edit->setAcceptDrops(true);
    connect(m_edit, &QLineEdit::textEdited, this, &PathField::onTyped);
    connect(button, &QToolButton::clicked, this, &PathField::browse);
}

void PathField::setPlaceholder(const QString& text)
{
    m_edit->setPlaceholderText(text);
}

void PathField::setValue(const Json& value)
{
    m_value = value;
    const QString text = value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString();
    if (text != m_edit->text()) m_edit->setText(text);
    setProblem(QString());
}

QWidget* PathField::control() const
{
    return m_edit;
}

void PathField::onTyped(const QString& text)
{
    m_value = text.isEmpty() && m_nullable ? Json() : Json(text.toStdString());
    Q_EMIT edited();
}

void PathField::take(const QString& path)
{
    if (path.isEmpty()) return;
    QString shown = path;
    if (!m_base.isEmpty()) {
        const QString relative = QDir(m_base).relativeFilePath(path);
        if (!relative.startsWith(QLatin1String("../"))) shown = relative;
    }
    m_edit->setText(shown);
    onTyped(shown);
}

void PathField::browse()
{
    const QFileInfo present(QDir(m_base), m_edit->text());
    const QString start = m_edit->text().isEmpty() ? m_base : present.absoluteFilePath();
    switch (m_mode) {
    case Mode::OpenFile:
        take(dialogs::openFile(this, tr("Choose File"), start, m_filter));
        break;
    case Mode::SaveFile:
        take(dialogs::saveFile(this, tr("Choose File"), start, m_filter));
        break;
    case Mode::Folder:
        take(dialogs::openFolder(this, tr("Choose Folder"), start));
        break;
    }
}

bool PathField::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_edit && event->type() == QEvent::DragEnter) {
        auto* drag = static_cast<QDragEnterEvent*>(event);
        if (!droppedPath(drag->mimeData()).isEmpty()) {
            drag->acceptProposedAction();
            return true;
        }
    }
    if (watched == m_edit && event->type() == QEvent::Drop) {
        auto* drop = static_cast<QDropEvent*>(event);
        const QString path = droppedPath(drop->mimeData());
        if (!path.isEmpty()) {
            take(path);
            drop->acceptProposedAction();
            return true;
        }
    }
    return FieldEditor::eventFilter(watched, event);
}

} // namespace studio
