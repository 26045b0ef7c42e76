#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines evaluationFields()
{
    return {
        field(&TrainingArguments::doEval, "do_eval")
            .label("Run evaluation")
            .group("evaluate")
            .help("Says that this run evaluates. It switches itself on when an evaluation strategy "
                  "other than \"no\" is chosen."),
        field(&TrainingArguments::doPredict, "do_predict")
            .label("Run test phase")
            .group("testing")
            .help("After training, measure the experiment's test sets once with the final model. "
                  "set_testing switches it on; without test sets it does nothing."),
        field(&TrainingArguments::evalStrategy, "eval_strategy")
            .label("Evaluate")
            .basic()
            .aliases({"evaluation_strategy"})
            .group("evaluate")
            .help("When the evaluators and the evaluation loss run during training. More often gives a "
                  "finer curve and a better choice of the best model, but costs time. By default never."),
        field(&TrainingArguments::predictionLossOnly, "prediction_loss_only")
            .label("Loss only")
            .group("evaluate")
            .inactiveIf([](const TrainingArguments&) -> std::string_view {
                return "Construction switches it on, whatever is chosen here; set_evaluate and set_testing "
                       "can switch it off afterwards.";
            })
            .help("Keep only the loss of an evaluation and drop the model's outputs. Construction "
                  "always switches it on, because losses over embeddings return nothing else."),
        field(&TrainingArguments::perDeviceEvalBatchSize, "per_device_eval_batch_size")
            .label("Evaluation batch size")
            .atLeast(1)
            .unit("samples")
            .log()
            .basic()
            .aliases({"per_gpu_eval_batch_size"})
            .group("evaluate")
            .help("Rows in one forward pass while evaluating. No gradients are kept, so it can be "
                  "several times the training batch. Changes speed and memory, not the evaluators' "
                  "results."),
        field(&TrainingArguments::evalAccumulationSteps, "eval_accumulation_steps")
            .label("Move outputs every")
            .atLeast(1)
            .unit("batches")
            .unset("only at the end")
            .group("evaluate")
            .help("Evaluation batches after which Python moves collected outputs from the GPU to main memory. "
                  "Changes nothing here: embeddings of an evaluation move there at once."),
        field(&TrainingArguments::evalDelay, "eval_delay")
            .label("First evaluation after")
            .number()
            .atLeast(0)
            .unit("epochs or update steps")
            .unset("0")
            .group("evaluate")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.evalStrategy == IntervalStrategy::No ? "No evaluation takes place." : "";
            })
            .help("No evaluation before this point: epochs with strategy epoch, updates with strategy "
                  "steps. Saves time while the model is still far from good. 0 by default."),
        field(&TrainingArguments::jitModeEval, "jit_mode_eval")
            .label("Traced evaluation")
            .scope(Scope::PythonOnly)
            .group("evaluate")
            .help("Evaluate with a traced copy of the model. Tracing exists only in Python; kept and "
                  "written out, without effect here."),
        field(&TrainingArguments::evalSteps, "eval_steps")
            .label("Evaluate every")
            .interval()
            .log()
            .basic()
            .unset("as logging_steps")
            .group("evaluate")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.evalStrategy != IntervalStrategy::Steps ? "Only used with evaluation strategy steps."
                                                                 : "";
            })
            .help("Updates between two evaluations with strategy steps; below 1 it is a share of the "
                  "run. Unset takes over logging_steps."),
        field(&TrainingArguments::loadBestModelAtEnd, "load_best_model_at_end")
            .label("Keep the best model")
            .basic()
            .unset("off")
            .group("best_model")
            .help("After training go back to the checkpoint with the best watched metric. Saving must "
                  "fall on evaluations. Off by default: the last state counts."),
        field(&TrainingArguments::metricForBestModel, "metric_for_best_model")
            .label("Watched metric")
            .basic()
            .unset("loss when needed")
            .group("best_model")
            .help("Evaluation result that decides which checkpoint is best, such as sts- "
                  "dev_spearman_cosine. The prefix eval_ may be left out. Becomes loss when it is "
                  "needed and unset."),
        field(&TrainingArguments::greaterIsBetter, "greater_is_better")
            .label("Larger is better")
            .unset("by the metric's name")
            .group("best_model")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !a.metricForBestModel && !a.loadBestModelAtEnd.value_or(false) &&
                               a.lrSchedulerType != SchedulerType::ReduceLrOnPlateau
                           ? "No metric is watched."
                           : "";
            })
            .help("Whether larger values of the watched metric are better. Unset: yes, unless the name "
                  "ends in loss."),
        field(&TrainingArguments::evalOnStart, "eval_on_start")
            .label("Evaluate before training")
            .basic()
            .group("evaluate")
            .help("One evaluation before the first update: shows where the model stands and finds "
                  "mistakes in the evaluation early. Off by default."),
    };
}

} // namespace studio
