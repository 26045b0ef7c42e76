#include "core/result.h"

namespace studio {

std::string Error::text() const
{
    if (where.empty() || message.find(where) != std::string::npos) return message;
    return message + " (" + where + ")";
}

} // namespace studio
