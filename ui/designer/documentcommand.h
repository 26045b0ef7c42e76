#pragma once

#include "ui/designer/experimentdocument.h"

#include <QUndoCommand>

namespace studio {

/// Sets values by key: the only command of the window.
class SetValuesCommand : public QUndoCommand
{
public:
    SetValuesCommand(ExperimentDocument* document, const QString& text, std::vector<Edit> edits, int typing);

    void undo() override;
    void redo() override;
    int id() const override { return m_typing < 0 ? -1 : 1; }
    bool mergeWith(const QUndoCommand* other) override;
    /// The experiment moved from one folder to another: relative paths are written for the new one.
    void rebase(const std::filesystem::path& from, const std::filesystem::path& to);

private:
    ExperimentDocument* m_document;
    std::vector<Edit> m_before;
    std::vector<Edit> m_after;
    int m_typing; ///< counts pauses; steps of the same number and key merge; below 0: never
};

} // namespace studio
