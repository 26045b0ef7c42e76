"""Writes tests/fixtures/python-run: what a training of the Python library leaves behind, made by the packages themselves.

Needs tensorboard (any 2.x), which is no part of the usual environment: pip install tensorboard
Usage: python tests/interop/python_run_files.py tests/fixtures/python-run
"""
import csv
import json
import pathlib
import shutil
import struct
import sys

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1764000000.0


def event(step, **values):
    """The first generation (torch.utils.tensorboard): simple_value."""
    out = Event(wall_time=START + step, step=step)
    for tag, value in values.items():
        out.summary.value.add(tag=tag.replace("__", "/", 1), simple_value=value)
    return out


def tensor(step, tag, value, form):
    """The second generation (tf.summary): a scalar tensor, in each of its forms."""
    proto = TensorProto(dtype=2 if form == "double" else 1)
    if form == "content":
        proto.tensor_content = struct.pack("<f", value)
    elif form == "double":
        proto.double_val.append(value)
    else:
        proto.float_val.append(value)
    out = Event(wall_time=START + step, step=step)
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    out.summary.value.add(tag=tag, tensor=proto, metadata=metadata)
    return out


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    logs = folder / "runs" / "Nov24_16-00-00_host"
    logs.mkdir(parents=True)
    with open(logs / "events.out.tfevents.1764000000.host.1.0", "wb") as file:
        writer = RecordWriter(file)
        events = [
            Event(wall_time=START, file_version="brain.Event:2"),
            event(10, train__loss=0.5, train__grad_norm=1.25, train__learning_rate=2e-05, train__epoch=0.5),
            event(20, train__loss=0.375, train__grad_norm=0.75, train__learning_rate=1e-05, train__epoch=1.0),
            tensor(20, "eval/loss", 0.25, "float"),
            tensor(20, "eval/sts-dev_pearson_cosine", 0.8125, "content"),
            tensor(20, "eval/sts-dev_spearman_cosine", 0.8, "double"),
            Event(wall_time=START + 21, step=20, session_log=SessionLog(status=SessionLog.START)),
            event(30, train__loss=float("nan"), train__learning_rate=5e-06),
            event(40, train__train_runtime=40.0, train__train_loss=0.4),
        ]
        histogram = Event(wall_time=START + 40, step=40)
        histogram.summary.value.add(tag="weights", histo=Summary().value.add().histo)
        for one in events + [histogram]:
            writer.write(one.SerializeToString())
        writer.flush()

    # As transformers.TrainerState.save_to_json writes it.
    checkpoint = folder / "checkpoint-20"
    checkpoint.mkdir()
    state = {
        "best_global_step": None, "best_metric": None, "best_model_checkpoint": None, "epoch": 1.0, "eval_steps": 20,
        "global_step": 20, "is_hyper_param_search": False, "is_local_process_zero": True, "is_world_process_zero": True,
        "log_history": [
            {"epoch": 0.5, "grad_norm": 1.25, "learning_rate": 2e-05, "loss": 0.5, "step": 10},
            {"epoch": 1.0, "grad_norm": 0.75, "learning_rate": 1e-05, "loss": 0.375, "step": 20},
            {"epoch": 1.0, "eval_loss": 0.25, "eval_runtime": 1.5, "eval_sts-dev_spearman_cosine": 0.8, "step": 20},
        ],
        "logging_steps": 10, "max_steps": 40, "num_input_tokens_seen": 0, "num_train_epochs": 2, "save_steps": 20,
        "stateful_callbacks": {}, "total_flos": 0.0, "train_batch_size": 16, "trial_name": None, "trial_params": None,
    }
    (checkpoint / "trainer_state.json").write_text(json.dumps(state, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    # As EmbeddingSimilarityEvaluator appends it: before the training, at step 20, and after the training.
    (folder / "eval").mkdir()
    with open(folder / "eval" / "similarity_evaluation_sts-dev_results.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "steps", "cosine_pearson", "cosine_spearman"])
        writer.writerow([0, 0, 0.7, 0.71])
        writer.writerow([1.0, 20, 0.8125, 0.8])
        writer.writerow([-1, -1, 0.83, 0.82])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
