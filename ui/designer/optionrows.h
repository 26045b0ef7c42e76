#pragma once

#include "core/catalog/catalog.h"

#include <vector>

class QString;

namespace studio {

class ExperimentDocument;
class FormRow;

/// A row for each option of a loss or an evaluator; `path` is where the options lie
/// ("train[0].loss.options").
std::vector<FormRow*> makeOptionRows(ExperimentDocument* document, const std::vector<OptionInfo>& options,
                                     const QString& path);

/// An object with this type and those of the present options that the type knows ("loss" and its options).
Json withType(const Json& present, const std::string& type, const std::vector<OptionInfo>* options);

} // namespace studio
