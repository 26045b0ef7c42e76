#!/usr/bin/env python3
"""Times a whole run: process start -> first step -> end of one epoch of STS-B (batch 16), ours and, when a Python with
sentence-transformers is given, the peer's, alternating in one invocation. Prints ratios; no figure comes from elsewhere.

  python3 bench/whole_run.py --bin build/release/bin [--peer .venv-interop/bin/python] [--repeat 3] [--max-steps N] [--json]
"""
import argparse, json, os, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLE = os.path.join(ROOT, "resources", "experiments", "sample.experiment.json")


def watch(command, env=None):
    """Runs a command that prints JSON lines with "event" and returns seconds to the first step, to the end, and the peak memory."""
    start = time.monotonic()
    first = None
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    for line in process.stdout:
        try:
            event = json.loads(line).get("event")
        except ValueError:
            continue
        if event in ("log", "step") and first is None:
            first = time.monotonic() - start
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed:\n{errors}")
    return {"first_step_s": first, "total_s": time.monotonic() - start, "peak_mib": usage.ru_maxrss / 1024}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    options.add_argument("--peer", help="a Python that has sentence-transformers")
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--max-steps", type=int, default=-1, help="stop early (smoke runs)")
    options.add_argument("--json", action="store_true")
    args = options.parse_args()

    env = dict(os.environ, OMP_NUM_THREADS=str(os.cpu_count()), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    rows = {"ours": [], "peer": []}
    for _ in range(args.repeat):
        with tempfile.TemporaryDirectory() as out:
            command = [os.path.join(args.bin, "sentence-train"), "run", SAMPLE, "--output", out, "--events", "-",
                       "--set", "logging_steps=1"]
            if args.max_steps > 0:
                command += ["--set", f"max_steps={args.max_steps}"]
            rows["ours"].append(watch(command, env))
        if args.peer:
            with tempfile.TemporaryDirectory() as out:
                command = [args.peer, os.path.join(ROOT, "bench", "peer_whole_run.py"), "--experiment", SAMPLE, "--output", out,
                           "--max-steps", str(args.max_steps)]
                rows["peer"].append(watch(command, env))

    best = {who: {key: min(r[key] for r in runs) for key in runs[0]} for who, runs in rows.items() if runs}
    result = {"repeat": args.repeat, "max_steps": args.max_steps, "cores": os.cpu_count(), "minimum": best}
    if "peer" in best:
        result["peer_over_ours"] = {key: best["peer"][key] / best["ours"][key] for key in best["ours"]}
    if args.json:
        print(json.dumps(result, indent=2))
        return
    print(f"{'':14}{'first step s':>14}{'whole run s':>14}{'peak MiB':>12}   (minimum of {args.repeat})")
    for who, row in best.items():
        print(f"{who:14}{row['first_step_s']:14.2f}{row['total_s']:14.2f}{row['peak_mib']:12.0f}")
    if "peer" in best:
        ratio = result["peer_over_ours"]
        print(f"{'peer / ours':14}{ratio['first_step_s']:14.2f}{ratio['total_s']:14.2f}{ratio['peak_mib']:12.2f}")


if __name__ == "__main__":
    main()
