#!/usr/bin/env python3
"""Runs every interop test beside this file: what our programs write must load in Python with the same embeddings, and our
tokenizers must give the ids of the Python library.

  .venv-interop/bin/python tests/interop/run_all.py --bin build/release/bin [--strings 20000]
"""
import argparse, os, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    options.add_argument("--strings", type=int, default=2000, help="random strings per tokenizer family (20000: the full comparison)")
    args = options.parse_args()
    programs = os.path.abspath(args.bin)
    lines = os.path.join(programs, "tokenize_lines")
    kept = tempfile.TemporaryDirectory()
    older = os.path.join(os.path.dirname(os.path.dirname(HERE)), ".venv-interop-5", "bin", "python")
    tests = [
        ["trained_model.py", "--bin", programs],
        ["trained_adapters.py", "--bin", programs],
        ["model_roundtrip.py", "--bin", programs, "--keep", kept.name],
        ["older_release.py", kept.name],
        ["encoded_files.py", "--bin", programs],
        ["tokenizers_folders.py", lines],
        ["tokenizers_fuzz.py", lines, "--count", str(args.strings)],
    ]
    failed = []
    for name, *arguments in tests:
        print(f"-- {name}", flush=True)
        start = time.monotonic()
        python = older if name == "older_release.py" else sys.executable
        if subprocess.run([python, os.path.join(HERE, name), *arguments]).returncode:
            failed.append(name)
        print(f"   {time.monotonic() - start:.0f} s", flush=True)
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
