"""Reference numbers for tst_pairedcomparison, from numpy and scipy: python tests/interop/oracle_statistics.py FILE"""
import json
import sys

import numpy as np
from scipy import stats

MASK = (1 << 64) - 1


def splitmix(seed):
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def compare(a, b, resamples, seed):
    d = np.asarray(b) - np.asarray(a)
    n = len(d)
    stream = splitmix(seed)
    means = np.array([np.mean(d[[(next(stream) * n) >> 64 for _ in range(n)]]) for _ in range(resamples)])
    low, high = np.percentile(means, [2.5, 97.5])
    t = np.abs(d) <= 1e-9
    # An independent implementation with another generator must agree roughly: it guards the definition.
    other = stats.bootstrap((d,), np.mean, n_resamples=9999, method="percentile", random_state=1).confidence_interval
    return {"a": list(a), "b": list(b), "resamples": resamples, "seed": seed, "wins": int(((d > 0) & ~t).sum()),
            "ties": int(t.sum()), "losses": int(((d < 0) & ~t).sum()), "mean": float(d.mean()), "low": float(low),
            "high": float(high), "below_zero": float((means < 0).mean()), "scipy_low": float(other.low),
            "scipy_high": float(other.high)}


rng = np.random.default_rng(7)
base = np.round(rng.uniform(0, 1, 60), 4)
cases = [compare(base, np.round(base + rng.normal(0.05, 0.1, 60), 4), 2000, 42),
         compare(base[:20], base[:20], 500, 1),
         compare(base[:7], np.round(base[:7] + rng.normal(-0.02, 0.2, 7), 4), 2000, 9)]
intervals = []
for values in ([0.81, 0.83, 0.82], [1.5, 1.5], list(np.round(rng.normal(0.8, 0.01, 12), 5))):
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    intervals.append({"values": [float(v) for v in values], "mean": float(np.mean(values)), "half": float(half)})
quantiles = [[int(n), float(stats.t.ppf(0.975, n))] for n in (1, 2, 5, 10, 20, 21, 30, 100, 1000)]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"paired": cases, "intervals": intervals, "student": quantiles}, file, indent=1)
    file.write("\n")
