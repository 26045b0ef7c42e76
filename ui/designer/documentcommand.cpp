#include "ui/designer/documentcommand.h"

#include "core/experiment/experimentpaths.h"
#include "ui/designer/documentpath.h"

#include <QRegularExpression>

namespace studio {

namespace {

/// The value of a key for a file in another folder: paths inside it are written anew.
Json rebasedValue(const Edit& edit, const std::filesystem::path& from, const std::filesystem::path& to)
{
    // The value alone in an otherwise empty experiment; which element of a list it is does not matter.
    static const QRegularExpression index(QStringLiteral("\\[\\d+\\]"));
    QString key = edit.key;
    key.replace(index, QStringLiteral("[0]"));
    if (key == QLatin1String("output_dir")) key = QStringLiteral("arguments.output_dir");
    Json tree = Json::object();
    if (edit.value.is_null() || !setValueAt(tree, key, edit.value)) return edit.value;
    const auto parsed = parseExperiment(tree.dump(), std::string());
    if (!parsed) return edit.value;
    const auto valueOf = [&](const Experiment& experiment) {
        return valueAt(Json::parse(experimentToJson(experiment), nullptr, false), key);
    };
    const Json before = valueOf(parsed->experiment);
    const Json after = valueOf(rebasedPaths(parsed->experiment, from, to));
    return after == before ? edit.value : after;
}

} // namespace

SetValuesCommand::SetValuesCommand(ExperimentDocument* document, const QString& text, std::vector<Edit> edits,
                                   int typing)
    : QUndoCommand(text), m_document(document), m_after(std::move(edits)), m_typing(typing)
{
    for (const Edit& edit : m_after)
        m_before.push_back({edit.key, document->value(edit.key)});
}

void SetValuesCommand::rebase(const std::filesystem::path& from, const std::filesystem::path& to)
{
    for (auto* edits : {&m_before, &m_after}) {
        for (Edit& edit : *edits)
            edit.value = rebasedValue(edit, from, to);
    }
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
