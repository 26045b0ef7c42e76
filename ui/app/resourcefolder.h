#pragma once

#include <QString>

namespace studio {

/// Folder with experiments/, presets/ and data/: share/sentence-studio beside the installed program, else the
/// source tree's resources/.
QString resourceFolder();

/// Folder for drafts: $XDG_STATE_HOME/sentence-studio, usually ~/.local/state/sentence-studio.
QString stateFolder();

} // namespace studio
