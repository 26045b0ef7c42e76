#!/usr/bin/env python3
"""Trains LoRA adapters with sentence-train; SentenceTransformer must load the final model and a checkpoint (through PEFT) with
the same embeddings within 1e-5, and the merged model too. Adapters that Python trained are merged by sentence-train.

    .venv-interop/bin/python tests/interop/trained_adapters.py --bin build/release/bin
"""
import argparse, json, os, subprocess, sys, tempfile

import numpy as np

import pythonmodel
from trained_model import ROOT, TEXTS, ours

LORA = {"r": 4, "lora_alpha": 16, "lora_dropout": 0.1, "target_modules": ["query", "value"]}


def compare(what, peer, mine):
    theirs = peer.encode(TEXTS, batch_size=1, convert_to_numpy=True, show_progress_bar=False)
    difference = float(np.abs(theirs - mine).max())
    print(f"{what}: largest difference {difference:.2e}")
    if mine.shape != theirs.shape or not difference <= 1e-5:
        sys.exit(f"{what}: the embeddings differ by {difference}")
    return theirs


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    binary = os.path.join(options.parse_args().bin, "sentence-train")
    with tempfile.TemporaryDirectory() as folder:
        experiment = json.load(open(os.path.join(ROOT, "resources/experiments/sample.experiment.json"), encoding="utf-8"))
        experiment["model"]["lora"] = LORA
        for part in ("train", "eval"):
            for data in experiment[part]:
                data["path"] = os.path.normpath(os.path.join(ROOT, "resources/experiments", data["path"]))
        file = os.path.join(folder, "lora.experiment.json")
        json.dump(experiment, open(file, "w", encoding="utf-8"))
        out = os.path.join(folder, "out")
        subprocess.run([binary, "run", file, "--output", out, "--set", "max_steps=6", "--set", "save_strategy=steps",
                        "--set", "save_steps=4", "--set", "eval_steps=6", "--set", "learning_rate=1e-3"], check=True)
        for name in ("final", "checkpoint-4"):
            model = os.path.join(out, name)
            present = set(os.listdir(model))
            if "model.safetensors" in present or not {"adapter_config.json", "adapter_model.safetensors"} <= present:
                sys.exit(f"{name}: these are no adapters: {sorted(present)}")
            peer = pythonmodel.load(model)
            if "peft_config" not in vars(peer[0].auto_model):
                sys.exit(f"{name}: Python did not load adapters")
            trained = compare(name, peer, ours(binary, model, os.path.join(folder, name + ".npy")))
        merged = os.path.join(folder, "merged")
        subprocess.run([binary, "merge", os.path.join(out, "final"), "--output", merged], check=True)
        compare("merged", pythonmodel.load(merged), ours(binary, os.path.join(out, "final"), os.path.join(folder, "again.npy")))

        # The other way round: adapters as Python's trainer saves them.
        from peft import LoraConfig, TaskType

        base = json.load(open(os.path.join(out, "final", "adapter_config.json")))["base_model_name_or_path"]
        peer = pythonmodel.load(base)
        peer.add_adapter(LoraConfig(task_type=TaskType.FEATURE_EXTRACTION, r=8, lora_alpha=32, target_modules="all-linear"))
        import torch

        torch.manual_seed(1)
        for parameter_name, parameter in peer.named_parameters():
            if "lora_B" in parameter_name:
                torch.nn.init.normal_(parameter, std=0.02)
        theirs = os.path.join(folder, "python")
        peer.save_pretrained(theirs)
        compare("Python's adapters", peer, ours(binary, theirs, os.path.join(folder, "python.npy")))


if __name__ == "__main__":
    main()
