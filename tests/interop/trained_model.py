#!/usr/bin/env python3
"""Trains a few steps with sentence-train and loads the final model and a checkpoint with SentenceTransformer: the same
embeddings within 1e-5, no warning about the files."""
import argparse, json, os, subprocess, sys, tempfile

import numpy as np

import pythonmodel

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEXTS = [
    "A man is playing a guitar.", "The weather is lovely today.", "", "naïve café, 東京 と 서울",
    "Der Zug nach Berlin hat zwanzig Minuten Verspätung.", "word " * 400,
    "In 1969, Apollo 11 landed on the Moon; Neil Armstrong was the first to walk on it.",
]


def ours(binary, model, out):
    with open(out + ".txt", "w", encoding="utf-8") as f:
        f.write("\n".join(TEXTS) + "\n")
    subprocess.run([binary, "encode", model, "--input", out + ".txt", "--output", out], check=True)
    return np.load(out)


def check_card(folder, metrics):
    """The metadata of README.md as the Hub's own library reads them; the metrics are those of the run's evaluation."""
    from huggingface_hub import ModelCard

    data = ModelCard.load(os.path.join(folder, "README.md")).data
    if data.library_name != "sentence-transformers" or data.base_model != "all-MiniLM-L6-v2" or "loss:CosineSimilarityLoss" not in data.tags:
        sys.exit(f"{folder}: the model card's metadata are {data.to_dict()}")
    told = {result.metric_type: result.metric_value for result in data.eval_results or []}
    for name in ("pearson_cosine", "spearman_cosine"):
        if told.get(name) != metrics[f"eval_sts-dev_{name}"]:
            sys.exit(f"{folder}: the model card tells {told}, the run measured {metrics}")
    print(f"model card: {len(told)} metrics, {len(data.tags)} tags")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    binary = os.path.join(options.parse_args().bin, "sentence-train")

    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        subprocess.run([binary, "run", os.path.join(ROOT, "resources/experiments/sample.experiment.json"), "--output", out,
                        "--set", "max_steps=6", "--set", "save_strategy=steps", "--set", "save_steps=4",
                        "--set", "eval_steps=6"],
                       check=True)
        for name in ("final", "checkpoint-4", "checkpoint-6"):
            model = os.path.join(out, name)
            peer = pythonmodel.load(model)
            theirs = peer.encode(TEXTS, batch_size=1, convert_to_numpy=True, show_progress_bar=False)
            mine = ours(binary, model, os.path.join(folder, name + ".npy"))
            difference = float(np.abs(theirs - mine).max())
            print(f"{name}: largest difference {difference:.2e}")
            if mine.shape != theirs.shape or not difference <= 1e-5:
                sys.exit(f"{name}: the embeddings differ by {difference}")
            if name.startswith("checkpoint"):
                state = json.load(open(os.path.join(model, "trainer_state.json")))
                if state["global_step"] != int(name.split("-")[1]):
                    sys.exit(f"{name}: trainer_state.json says step {state['global_step']}")
        check_card(os.path.join(out, "final"), [entry for entry in state["log_history"] if "eval_sts-dev_spearman_cosine" in entry][-1])


if __name__ == "__main__":
    main()
