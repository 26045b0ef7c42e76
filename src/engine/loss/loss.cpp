#include "engine/loss/loss.h"

#include "core/catalog/catalog.h"
#include "engine/loss/losses.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace studio {
namespace {

std::string shapeText(const at::Tensor& tensor)
{
    std::string text = "[";
    for (std::int64_t i = 0; i < tensor.dim(); ++i)
        text += (i ? ", " : "") + std::to_string(tensor.size(i));
    return text + "]";
}

Status checkLabels(const char* loss, LabelKind kind, const LossBatch& batch)
{
    const at::Tensor& labels = batch.labels;
    if (kind == LabelKind::None || (kind == LabelKind::Optional && !labels.defined())) return {};
    if (!labels.defined())
        return lossError(loss,
                         "needs a label column (named label, labels, score or scores), and this data set has "
                         "none. Add one, or choose a loss for data without labels.");
    if (labels.dim() < 1 || labels.size(0) != batch.rows)
        return lossError(loss, "got labels of shape " + shapeText(labels) + " for " +
                                   std::to_string(batch.rows) + " rows.");
    const bool oneEach = labels.numel() == batch.rows;
    if ((kind == LabelKind::Float || kind == LabelKind::Binary || kind == LabelKind::Class ||
         kind == LabelKind::Optional) &&
        !oneEach)
        return lossError(loss, "needs one label a row, but got labels of shape " + shapeText(labels) + ".");
    if (kind == LabelKind::Vector && labels.dim() < 2)
        return lossError(
            loss, "needs a list of numbers as label (the teacher's vector), but got one number a row.");
    if (labels.is_floating_point() && labels.isnan().any().item<bool>())
        return lossError(loss, "a label of this batch is not a number (NaN). Check the label column.");
    return {};
}

} // namespace

Error lossError(const std::string& loss, const std::string& what)
{
    return {ErrorCode::InvalidValue, loss + ": " + what, ""};
}

Status Loss::check(const LossBatch& batch) const
{
    const LossInfo* info = findLoss(name());
    if (!info) return {};
    const DataShape& shape = info->shape;
    if (batch.columns < shape.minColumns || (shape.maxColumns > 0 && batch.columns > shape.maxColumns)) {
        std::string wanted = std::to_string(shape.minColumns);
        if (shape.maxColumns == 0)
            wanted += " or more";
        else if (shape.maxColumns > shape.minColumns)
            wanted += " to " + std::to_string(shape.maxColumns);
        std::string roles;
        for (const std::string& role : shape.roles)
            roles += (roles.empty() ? "" : ", ") + role;
        return lossError(name(), "needs " + wanted + " text columns (" + roles + "), but the data set has " +
                                     std::to_string(batch.columns) + ". Check the column roles under Data.");
    }
    return checkLabels(name(), shape.label, batch);
}

std::vector<at::Tensor> splitColumns(const at::Tensor& embeddings, const PackedBatch& pack, int columns)
{
    std::vector<std::vector<std::int64_t>> sequences(columns); // of each column, by row
    for (std::int64_t s = 0; s < pack.sequences(); ++s) {
        auto& list = sequences[pack.column[s]];
        const auto row = static_cast<std::size_t>(pack.row[s]);
        if (list.size() <= row) list.resize(row + 1, -1);
        list[row] = s;
    }
    std::vector<at::Tensor> result;
    for (const auto& list : sequences) {
        bool consecutive = true;
        for (std::size_t i = 1; i < list.size(); ++i)
            consecutive = consecutive && list[i] == list[0] + static_cast<std::int64_t>(i);
        if (consecutive && !list.empty())
            result.push_back(embeddings.narrow(0, list[0], static_cast<std::int64_t>(list.size())));
        else
            result.push_back(embeddings.index_select(
                0, at::tensor(list, at::TensorOptions().dtype(at::kLong)).to(embeddings.device())));
    }
    return result;
}

at::Tensor Loss::forward(EmbeddingModel& model, const LossBatch& batch)
{
    auto embeddings = model.embed(batch.pack, batch.context); // [sequences, dim]
    return compute(
        {splitColumns(embeddings, batch.pack, batch.columns), batch.labels, guideEmbeddings(batch)});
}

std::vector<at::Tensor> Loss::guideEmbeddings(const LossBatch&) const
{
    return {};
}

void Loss::clearGradients()
{
    for (const NamedTensor& parameter : parameters())
        parameter.value.mutable_grad() = at::Tensor();
}

at::Tensor Loss::compute(const LossInput&) const
{
    return {};
}

Result<at::Tensor> Loss::run(EmbeddingModel& model, const LossBatch& batch)
{
    if (Status status = check(batch); !status) return status.error();
    return forward(model, batch);
}

} // namespace studio
