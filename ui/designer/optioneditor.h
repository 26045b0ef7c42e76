#pragma once

#include "core/catalog/catalog.h"

class QWidget;

namespace studio {

class FieldEditor;

/// The editor of an option of a loss or an evaluator. Null (the key is absent) stands for the option's
/// default, which the empty field names.
FieldEditor* makeOptionEditor(const OptionInfo& option, QWidget* parent = nullptr);

} // namespace studio
