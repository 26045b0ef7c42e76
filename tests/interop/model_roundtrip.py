#!/usr/bin/env python3
"""Models go from Python to our engine and back: for every architecture a folder that sentence-transformers saved is opened
and saved again by build/…/tests/model_resave, and must load in Python with the same embeddings and without a warning.

    .venv-interop/bin/python tests/interop/model_roundtrip.py --bin build/release/bin [NAME ...]
"""
import argparse, json, logging, os, shutil, subprocess, sys, tempfile, warnings

import numpy as np
import torch
import transformers
from sentence_transformers import SentenceTransformer, models

HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "..", "fixtures", "model", "tiny")
TEXTS = ["w1 w2 w3", "w4", "", "w7 w8 w9 w10 w11 w12 w13 w14 w15 w16 w17", "w5 unknown w6"]
REAL_TEXTS = ["The weather is lovely today.", "It's so sunny outside!", "", "Der Zug nach Berlin hat Verspätung.",
              "He drove to the stadium. " * 60]
POOLING = {"bert": ["cls", "mean"], "qwen3": "lasttoken", "gemma3": "mean", "albert": "max", "mpnet": "cls",
           "roberta": "weightedmean", "xlm-roberta": "mean_sqrt_len_tokens"}


class Complaints(logging.Handler):
    """Collects everything that Python says at level WARNING or above."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.name}: {record.getMessage()}")


def load_quietly(folder):
    handler = Complaints()
    loggers = [logging.getLogger(name) for name in ("sentence_transformers", "transformers", "huggingface_hub", "")]
    for logger in loggers:
        logger.addHandler(handler)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = SentenceTransformer(folder, device="cpu")
    for logger in loggers:
        logger.removeHandler(handler)
    # Words about Python's own libraries are not about the files.
    said = [str(w.message) for w in caught if not issubclass(w.category, (DeprecationWarning, PendingDeprecationWarning, ResourceWarning))]
    return model, handler.lines + said


def python_folder(name, target):
    """A model as Python saves it, around the tiny encoder of that name."""
    torch.manual_seed(1)
    plain = target + "-plain"
    shutil.copytree(os.path.join(TINY, name), plain, ignore=shutil.ignore_patterns("expected.safetensors"))
    if name == "modernbert":
        # Its tokenizer class takes tokenizer.json as it stands.
        transformers.BertTokenizer.from_pretrained(plain).save_pretrained(plain)
        with open(os.path.join(plain, "tokenizer_config.json")) as file:
            config = json.load(file)
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
        config["model_input_names"] = ["input_ids", "attention_mask"]  # as the published models say
        with open(os.path.join(plain, "tokenizer_config.json"), "w") as file:
            json.dump(config, file)
    if name == "distilbert":
        # The class that goes with the architecture: the older release asks BERT's for token types.
        with open(os.path.join(plain, "tokenizer_config.json")) as file:
            config = json.load(file)
        config["tokenizer_class"] = "DistilBertTokenizer"
        with open(os.path.join(plain, "tokenizer_config.json"), "w") as file:
            json.dump(config, file)
    transformer = models.Transformer(plain, max_seq_length=16)
    pooling = models.Pooling(transformer.get_embedding_dimension(), pooling_mode=POOLING.get(name, "mean"))
    modules = [transformer, pooling]
    if name in ("distilbert", "modernbert", "gemma3"):
        modules.append(models.Dense(in_features=pooling.get_embedding_dimension(), out_features=10))
    modules.append(models.Normalize())
    model = SentenceTransformer(modules=modules, device="cpu", prompts={"query": "w1 "})
    model.save(target)
    return model


def compare(name, original, source, resave, texts, keep=None):
    """What is saved stays in keep/NAME, with what it should give beside it, for older_release.py."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(keep or folder, name.replace(" ", "-") if keep else "saved")
        run = subprocess.run([resave, source, target], input="\n".join(texts) + "\n", capture_output=True, text=True)
        if run.returncode:
            return [f"model_resave: {run.stderr.strip()}"]
        ours = np.array([json.loads(line) for line in run.stdout.splitlines()])
        again, complaints = load_quietly(target)
        expected = original.encode(texts, batch_size=2)
        if keep:
            np.savez(target + ".npz", texts=np.array(texts), expected=expected)
        reloaded = again.encode(texts, batch_size=2)
        problems = [f"warning: {line}" for line in complaints]
        for what, values in (("ours", ours), ("saved by us, read by Python", reloaded)):
            if values.shape != expected.shape:
                problems.append(f"{what}: shape {values.shape}, Python's is {expected.shape}")
            elif not np.abs(values - expected).max() <= 1e-5:
                problems.append(f"{what}: differs by {np.abs(values - expected).max():.2e}")
        if again.max_seq_length != original.max_seq_length:
            problems.append(f"max_seq_length {again.max_seq_length}, was {original.max_seq_length}")
        if {k: v for k, v in again.prompts.items() if v} != {k: v for k, v in original.prompts.items() if v}:
            problems.append(f"prompts {again.prompts}, were {original.prompts}")
        worst = max(np.abs(ours - expected).max(), np.abs(reloaded - expected).max()) if not problems else float("nan")
        print(f"{name}: {'largest difference %.1e' % worst if not problems else 'FAILED'}", flush=True)
        return problems


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True, help="the build's folder of programs; model_resave lies in ../tests")
    options.add_argument("--keep", help="existing folder that keeps what was saved")
    options.add_argument("names", nargs="*")
    args = options.parse_args()
    resave = os.path.normpath(os.path.join(args.bin, "..", "tests", "model_resave"))
    if not os.path.exists(resave):
        sys.exit(f"{resave} is missing: build the target model_resave")
    torch.set_num_threads(1)
    problems = []
    for name in args.names or sorted(os.listdir(TINY)):
        if name == "all-MiniLM-L6-v2":
            continue
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "python")
            original = python_folder(name, source)
            problems += [f"{name}: {p}" for p in compare(name, original, source, resave, TEXTS, args.keep)]
    # The same weights in the old pickle format.
    if not args.names or "bert" in args.names:
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "python")
            original = python_folder("bert", source)
            state = original[0].model.state_dict()
            name = next(n for n, t in state.items() if n.endswith("query.weight"))
            state[name] = state[name].t().contiguous().t()  # a tensor that is not stored row by row
            torch.save(state, os.path.join(source, "pytorch_model.bin"))
            os.remove(os.path.join(source, "model.safetensors"))
            problems += [f"bert as pytorch_model.bin: {p}" for p in compare("bert as pytorch_model.bin", original, source, resave, TEXTS, args.keep)]
    real = os.environ.get("SENTENCE_STUDIO_MODEL") or os.path.expanduser("~/.cache/sentence-studio/models/all-MiniLM-L6-v2")
    if os.path.exists(real) and (not args.names or "all-MiniLM-L6-v2" in args.names):
        original = SentenceTransformer(real, device="cpu")
        problems += [f"all-MiniLM-L6-v2: {p}" for p in compare("all-MiniLM-L6-v2", original, real, resave, REAL_TEXTS, args.keep)]
    elif not os.path.exists(real):
        print("all-MiniLM-L6-v2: left out, the model is not in the user's cache")
    for problem in problems:
        print("  " + problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
