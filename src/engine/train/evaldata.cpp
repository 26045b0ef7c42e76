#include "engine/train/evaldata.h"

#include "core/catalog/catalog.h"
#include "engine/loss/softmaxhead.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/evalembed.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace studio {
namespace {

namespace fs = std::filesystem;

EvalShape shapeOf(const EvaluatorSpec& evaluator)
{
    const auto* info = findEvaluator(evaluator.type);
    return info ? info->shape : EvalShape::None;
}

/// Whether the evaluator reads the set's path itself instead of a table with roles.
bool readsPath(const EvaluatorSpec& evaluator, const DataSpec& spec)
{
    switch (shapeOf(evaluator)) {
    case EvalShape::Retrieval:
    case EvalShape::RetrievalSet:
    case EvalShape::Reranking:
    case EvalShape::Paraphrases:
        return true;
    default:
        (void)spec;
        return false;
    }
}

/// Only columns of texts and of lists of texts, in the order of the roles or else of the file.
Result<EvalData> columnsAndLists(const DataSpec& spec)
{
    ReadOptions options;
    options.format = spec.format;
    if (spec.rows) options.limit = spec.rows->second;
    for (const auto& [role, column] : spec.columns)
        options.columns.push_back(column);
    auto table = readTable(spec.path, options);
    if (!table) return table.error();
    std::vector<int> order;
    if (spec.columns.empty())
        for (int c = 0; c < table->columns(); ++c)
            order.push_back(c);
    for (const auto& [role, column] : spec.columns)
        if (const auto found = table->find(column)) order.push_back(*found);

    const std::int64_t first = spec.rows ? std::min(spec.rows->first, table->rows()) : 0;
    EvalData data;
    for (const int c : order) {
        const auto& column = table->column(c);
        if (column.kind() == ColumnKind::TextList) {
            auto& lists = data.lists.emplace_back();
            for (std::int64_t row = first; row < table->rows(); ++row) {
                auto& items = lists.emplace_back();
                for (std::int64_t i = 0; i < column.listSize(row); ++i)
                    items.emplace_back(column.listText(row, i));
            }
            data.listNames.push_back(column.name());
            continue;
        }
        if (column.kind() == ColumnKind::List) continue;
        auto& texts = data.columns.emplace_back();
        for (std::int64_t row = first; row < table->rows(); ++row)
            texts.push_back(column.kind() == ColumnKind::Text ? std::string(column.text(row))
                                                              : column.display(row));
        data.columnNames.push_back(column.name());
    }
    return data;
}

/// A folder, or lines that mix texts and lists, are the evaluator's own to read; everything else is a table.
Result<EvalData> dataAtPath(const EvaluatorSpec& evaluator, const DataSpec& spec)
{
    const auto shape = shapeOf(evaluator);
    std::error_code ignored;
    const bool folder = fs::is_directory(spec.path, ignored);
    const bool ownLines =
        shape == EvalShape::Reranking && formatOfName(spec.path) == "jsonl" && spec.columns.empty();
    if (shape == EvalShape::Retrieval || shape == EvalShape::RetrievalSet || folder || ownLines) {
        if (!fs::exists(spec.path, ignored))
            return Error{ErrorCode::NotFound,
                         "There is no " + spec.path + ". " + evaluator.type +
                             (ownLines
                                  ? " reads a JSON Lines file with \"query\", \"positive\" and \"negative\"."
                                  : " reads a folder.") +
                             " Choose it under Data.",
                         spec.path};
        EvalData data;
        data.folder = spec.path;
        return data;
    }
    return columnsAndLists(spec);
}

} // namespace

Error inDataSet(const DataSpec& spec, const Error& error)
{
    return {error.code, "Data set " + spec.name + ": " + error.message, error.where};
}

Result<std::vector<Dataset>> openTables(const std::vector<DataSpec>& specs,
                                        const std::vector<EvaluatorSpec>& evaluators,
                                        std::vector<std::string>& findings)
{
    std::vector<Dataset> sets;
    for (const auto& spec : specs) {
        bool named = false, asTable = false;
        for (const auto& evaluator : evaluators) {
            if (evaluator.data != spec.name) continue;
            named = true;
            asTable = asTable || !readsPath(evaluator, spec);
        }
        if (named && !asTable) continue;
        auto dataset = openDataset(spec);
        if (!dataset) return inDataSet(spec, dataset.error());
        for (const auto& issue : dataset->issues())
            findings.push_back("Data set " + spec.name + ": " + issue.message);
        sets.push_back(std::move(*dataset));
    }
    return sets;
}

EvalData evalDataOf(const Dataset& dataset)
{
    EvalData data;
    data.columnNames = dataset.inputs();
    data.columns.resize(data.columnNames.size());
    for (std::size_t column = 0; column < data.columns.size(); ++column)
        for (std::int64_t row = 0; row < dataset.rows(); ++row)
            data.columns[column].emplace_back(dataset.text(static_cast<int>(column), row));
    if (dataset.hasLabel() && dataset.labelKind() != ColumnKind::List)
        for (std::int64_t row = 0; row < dataset.rows(); ++row)
            data.labels.push_back(dataset.label(row));
    return data;
}

Result<std::unique_ptr<Evaluator>> evaluatorsOver(const std::vector<DataSpec>& specs,
                                                  const std::vector<EvaluatorSpec>& evaluators,
                                                  const std::vector<Dataset>& tables)
{
    std::vector<std::unique_ptr<Evaluator>> made;
    for (auto evaluator : evaluators) {
        // The sequence is what several evaluators become anyway.
        if (evaluator.type == "SequentialEvaluator") continue;
        const auto spec = std::find_if(specs.begin(), specs.end(),
                                       [&](const DataSpec& each) { return each.name == evaluator.data; });
        if (spec == specs.end()) continue;
        if (evaluator.name.empty()) evaluator.name = evaluator.data;
        Result<EvalData> data = EvalData();
        if (readsPath(evaluator, *spec)) {
            data = dataAtPath(evaluator, *spec);
        } else {
            for (const auto& table : tables)
                if (table.name() == evaluator.data) data = evalDataOf(table);
        }
        if (!data) return inDataSet(*spec, data.error());
        auto one = makeEvaluator(evaluator, std::move(*data));
        if (!one) return inDataSet(*spec, one.error());
        made.push_back(std::move(*one));
    }
    if (made.empty()) return std::unique_ptr<Evaluator>();
    if (made.size() == 1) return std::move(made.front());
    return makeSequential(std::move(made));
}

Result<EvalEmbed> openFrozenModel(const std::string& path)
{
    LoadOptions options;
    options.gradients = false;
    auto opened = SentenceModel::load(path, options);
    if (!opened) return opened.error();
    std::shared_ptr<SentenceModel> model = std::move(*opened);
    auto embed = makeEvalEmbed(*model, {});
    return EvalEmbed([model, embed](const std::vector<std::string>& texts, const EmbedRequest& request) {
        return embed(texts, request);
    });
}

std::function<at::Tensor(const at::Tensor&, const at::Tensor&)>
classifierOf(const std::vector<std::unique_ptr<Loss>>& losses)
{
    for (const auto& loss : losses)
        if (const auto* head = dynamic_cast<const SoftmaxHead*>(loss.get()))
            return [head](const at::Tensor& first, const at::Tensor& second) {
                const at::NoGradGuard noGrad;
                return head->logits(first, second);
            };
    return {};
}

} // namespace studio
