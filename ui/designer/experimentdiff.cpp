#include "ui/designer/experimentdiff.h"

#include "core/arguments/argumentfields.h"
#include "ui/designer/argumenteditor.h"
#include "ui/designer/experimentdocument.h"

namespace studio {

namespace {

void compare(const Json& left, const Json& right, const QString& path, std::vector<SettingDifference>& found)
{
    if (left == right) return;
    const bool columns = path.endsWith(QLatin1String(".columns")); // one value: the order of its keys counts
    if (left.is_object() && right.is_object() && !columns) {
        for (const auto& [key, value] : left.items()) {
            const QString inner =
                path.isEmpty() ? QString::fromStdString(key) : path + u'.' + QString::fromStdString(key);
            compare(value, right.contains(key) ? right[key] : Json(), inner, found);
        }
        for (const auto& [key, value] : right.items()) {
            if (left.contains(key)) continue;
            const QString inner =
                path.isEmpty() ? QString::fromStdString(key) : path + u'.' + QString::fromStdString(key);
            compare(Json(), value, inner, found);
        }
        return;
    }
    if (left.is_array() && right.is_array() && left.size() == right.size() && !left.empty() &&
        left[0].is_object()) {
        for (std::size_t i = 0; i < left.size(); ++i) {
            compare(left[i], right[i], QStringLiteral("%1[%2]").arg(path).arg(i), found);
        }
        return;
    }
    found.push_back({path, ExperimentDocument::labelOf(path), left, right});
}

Json partsOf(const Experiment& experiment)
{
    Json tree = Json::parse(experimentToJson(experiment), nullptr, false);
    Json parts = Json::object();
    for (const auto* part :
         {"name", "notes", "model", "train", "eval", "test", "evaluators", "early_stopping"}) {
        if (tree.is_object() && tree.contains(part)) parts[part] = tree[part];
    }
    return parts;
}

} // namespace

std::vector<SettingDifference> settingDifferences(const Experiment& left, const Experiment& right)
{
    std::vector<SettingDifference> found;
    compare(partsOf(left), partsOf(right), QString(), found);
    for (const auto key : differingKeys(left.arguments, right.arguments)) {
        const Field* field = findField(key);
        if (!field) continue;
        found.push_back({toQString(key), toQString(field->label), field->get(left.arguments),
                         field->get(right.arguments)});
    }
    return found;
}

QString describe(const SettingDifference& difference)
{
    const Field* field = findField(difference.key.toStdString());
    if (field && field->type == FieldType::Secret) return difference.label + QStringLiteral(": …");
    return QStringLiteral("%1: %2 → %3")
        .arg(difference.label, readable(difference.left), readable(difference.right));
}

} // namespace studio
