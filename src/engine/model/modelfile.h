#pragma once

#include "core/files/bytesink.h"
#include "core/result.h"

#include <cstddef>
#include <functional>
#include <string>

namespace studio {

/// One file of a model folder and how to produce its bytes, so that the durable writer decides where and how
/// safely.
struct ModelFile
{
    std::string relativePath; ///< "1_Pooling/config.json", always with "/"
    std::size_t size = 0;     ///< bytes that `write` will give
    std::function<Status(ByteSink&)> write;
};

} // namespace studio
