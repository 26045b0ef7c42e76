"""Reference numbers for tst_neighbours, from numpy and scipy: python tests/interop/oracle_neighbours.py FILE"""
import json
import sys

import numpy as np
from scipy import stats

rng = np.random.default_rng(11)
rows, dim = 80, 64
x = rng.normal(size=(rows, dim)) * np.linspace(3, 0.3, dim)
x = np.float32(np.round(x / np.linalg.norm(x, axis=1, keepdims=True), 6))
x64 = x.astype(np.float64)

centred = x64 - x64.mean(axis=0)
_, s, vt = np.linalg.svd(centred, full_matrices=False)
points = []
for v in vt[:2]:
    v = v * np.sign(v[np.argmax(np.abs(v))])
    points.append(centred @ v)
share = (s ** 2 / np.sum(s ** 2))[:2]


def lists(similarity):
    out = []
    for i in range(rows):
        order = sorted((j for j in range(rows) if j != i), key=lambda j: (-similarity[i, j], j))
        out.append(order[:10])
    return out


truth = lists(x64 @ x64.T)
storage = []
for kept in (64, 32):
    cut = np.float32(x64[:, :kept] / np.linalg.norm(x64[:, :kept], axis=1, keepdims=True))
    low, high = cut.min(axis=0), cut.max(axis=0)
    int8 = (np.clip(np.floor((cut - low) / ((high - low) / np.float32(255))), 0, 255) - 128).astype(np.int64)
    signs = (cut > 0).astype(np.int64)
    agree = signs @ signs.T + (1 - signs) @ (1 - signs).T
    for name, similarity, size in (("float32", cut.astype(np.float64) @ cut.astype(np.float64).T, kept * 4),
                                   ("int8", int8 @ int8.T, kept), ("binary", agree, kept // 8)):
        found = lists(similarity)
        share_kept = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(truth, found)])
        storage.append({"dim": kept, "precision": name, "kept": float(share_kept), "bytes": size})

similarities = np.round(rng.uniform(0, 1, 25), 2)
grades = np.round(rng.uniform(0, 5, 25))
ranks = [(stats.rankdata(v) - 1) / 24 for v in (similarities, grades)]
a, b = x64[:40], x64[40:]
scores = a @ b.T
reciprocal = [1 / (1 + sum(scores[i, j] >= scores[i, i] for j in range(40) if j != i)) for i in range(40)]
nearest = sorted(range(rows), key=lambda j: (-(x64 @ x64[0])[j], j))[:5]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"dim": dim, "rows": [float(v) for v in x.ravel()], "pca_x": list(points[0]), "pca_y": list(points[1]),
               "pca_share": list(share), "storage": storage, "similarities": list(similarities), "grades": list(grades),
               "graded_scores": list(1 - np.abs(ranks[0] - ranks[1])), "reciprocal_ranks": [float(v) for v in reciprocal],
               "nearest_of_first": nearest}, file)
    file.write("\n")
