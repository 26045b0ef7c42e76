#include "ui/designer/documentpath.h"

#include <nlohmann/json.hpp>

#include <QList>
#include <QStringView>

#include <optional>
#include <variant>
#include <vector>

namespace studio {

namespace {

using Step = std::variant<std::string, std::size_t>;

std::optional<std::vector<Step>> stepsOf(const QString& path)
{
    std::vector<Step> steps;
    const auto parts = QStringView(path).split(u'.');
    for (QStringView part : parts) {
        const auto bracket = part.indexOf(u'[');
        const QStringView name = bracket < 0 ? part : part.left(bracket);
        if (name.isEmpty()) return std::nullopt;
        steps.emplace_back(name.toString().toStdString());
        QStringView rest = bracket < 0 ? QStringView() : part.mid(bracket);
        while (!rest.isEmpty()) {
            const auto close = rest.indexOf(u']');
            bool ok = rest.startsWith(u'[') && close > 1;
            const int index = ok ? rest.mid(1, close - 1).toInt(&ok) : -1;
            if (!ok || index < 0) return std::nullopt;
            steps.emplace_back(static_cast<std::size_t>(index));
            rest = rest.mid(close + 1);
        }
    }
    return steps;
}

} // namespace

Json valueAt(const Json& tree, const QString& path)
{
    const auto steps = stepsOf(path);
    if (!steps) return Json();
    const Json* at = &tree;
    for (const Step& step : *steps) {
        if (const auto* name = std::get_if<std::string>(&step)) {
            if (!at->is_object() || !at->contains(*name)) return Json();
            at = &(*at)[*name];
        } else {
            const auto index = std::get<std::size_t>(step);
            if (!at->is_array() || index >= at->size()) return Json();
            at = &(*at)[index];
        }
    }
    return *at;
}

bool setValueAt(Json& tree, const QString& path, const Json& value)
{
    const auto steps = stepsOf(path);
    if (!steps || steps->empty()) return false;
    Json* at = &tree;
    for (std::size_t i = 0; i < steps->size(); ++i) {
        const bool last = i + 1 == steps->size();
        if (const auto* name = std::get_if<std::string>(&(*steps)[i])) {
            if (!at->is_object()) *at = Json::object();
            if (last && value.is_null()) {
                at->erase(*name);
                return true;
            }
            at = &(*at)[*name];
        } else {
            const auto index = std::get<std::size_t>((*steps)[i]);
            if (!at->is_array()) *at = Json::array();
            if (index > at->size()) return false;
            if (index == at->size()) at->push_back(Json());
            at = &(*at)[index];
        }
    }
    *at = value;
    return true;
}

} // namespace studio
