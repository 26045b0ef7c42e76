#pragma once

#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

class QLineEdit;

namespace studio {

/// A file or folder: typed, dropped or picked. Picked paths are written relative to the base folder where
/// they lie below it. The look of the folder itself is judged by validation, not here.
class PathField : public FieldEditor
{
    Q_OBJECT

public:
    enum class Mode { OpenFile, SaveFile, Folder };

    explicit PathField(Mode mode, QWidget* parent = nullptr);

    void setNullable(bool nullable) { m_nullable = nullable; }
    void setPlaceholder(const QString& text);
    void setFilter(const QString& filter) { m_filter = filter; }
    /// Folder that relative paths are meant from (that of the experiment file); empty: none.
    void setBaseFolder(const QString& folder) { m_base = folder; }

    Json value() const override { return m_value; }
    void setValue(const Json& value) override;
    QWidget* control() const override;

    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void onTyped(const QString& text);
    void browse();
    void take(const QString& path);

    Mode m_mode;
    QLineEdit* m_edit;
    QString m_filter;
    QString m_base;
    Json m_value;
    bool m_nullable = false;
};

} // namespace studio
