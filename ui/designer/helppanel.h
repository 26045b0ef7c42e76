#pragma once

#include <QWidget>

class QTextBrowser;

namespace studio {

class ExperimentDocument;

/// Help on one setting as HTML: what it means, type, range, choices with a sentence each, default, other
/// names, where it appears, and what is found about it now.
QString settingHelp(const QString& key, const ExperimentDocument& document, const QString& plainHelp = {});

/// Help on the setting that has the keyboard, beside the form. F1 opens it, Escape closes it.
class HelpPanel : public QWidget
{
    Q_OBJECT

public:
    explicit HelpPanel(ExperimentDocument* document, QWidget* parent = nullptr);

    /// `plainHelp` is what the row says; arguments know more.
    void showSetting(const QString& key, const QString& plainHelp);
    QString key() const { return m_key; }
    QString text() const;

Q_SIGNALS:
    void closed();
    void settingWanted(const QString& key);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    ExperimentDocument* m_document;
    QTextBrowser* m_text;
    QString m_key;
    QString m_plainHelp;
    QString m_html;
};

} // namespace studio
