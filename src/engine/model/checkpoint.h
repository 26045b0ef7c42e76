#pragma once

#include "core/result.h"
#include "engine/model/tensorfile.h"
#include "engine/model/weightfiles.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

namespace studio {

/// The tensors of a checkpoint under the names of the bare model: whatever prefix a wrapper put in front
/// ("bert.", "0.auto_model.") is found by a tensor that every checkpoint of the family has, and the oldest
/// files' LayerNorm.gamma and beta are read as weight and bias.
class CheckpointNames
{
public:
    /// `anchor`: a name that must exist. Malformed when no tensor ends in it.
    static Result<CheckpointNames> of(std::shared_ptr<const TensorFile> file, const std::string& anchor);

    const StoredTensor* find(const std::string& name) const;
    const TensorFile& file() const { return *m_file; }

private:
    std::shared_ptr<const TensorFile> m_file;
    std::string m_prefix;
};

/// The torch dtype of a stored type; nothing for those that weights cannot have.
std::optional<at::ScalarType> scalarTypeOf(TensorType type);
std::optional<TensorType> tensorTypeOf(at::ScalarType type);

/// Copies a stored tensor of equal shape into `target`, converting its type.
Status copyInto(const StoredTensor& stored, const at::Tensor& target, const std::string& label);

} // namespace studio
