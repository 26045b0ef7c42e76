#pragma once

#include "core/engine_api.h"
#include "core/experiment/experiment.h"
#include "core/plan/runplan.h"
#include "core/plan/schedule.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "engine/eval/evaluator.h"
#include "engine/loss/loss.h"
#include "engine/optim/gradscaler.h"
#include "engine/optim/optimizer.h"
#include "engine/train/batchloader.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace studio {

class SentenceModel;

/// An evaluation set whose loss is measured, with the loss that fits it.
struct EvalLossSet
{
    const Dataset* dataset = nullptr;
    Loss* loss = nullptr;
    std::vector<std::string> prompts;
};

/// What the embeddings of an evaluation set looked like at the last evaluation: the values of a `quality` event
/// (docs/run-folder.md).
struct QualityRecord
{
    std::string set;
    MetricList values;
};

/// Everything that a run works on, made from the experiment before the first step.
struct RunParts
{
    Experiment experiment;
    std::unique_ptr<SentenceModel> model;
    std::unique_ptr<EmbeddingModel> embedding;  ///< what losses see of the model
    std::vector<Dataset> train;
    std::vector<Dataset> eval;
    std::vector<Dataset> test;  ///< only with do_predict
    std::vector<std::unique_ptr<Loss>> losses;
    std::vector<Loss*> lossOf;  ///< of each training set
    std::unique_ptr<BatchSampler> sampler;
    std::unique_ptr<BatchLoader> loader;
    std::unique_ptr<Optimizer> optimizer;
    std::optional<GradScaler> scaler;  ///< of the loss, with fp16
    std::vector<EvalLossSet> evalLosses;
    std::unique_ptr<Evaluator> evaluator;  ///< null: none
    std::vector<EvalLossSet> testLosses;
    std::unique_ptr<Evaluator> testEvaluator;  ///< null: none
    std::vector<QualityRecord> quality;  ///< of the last evaluation
    RunPlan plan;
    ScheduleSpec schedule;
    std::optional<PlateauSchedule> plateau;
    std::vector<std::string> findings;  ///< worth telling at the start
};

/// Opens the model and the data, makes losses, samplers, optimizer and evaluators. `phase` is told what is being
/// done ("loading model", "reading data").
Result<std::unique_ptr<RunParts>> prepareRun(const Experiment& experiment,
                                             const std::function<void(const std::string&)>& phase);

/// Opens the evaluation and test sets that the experiment's evaluators name and makes the evaluators (null without
/// any).
Result<std::unique_ptr<Evaluator>> makeEvaluators(const Experiment& experiment);

/// Opens a model as the experiment's model part wants it; new LoRA adapters are drawn from the seed.
Result<std::unique_ptr<SentenceModel>> openModel(const ModelSpec& spec, std::uint64_t seed = 42,
                                                const std::string& device = "cpu");

/// Labels of a micro-batch as the losses expect them: int64 [rows], float [rows] or float [rows, width];
/// undefined without a label column.
at::Tensor labelTensor(const LoadedBatch& batch, const Dataset& dataset, const at::Device& device = at::kCPU);

} // namespace studio
