"""Makes tests/fixtures/python-checkpoint: a checkpoint of the Python trainer after 3 of 6 steps, and what its run did
in the steps after it. Run from the repository's root with the oracle environment (tests/interop/setup.sh)."""

import csv
import json
import random
import shutil
import tempfile
from pathlib import Path

from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.losses import CosineSimilarityLoss
from transformers import TrainerCallback

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests/fixtures/model/tiny/bert"
TARGET = ROOT / "tests/fixtures/python-checkpoint"
KEPT = {
    "config.json", "model.safetensors", "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json",
    "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json", "optimizer.pt",
    "trainer_state.json",
}
ARGUMENTS = {
    "per_device_train_batch_size": 4, "learning_rate": 1e-3, "max_steps": 6, "logging_steps": 1, "save_strategy": "steps",
    "save_steps": 3, "warmup_steps": 2, "weight_decay": 0.01, "seed": 42,
}


def rows():
    draw = random.Random(5)
    words = lambda: " ".join(f"w{draw.randrange(91)}" for _ in range(draw.randrange(2, 9)))
    return [(words(), words(), draw.randrange(11) / 10) for _ in range(24)]


class Steps(TrainerCallback):
    def __init__(self):
        self.logs = []

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            self.logs.append({"step": state.global_step, "loss": logs["loss"], "grad_norm": float(logs["grad_norm"]),
                              "learning_rate": logs["learning_rate"]})


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    data = rows()
    with open(TARGET / "pairs.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["text0", "text1", "score"])
        writer.writerows(data)
    model = SentenceTransformer(str(MODEL), device="cpu")
    for module in model.modules():
        if module.__class__.__name__ == "Dropout":
            module.p = 0.0
    model[0].auto_model.config.hidden_dropout_prob = 0.0
    model[0].auto_model.config.attention_probs_dropout_prob = 0.0
    for layer in model[0].auto_model.encoder.layer:
        layer.attention.self.dropout.p = 0.0
    dataset = Dataset.from_dict({"text0": [r[0] for r in data], "text1": [r[1] for r in data], "score": [r[2] for r in data]})
    with tempfile.TemporaryDirectory() as out:
        steps = Steps()
        trainer = SentenceTransformerTrainer(
            model=model, train_dataset=dataset, loss=CosineSimilarityLoss(model), callbacks=[steps],
            args=SentenceTransformerTrainingArguments(output_dir=out, report_to="none", disable_tqdm=True, use_cpu=True,
                                                      **ARGUMENTS))
        trainer.train()
        source = Path(out) / "checkpoint-3"
        for file in sorted(source.rglob("*")):
            relative = file.relative_to(source)
            if file.is_file() and (file.name in KEPT or len(relative.parts) > 1):
                (TARGET / "checkpoint-3" / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, TARGET / "checkpoint-3" / relative)
    expected = {"arguments": ARGUMENTS, "steps": [s for s in steps.logs if s["step"] > 3]}
    (TARGET / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
