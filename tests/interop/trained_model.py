#!/usr/bin/env python3
"""Trains a few steps with sentence-train and loads the final model and a checkpoint with SentenceTransformer: the same
embeddings within 1e-5, no warning about the files."""
import argparse, json, logging, os, subprocess, sys, tempfile, warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEXTS = [
    "A man is playing a guitar.", "The weather is lovely today.", "", "naïve café, 東京 と 서울",
    "Der Zug nach Berlin hat zwanzig Minuten Verspätung.", "word " * 400,
    "In 1969, Apollo 11 landed on the Moon; Neil Armstrong was the first to walk on it.",
]


class Heard(logging.Handler):
    """Collects every warning that the libraries log while a folder is loaded."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def ours(binary, model, out):
    with open(out + ".txt", "w", encoding="utf-8") as f:
        f.write("\n".join(TEXTS) + "\n")
    subprocess.run([binary, "encode", model, "--input", out + ".txt", "--output", out], check=True)
    return np.load(out)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    binary = os.path.join(options.parse_args().bin, "sentence-train")

    from sentence_transformers import SentenceTransformer

    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        subprocess.run([binary, "run", os.path.join(ROOT, "resources/experiments/sample.experiment.json"), "--output", out,
                        "--set", "max_steps=6", "--set", "save_strategy=steps", "--set", "save_steps=4",
                        "--set", "eval_strategy=no"],
                       check=True)
        for name in ("final", "checkpoint-4", "checkpoint-6"):
            model = os.path.join(out, name)
            heard = Heard()
            for logger in ("", "transformers", "sentence_transformers"):
                logging.getLogger(logger).addHandler(heard)
            with warnings.catch_warnings(record=True) as raised:
                warnings.simplefilter("always")
                peer = SentenceTransformer(model, device="cpu")
            for logger in ("", "transformers", "sentence_transformers"):
                logging.getLogger(logger).removeHandler(heard)
            about_files = heard.messages + [str(w.message) for w in raised if issubclass(w.category, (UserWarning, RuntimeWarning))]
            if about_files:
                sys.exit(f"{name}: Python warned while loading: {about_files}")
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


if __name__ == "__main__":
    main()
