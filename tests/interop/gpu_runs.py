#!/usr/bin/env python3
"""The same short runs on the CPU and on a GPU: python3 tests/interop/gpu_runs.py --bin build/release/bin [--steps 40]

Without dropout the losses of both must agree: float32 to 1e-4, bf16 and fp16 to what 16 bits leave. With dropout, a run that is
stopped and resumed must repeat the straight one's bits (full_determinism). Needs a GPU, a torch built for CUDA and numpy; the
model is the sample's (SENTENCE_STUDIO_MODEL names another). Ends with 1 when something differs."""
import argparse, glob, json, os, struct, subprocess, sys, tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SAMPLE = os.path.join(ROOT, "resources", "experiments", "sample.experiment.json")
BASE = os.environ.get("SENTENCE_STUDIO_MODEL") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                                                               "sentence-studio", "models", "all-MiniLM-L6-v2")


def steps_of(folder):
    raw = open(sorted(glob.glob(os.path.join(folder, "runs", "*", "steps.bin")))[-1], "rb").read()
    dtype = [("step", "<u4"), ("loss", "<f4"), ("rate", "<f4"), ("norm", "<f4"), ("seconds", "<f4"), ("samples", "<u4"), ("tokens", "<u4"),
             ("hash", "<u4")]
    header, record = struct.unpack_from("<II", raw, 8)
    return np.frombuffer(raw, dtype, (len(raw) - header) // record, header)


class Runs:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder

    def run(self, name, dropout, resume=False, loss="CosineSimilarityLoss", **arguments):
        experiment = json.load(open(SAMPLE))
        experiment["model"] = {"path": BASE, "dropout": dropout}
        for data in experiment["train"] + experiment["eval"]:
            data["path"] = os.path.join(os.path.dirname(SAMPLE), data["path"])
        experiment["train"][0]["loss"] = {"type": loss}
        experiment["arguments"].update({"max_steps": self.args.steps, "save_strategy": "steps", "save_steps": self.args.steps // 2,
                                        "eval_strategy": "no", "do_eval": False, "logging_steps": 10, "per_device_train_batch_size": 32})
        experiment["arguments"].update(arguments)
        file = os.path.join(self.folder, name + ".json")
        json.dump(experiment, open(file, "w"))
        output = os.path.join(self.folder, name)
        command = [os.path.join(self.args.bin, "sentence-train"), "run", file, "--output", output] + (["--resume"] if resume else [])
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
        return steps_of(output), output


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bin", required=True)
    options.add_argument("--steps", type=int, default=40)
    args = options.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(args, folder)
        for loss, bounds in (("CosineSimilarityLoss", (1e-4, 2e-2)), ("CoSENTLoss", (1e-4, 2e-2))):
            cpu, _ = runs.run("cpu-" + loss, 0, loss=loss, use_cpu=True)
            for name, arguments, bound in (("float32", {}, bounds[0]), ("bf16", {"bf16": True}, bounds[1]), ("fp16", {"fp16": True}, bounds[1])):
                gpu, output = runs.run(name + "-" + loss, 0, loss=loss, **arguments)
                device = json.load(open(glob.glob(os.path.join(output, "runs", "*", "environment.json"))[0]))["device"]
                same = (cpu["hash"] == gpu["hash"]).all() and len(cpu) == len(gpu) == args.steps
                worst = float(np.max(np.abs(cpu["loss"] - gpu["loss"]) / np.abs(cpu["loss"])))
                norm = float(np.max(np.abs(cpu["norm"] - gpu["norm"]) / np.abs(cpu["norm"])))
                ok = same and worst <= bound and device.startswith("cuda")
                print(f"{loss:22} {name:8} on {device}: loss {worst:.1e} (at most {bound:.0e}), gradient norm {norm:.1e}, "
                      f"batches {'equal' if same else 'DIFFER'}{'' if ok else '  FAILED'}", flush=True)
                if not ok:
                    failed.append(name)
        for name, arguments in (("float32", {}), ("bf16", {"bf16": True}), ("fp16", {"fp16": True})):
            straight, first = runs.run("straight-" + name, 0.1, full_determinism=True, **arguments)
            runs.run("resumed-" + name, 0.1, full_determinism=True, max_steps=args.steps, **arguments)
            resumed = os.path.join(folder, "resumed-" + name)
            half, last = args.steps // 2, args.steps
            subprocess.run(["rm", "-rf", os.path.join(resumed, f"checkpoint-{last}"), os.path.join(resumed, "final")])
            again, _ = runs.run("resumed-" + name, 0.1, resume=True, full_determinism=True, **arguments)
            weights = lambda f: open(os.path.join(f, "final", "model.safetensors"), "rb").read()
            a, b = straight[-half:], again[-half:]
            same = (a["loss"].tobytes() == b["loss"].tobytes()) and weights(first) == weights(resumed)
            print(f"resume, {name}: {'equal bits' if same else 'DIFFERS, losses by %.1e' % float(np.max(np.abs(a['loss'] - b['loss'])))}", flush=True)
            if not same:
                failed.append("resume " + name)
    print("failed: " + ", ".join(failed) if failed else "all agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
