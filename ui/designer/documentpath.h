#pragma once

#include "core/json.h"

#include <QString>

namespace studio {

/// The value at a path such as "train[0].loss.type"; null when any part is missing.
Json valueAt(const Json& tree, const QString& path);

/// Sets it, making objects and filling arrays on the way; null removes the member (an array element is set to
/// null only when it is the whole element's value that is asked for). False for a path that does not parse.
bool setValueAt(Json& tree, const QString& path, const Json& value);

} // namespace studio
