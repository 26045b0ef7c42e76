#!/usr/bin/env python3
"""Models that we saved (kept by model_roundtrip.py --keep) in the release before the newest: no warning about the files,
and the embeddings of the newest release within 1e-5.

  .venv-interop-5/bin/python tests/interop/older_release.py FOLDER
"""
import argparse, json, os, sys

import numpy as np

import pythonmodel


def main():
    options = argparse.ArgumentParser()
    options.add_argument("folder")
    folder = options.parse_args().folder
    import sentence_transformers, transformers

    print(f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__}")
    names = sorted(name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name)))
    failed = [] if names else ["no models are there"]
    for name in names:
        with open(os.path.join(folder, name, "config.json")) as file:
            family = json.load(file)["model_type"]
        if family not in transformers.CONFIG_MAPPING:
            print(f"{name}: left out, this release does not know {family}")
            continue
        stored = np.load(os.path.join(folder, name + ".npz"))
        model = pythonmodel.load(os.path.join(folder, name))
        difference = float(np.abs(model.encode(stored["texts"].tolist(), batch_size=2) - stored["expected"]).max())
        print(f"{name}: largest difference {difference:.1e}", flush=True)
        if not difference <= 1e-5:
            failed.append(name)
    sys.exit(", ".join(failed) if failed else 0)


if __name__ == "__main__":
    main()
