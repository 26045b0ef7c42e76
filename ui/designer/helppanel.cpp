#include "ui/designer/helppanel.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/setgroups.h"
#include "ui/designer/argumenteditor.h"
#include "ui/designer/argumentform.h"
#include "ui/designer/experimentdocument.h"
#include "ui/widgets/icons.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QTextBrowser>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

namespace studio {

namespace {

QString line(const QString& label, const QString& value)
{
    return value.isEmpty() ? QString()
                           : QStringLiteral("<p><b>%1</b><br>%2</p>").arg(label.toHtmlEscaped(), value);
}

QString typeText(const Field& field)
{
    switch (field.type) {
    case FieldType::Bool:
        return HelpPanel::tr("on or off");
    case FieldType::Int:
        return field.acceptsFraction ? HelpPanel::tr("a whole number, or a share of the run below 1")
                                     : HelpPanel::tr("a whole number");
    case FieldType::Float:
    case FieldType::Number:
        return HelpPanel::tr("a number");
    case FieldType::String:
        return HelpPanel::tr("a text");
    case FieldType::Path:
        return HelpPanel::tr("a folder or file");
    case FieldType::Secret:
        return HelpPanel::tr("a secret: never shown again, never saved");
    case FieldType::StringList:
        return HelpPanel::tr("a list of texts");
    case FieldType::Object:
        return HelpPanel::tr("an object of keys and values");
    case FieldType::Enum:
        return HelpPanel::tr("one of the choices below");
    }
    return {};
}

QString scopeText(Scope scope)
{
    switch (scope) {
    case Scope::Native:
        return {};
    case Scope::NativePartial:
        return HelpPanel::tr("This program follows it in part.");
    case Scope::Distributed:
        return HelpPanel::tr("Matters only with several processes.");
    case Scope::Hub:
        return HelpPanel::tr("Matters only for the model hub.");
    case Scope::PythonOnly:
        return HelpPanel::tr("No effect here: needs Python. It is kept, checked and written out.");
    }
    return {};
}

QString linkTo(std::string_view key)
{
    const Field* field = findField(key);
    const QString name = toQString(key);
    return QStringLiteral("<a href='setting:%1'>%2</a>").arg(name, field ? toQString(field->label) : name);
}

QString argumentHelp(const Field& field, const ExperimentDocument& document)
{
    QString html = QStringLiteral("<p>%1</p>").arg(toQString(field.help).toHtmlEscaped());
    html += line(HelpPanel::tr("Takes"),
                 typeText(field).toHtmlEscaped() +
                     (field.unit.empty() ? QString() : QStringLiteral(", ") + toQString(field.unit)));
    QStringList ranges;
    for (const Range& range : field.ranges)
        ranges << QString::fromStdString(range.text()).toHtmlEscaped();
    html += line(HelpPanel::tr("Allowed"), ranges.join(HelpPanel::tr(" or ")));
    const bool secret = field.type == FieldType::Secret;
    html += line(HelpPanel::tr("Default"),
                 (field.defaultValue().is_null() && !field.nullText.empty() ? toQString(field.nullText)
                                                                            : readable(field.defaultValue()))
                     .toHtmlEscaped());
    if (!secret) {
        const QString key = toQString(field.key);
        if (document.differsFromSaved(key))
            html += line(HelpPanel::tr("Saved"), readable(document.savedValue(key)).toHtmlEscaped());
    }
    QString choices;
    for (const Choice& choice : field.choices) {
        choices += QStringLiteral("<p style='margin-left:8px'><code>%1</code> %2</p>")
                       .arg(toQString(choice.value).toHtmlEscaped(), toQString(choice.help).toHtmlEscaped());
    }
    if (!choices.isEmpty())
        html += QStringLiteral("<p><b>%1</b></p>").arg(HelpPanel::tr("Choices")) + choices;
    if (field.deprecated) {
        QStringList links;
        for (const auto key : field.replacedBy)
            links << linkTo(key);
        html += line(HelpPanel::tr("Old"),
                     HelpPanel::tr("Kept for files of older versions.") +
                         (links.isEmpty() ? QString()
                                          : HelpPanel::tr(" Use %1.").arg(links.join(QStringLiteral(", ")))));
    }
    QStringList pages;
    for (const auto setter : settersOf(field.key))
        pages << QStringLiteral("<code>%1()</code>").arg(toQString(setter));
    html += line(HelpPanel::tr("Set by"), pages.join(QStringLiteral(", ")));
    QStringList others;
    for (const auto alias : field.aliases)
        others << QStringLiteral("<code>%1</code>").arg(toQString(alias));
    html += line(HelpPanel::tr("Former names"), others.join(QStringLiteral(", ")));
    html += line(HelpPanel::tr("Here"), scopeText(field.scope).toHtmlEscaped());
    return html;
}

} // namespace

QString settingHelp(const QString& key, const ExperimentDocument& document, const QString& plainHelp)
{
    const Field* field = findField(key.toStdString());
    QString html = QStringLiteral("<h3>%1</h3><p><code>%2</code></p>")
                       .arg(ExperimentDocument::labelOf(key).toHtmlEscaped(), key.toHtmlEscaped());
    html += field ? argumentHelp(*field, document)
                  : QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(plainHelp.toHtmlEscaped());
    QStringList findings;
    for (const Issue& issue : document.issuesOf(key))
        findings << QString::fromStdString(issue.message).toHtmlEscaped();
    html += line(HelpPanel::tr("Now"), findings.join(QStringLiteral("<br>")));
    return html;
}

HelpPanel::HelpPanel(ExperimentDocument* document, QWidget* parent)
    : QWidget(parent), m_document(document), m_text(new QTextBrowser(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(4, 8, 8, 8);
    auto* head = new QHBoxLayout;
    auto* title = new QLabel(tr("Help"), this);
    QFont bold = title->font();
    bold.setBold(true);
    title->setFont(bold);
    head->addWidget(title, 1);
    auto* close = new QToolButton(this);
    close->setIcon(studioIcon(QStringLiteral("close")));
    close->setAutoRaise(true);
    close->setToolTip(tr("Close the help (Escape)"));
    close->setAccessibleName(tr("Close the help"));
    close->setAccessibleDescription(tr("F1 opens it again"));
    head->addWidget(close);
    column->addLayout(head);
    m_text->setOpenLinks(false);
    m_text->setAccessibleName(tr("Help on the setting"));
    m_text->setAccessibleDescription(tr("Follows the field that has the keyboard"));
    m_text->setMinimumWidth(fontMetrics().averageCharWidth() * 30);
    column->addWidget(m_text, 1);
    connect(close, &QToolButton::clicked, this, &HelpPanel::closed);
    connect(m_text, &QTextBrowser::anchorClicked, this, [this](const QUrl& link) {
        if (link.scheme() == QLatin1String("setting")) Q_EMIT settingWanted(link.path());
    });
    connect(document, &ExperimentDocument::validated, this, [this] {
        if (isVisible() && !m_key.isEmpty()) showSetting(m_key, m_plainHelp);
    });
}

void HelpPanel::showSetting(const QString& key, const QString& plainHelp)
{
    m_key = key;
    m_plainHelp = plainHelp;
    const QString html = key.isEmpty()
                             ? QStringLiteral("<p>%1</p>").arg(tr("Go to a field to read about it."))
                             : settingHelp(key, *m_document, plainHelp);
    if (m_html == html) return; // scrolled where it is being read
    m_html = html;
    m_text->setHtml(html);
}

QString HelpPanel::text() const
{
    return m_text->toPlainText();
}

void HelpPanel::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape) {
        Q_EMIT closed();
        return;
    }
    QWidget::keyPressEvent(event);
}

} // namespace studio
