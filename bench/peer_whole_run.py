#!/usr/bin/env python3
"""The peer of bench/whole_run.py: the same experiment with sentence-transformers' own trainer, printing a JSON line a step."""
import argparse, csv, json, os

options = argparse.ArgumentParser()
options.add_argument("--experiment", required=True)
options.add_argument("--output", required=True)
options.add_argument("--max-steps", type=int, default=-1)
args = options.parse_args()

from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator
from transformers import TrainerCallback

experiment = json.load(open(args.experiment, encoding="utf-8"))
folder = os.path.dirname(os.path.abspath(args.experiment))
cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sentence-studio")


def resolve(path):
    path = path.replace("${cache}", cache)
    return path if os.path.isabs(path) else os.path.normpath(os.path.join(folder, path))


def rows(spec):
    with open(resolve(spec["path"]), newline="", encoding="utf-8") as f:
        table = list(csv.DictReader(f))
    columns = spec["columns"]
    data = {role: [r[name] for r in table] for role, name in columns.items() if role != "score"}
    data["score"] = [float(r[columns["score"]]) / spec.get("score_divisor", 1) for r in table]
    return Dataset.from_dict(data)


class Tell(TrainerCallback):
    def on_log(self, a, state, control, logs=None, **kw):
        if logs and "loss" in logs:
            print(json.dumps({"event": "log", "step": state.global_step}), flush=True)


model = SentenceTransformer(resolve(experiment["model"]["path"]))
train, dev = rows(experiment["train"][0]), rows(experiment["eval"][0])
arguments = dict(experiment["arguments"], output_dir=args.output, logging_steps=1, disable_tqdm=True, report_to="none")
if args.max_steps > 0:
    arguments["max_steps"] = args.max_steps
evaluator = EmbeddingSimilarityEvaluator(dev["sentence1"], dev["sentence2"], dev["score"], name=experiment["evaluators"][0]["name"])
trainer = SentenceTransformerTrainer(
    model=model, args=SentenceTransformerTrainingArguments(**arguments), train_dataset=train, eval_dataset=dev,
    loss=getattr(losses, experiment["train"][0]["loss"]["type"])(model), evaluator=evaluator, callbacks=[Tell()])
trainer.train()
model.save_pretrained(os.path.join(args.output, "final"))
