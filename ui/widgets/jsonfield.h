#pragma once

#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

#include <vector>

class QPlainTextEdit;
class QToolButton;

namespace studio {

/// A key that an object is known to take, with the value that the Add button writes.
struct KnownKey
{
    QString key;
    Json value;
    QString sentence;
};

/// A JSON object as text, with the place of a mistake underlined and named by line and column.
class JsonField : public FieldEditor
{
    Q_OBJECT

public:
    explicit JsonField(QWidget* parent = nullptr);

    void setNullable(bool nullable) { m_nullable = nullable; }
    /// Text that does not begin with "{" is a text value (a path, or one prompt for all).
    void setTextAllowed(bool allowed) { m_textAllowed = allowed; }
    void setKnownKeys(const std::vector<KnownKey>& keys);
    void setPlaceholder(const QString& text);

    Json value() const override { return m_value; }
    void setValue(const Json& value) override;
    QWidget* control() const override;

    QString text() const;
    void setText(const QString& text);

private:
    struct Parsed
    {
        Json value;
        QString problem;
        int position = -1; ///< of the mistake in the text, in characters
    };
    Parsed parsed(const QString& text) const;
    void onTyped();
    void markPlace(int position);
    void fitHeight();

    QPlainTextEdit* m_edit;
    QToolButton* m_add;
    Json m_value;
    bool m_nullable = false;
    bool m_textAllowed = false;
    bool m_setting = false;
};

} // namespace studio
