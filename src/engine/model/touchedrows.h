#pragma once

#include "engine/model/encoder.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace studio {

/// Which rows of a table have had a gradient since it was last zero. An encoder that writes gradients past
/// torch marks the rows that it writes; whatever torch adds moves the gradient's version counter, and then
/// the list is no longer the whole truth. Owned by the ParameterStore's entry.
struct TouchedRows
{
    std::vector<std::int32_t> rows;   ///< each once
    std::vector<std::uint8_t> marked; ///< [rows of the table]
    std::uint32_t zeroVersion = 0;    ///< the gradient's version when it was last zero
    const void* zeroData = nullptr;   ///< and its memory

    void mark(std::int32_t row)
    {
        auto& flag = marked[static_cast<std::size_t>(row)];
        if (!flag) rows.push_back(row);
        flag = 1;
    }

    /// The gradient is zero now.
    void reset(const at::Tensor& gradient)
    {
        for (const auto row : rows)
            marked[static_cast<std::size_t>(row)] = 0;
        rows.clear();
        zeroVersion = gradient._version();
        zeroData = gradient.const_data_ptr();
    }

    /// Whether every row with a gradient is in the list.
    bool complete(const at::Tensor& gradient) const
    {
        return gradient.defined() && zeroData && gradient.const_data_ptr() == zeroData &&
               gradient._version() == zeroVersion;
    }
};

/// The list of rows of a parameter, null when there is none or when it does not tell everything.
inline const TouchedRows* touchedRowsOf(const NamedTensor& parameter)
{
    return parameter.rows && parameter.rows->complete(parameter.value.grad()) ? parameter.rows.get()
                                                                              : nullptr;
}

} // namespace studio
