#pragma once

#include "core/experiment/experiment.h"
#include "core/result.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace studio {

/// A preset on disk.
struct PresetInfo
{
    QString name;
    QString notes;
    QString path;
};

/// Presets that come with the program (read-only) and the user's own, one file each.
class PresetLibrary
{
public:
    /// The shipped ones lie in `shippedFolder`; own ones in presets/ of the data folder.
    explicit PresetLibrary(const QString& shippedFolder);

    std::vector<PresetInfo> shipped() const;
    std::vector<PresetInfo> own() const;
    static QString ownFolder();
    const QString& shippedFolder() const { return m_shipped; }

    /// Why a preset cannot have this name; empty when it can. A name in use is no problem but is said so in
    /// `remark`.
    QString nameProblem(const QString& name, QString* remark = nullptr) const;
    /// Writes an own preset; one of the same name is replaced.
    Status save(const QString& name, const QString& notes, const Experiment& contents) const;
    /// Own presets only.
    Status remove(const QString& path) const;

    /// Files that were loaded last, newest first; missing ones are left out.
    static QStringList recent();
    static void remember(const QString& path);

private:
    QString m_shipped;
};

/// What a preset keeps of an experiment: its arguments (those of `keys` only), and the losses when asked for;
/// never model, data and names.
Experiment presetOf(const Experiment& experiment, const QStringList& keys, bool losses);

} // namespace studio
