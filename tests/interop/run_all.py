#!/usr/bin/env python3
"""Runs every interop test beside this file: what our programs write must load in Python with the same embeddings.

  .venv-interop/bin/python tests/interop/run_all.py --bin build/release/bin
"""
import argparse, os, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = ["trained_model.py", "model_roundtrip.py"]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    args = options.parse_args()
    failed = []
    for test in TESTS:
        print(f"-- {test}", flush=True)
        if subprocess.run([sys.executable, os.path.join(HERE, test), "--bin", os.path.abspath(args.bin)]).returncode:
            failed.append(test)
    print(f"{len(TESTS) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
