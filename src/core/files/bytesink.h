#pragma once

#include "core/result.h"

#include <string_view>

namespace studio {

/// Where writers of file formats put their bytes, piece by piece: a file of an AtomicFolder, a buffer, …
class ByteSink
{
public:
    virtual ~ByteSink() = default;
    virtual Status write(std::string_view bytes) = 0;
};

} // namespace studio
