#pragma once

#include <QObject>
#include <QTimer>

#include <optional>

namespace studio {

class ExperimentDocument;

/// Keeps unsaved edits on disk: two seconds after the last one, removed as soon as they are saved or dropped.
/// What a crashed program left is found by the next one. Secrets are not in it.
class DraftStore : public QObject
{
    Q_OBJECT

public:
    struct Draft
    {
        QString file; ///< of the draft
        QString path; ///< of the experiment, empty when it never had one
        QString text;
    };

    DraftStore(ExperimentDocument* document, const QString& folder, QObject* parent = nullptr);

    /// A draft whose program is gone.
    std::optional<Draft> abandoned() const;
    static void forget(const Draft& draft);
    /// Removes this program's draft (window closed cleanly).
    void clear();
    /// Writes a pending draft now.
    void writeNow();
    QString draftFile() const;

    static constexpr int kDelay = 2000;

private:
    ExperimentDocument* m_document;
    QString m_folder;
    QTimer m_timer;
};

} // namespace studio
