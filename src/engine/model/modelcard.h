#pragma once

#include <string>

namespace studio {

class SentenceModel;

/// README.md with what the model itself knows: metadata for the Hub, architecture, usage.
std::string basicModelCard(const SentenceModel& model);

/// What stands behind a card's metadata and first sentence: details, architecture, usage.
std::string modelCardBody(const SentenceModel& model);

/// "SentenceTransformer(…)": the modules as Python prints them.
std::string architectureText(const SentenceModel& model);

} // namespace studio
