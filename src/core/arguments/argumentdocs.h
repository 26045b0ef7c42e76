#pragma once

#include <string>

namespace studio {

/// docs/arguments.md: every argument with type, default, range, choices and help, by page of the forms; the
/// methods and the rules. Made from the metadata; a test keeps the file current.
std::string argumentsAsMarkdown();

} // namespace studio
