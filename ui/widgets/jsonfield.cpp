#include "ui/widgets/jsonfield.h"

#include "ui/widgets/icons.h"

#include <QFontDatabase>
#include <QHBoxLayout>
#include <QMenu>
#include <QPlainTextEdit>
#include <QToolButton>

namespace studio {

namespace {

QString shown(const Json& value)
{
    if (value.is_null()) return {};
    if (value.is_string()) return QString::fromStdString(value.get<std::string>());
    if (value.is_object() && value.empty()) return QStringLiteral("{}");
    return QString::fromStdString(value.dump(2));
}

} // namespace

JsonField::JsonField(QWidget* parent)
    : FieldEditor(parent),
      m_edit(new QPlainTextEdit(this)),
      m_add(new QToolButton(this)),
      m_value(Json::object())
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(m_edit, 100);
    row->addWidget(m_add, 0, Qt::AlignTop);
    row->addStretch(1); // what is beyond the widest edit is empty on the right
    m_add->setIcon(studioIcon(QStringLiteral("add")));
    m_add->setAutoRaise(true);
    m_add->setProperty("verb", tr("Add a known key"));
    m_add->setAccessibleName(tr("Add a known key"));
    m_add->setToolTip(tr("Add a known key"));
    m_add->setPopupMode(QToolButton::InstantPopup);
    m_add->hide();
    m_edit->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_edit->setTabChangesFocus(true);
    m_edit->setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    m_edit->setMaximumWidth(fontMetrics().averageCharWidth() * 70);
    setFocusProxy(m_edit);
    watch(m_edit);
    connect(m_edit, &QPlainTextEdit::textChanged, this, &JsonField::onTyped);
    connect(this, &FieldEditor::problemChanged, this,
            [this](const QString& problem) { markPlace(problem.isEmpty() ? -1 : parsed(text()).position); });
    setValue(m_value);
}

void JsonField::setKnownKeys(const std::vector<KnownKey>& keys)
{
    if (m_add->menu()) m_add->menu()->deleteLater();
    m_add->setVisible(!keys.empty());
    if (keys.empty()) {
        m_add->setMenu(nullptr);
        return;
    }
    auto* menu = new QMenu(m_add);
    menu->setToolTipsVisible(true);
    for (const KnownKey& known : keys) {
        auto* action = menu->addAction(known.key);
        action->setToolTip(known.sentence);
        connect(action, &QAction::triggered, this, [this, known] {
            Json object = m_value.is_object() ? m_value : Json::object();
            const std::string key = known.key.toStdString();
            if (!object.contains(key)) object[key] = known.value;
            setText(shown(object));
        });
    }
    m_add->setMenu(menu);
}

void JsonField::setPlaceholder(const QString& text)
{
    m_edit->setPlaceholderText(text);
}

JsonField::Parsed JsonField::parsed(const QString& text) const
{
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty()) return {m_nullable ? Json() : Json::object(), QString(), -1};
    if (!trimmed.startsWith(u'{')) {
        if (m_textAllowed) return {Json(trimmed.toStdString()), QString(), -1};
        return {Json(), tr("An object is needed: { \"key\": value }."),
                static_cast<int>(text.indexOf(trimmed.at(0)))};
    }
    const std::string utf8 = text.toStdString();
    try {
        return {Json::parse(utf8), QString(), -1};
    } catch (const Json::parse_error& error) {
        const auto byte = std::min<std::size_t>(error.byte > 0 ? error.byte - 1 : 0, utf8.size());
        const QString before = QString::fromUtf8(utf8.data(), static_cast<qsizetype>(byte));
        const auto line = before.count(u'\n') + 1;
        const auto column = before.size() - (before.lastIndexOf(u'\n') + 1) + 1;
        const bool atEnd = before.trimmed().size() == trimmed.size();
        const QString what = atEnd ? tr("the text ends too early; is a } or \" missing?")
                                   : tr("“%1” was not expected here").arg(text.mid(before.size(), 1));
        return {Json(),
                tr("Line %1, column %2: %3.")
                    .arg(line)
                    .arg(column)
                    .arg(what)
                    .replace(QStringLiteral("?."), QStringLiteral("?")),
                static_cast<int>(before.size())};
    }
}

void JsonField::setValue(const Json& value)
{
    m_value = value;
    const Parsed now = parsed(text());
    if (!now.problem.isEmpty() || now.value != value || text().isEmpty() != value.is_null()) {
        m_setting = true;
        m_edit->setPlainText(shown(value));
        m_setting = false;
    }
    setProblem(QString());
    fitHeight();
}

QWidget* JsonField::control() const
{
    return m_edit;
}

QString JsonField::text() const
{
    return m_edit->toPlainText();
}

void JsonField::setText(const QString& text)
{
    m_edit->setPlainText(text);
}

void JsonField::onTyped()
{
    fitHeight();
    if (m_setting) return;
    const Parsed now = parsed(text());
    setProblem(now.problem);
    if (!now.problem.isEmpty() || now.value == m_value) return;
    m_value = now.value;
    Q_EMIT edited();
}

void JsonField::markPlace(int position)
{
    QList<QTextEdit::ExtraSelection> marks;
    if (position >= 0) {
        QTextEdit::ExtraSelection mark;
        mark.cursor = QTextCursor(m_edit->document());
        const int last = static_cast<int>(text().size());
        mark.cursor.setPosition(std::max(0, std::min(position, last - 1)));
        mark.cursor.setPosition(std::min(position + 1, last), QTextCursor::KeepAnchor);
        mark.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
        mark.format.setUnderlineColor(errorColour(palette()));
        QColor back = errorColour(palette());
        back.setAlphaF(0.25f);
        mark.format.setBackground(back);
        marks << mark;
    }
    m_edit->setExtraSelections(marks);
}

void JsonField::fitHeight()
{
    const int lines = std::clamp(m_edit->blockCount(), 1, 10);
    const int margins = 2 * m_edit->frameWidth() + static_cast<int>(2 * m_edit->document()->documentMargin());
    m_edit->setFixedHeight(QFontMetrics(m_edit->font()).lineSpacing() * lines + margins + 2);
}

} // namespace studio
