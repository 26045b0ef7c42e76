#include "ui/designer/documentcommand.h"

namespace studio {

SetValuesCommand::SetValuesCommand(ExperimentDocument* document, const QString& text, std::vector<Edit> edits,
                                   int typing)
    : QUndoCommand(text), m_document(document), m_after(std::move(edits)), m_typing(typing)
{
    for (const Edit& edit : m_after)
        m_before.push_back({edit.key, document->value(edit.key)});
}

void SetValuesCommand::undo()
{
    m_document->putAll(m_before);
}

void SetValuesCommand::redo()
{
    m_document->putAll(m_after);
}

bool SetValuesCommand::mergeWith(const QUndoCommand* other)
{
    const auto* next = static_cast<const SetValuesCommand*>(other);
    if (next->m_typing != m_typing || m_after.size() != 1 || next->m_after.size() != 1) return false;
    if (next->m_after.front().key != m_after.front().key) return false;
    m_after = next->m_after;
    setObsolete(m_after.front().value == m_before.front().value);
    return true;
}

} // namespace studio
