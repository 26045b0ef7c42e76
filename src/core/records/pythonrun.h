#pragma once

#include "core/records/runreader.h"

#include <filesystem>

namespace studio {

/// Whether a folder looks like the output of the Python library: trainer_state.json in it or in a checkpoint, event
/// files of TensorBoard, or CSV files of evaluators. Our own output folders are none.
bool isPythonRun(const std::filesystem::path& folder);

/// Reads such a folder as a run: the newest trainer_state.json, then event files of TensorBoard (in it, in runs/ and in
/// logs/), then CSV files of evaluators (in it and in eval/). What one of them says already is not taken from the next;
/// event files give the times. Never fails: problems say what could not be read. Nothing is written.
RunData readPythonRun(const std::filesystem::path& folder);

} // namespace studio
