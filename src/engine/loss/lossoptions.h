#pragma once

#include "core/catalog/optionvalues.h"

namespace studio {

using LossOptions = OptionValues;

} // namespace studio
