"""Makes tests/fixtures/eval/oracle_evaluators.json: metrics and CSV files of sentence-transformers' evaluators.

    .venv-interop/bin/python tests/interop/oracle_evaluators.py tests/fixtures/eval/oracle_evaluators.json

Text "t7" is embedded as row 7 of a table of float32 vectors (the teacher has a table of its own), so the numbers depend
on the evaluators alone.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from sentence_transformers.sentence_transformer import evaluation as E
from sentence_transformers.util import cos_sim, dot_score, euclidean_sim, manhattan_sim

rng = np.random.default_rng(3)
ROWS, DIM = 40, 8
TABLE = rng.normal(size=(ROWS, DIM)).astype(np.float32)
TABLE[20:30] = TABLE[0:10] + 0.6 * rng.normal(size=(10, DIM)).astype(np.float32)
TABLE[39] = TABLE[21]  # a tie in every ranking
TEACHER = (TABLE + 0.3 * rng.normal(size=TABLE.shape)).astype(np.float32)


class Model:
    similarity_fn_name = "cosine"
    similarity = staticmethod(cos_sim)

    def __init__(self, table):
        self.table = table

        class Card:
            def set_evaluation_metrics(self, *args, **kwargs):
                pass

        self.model_card_data = Card()

    def eval(self):
        return self

    def encode(self, sentences, convert_to_tensor=False, convert_to_numpy=True, truncate_dim=None, precision=None,
               normalize_embeddings=False, **kwargs):
        from sentence_transformers.util import quantize_embeddings

        rows = np.stack([self.table[int(s[1:])] for s in sentences]) if len(sentences) else np.zeros((0, DIM), np.float32)
        if truncate_dim:
            rows = rows[:, :truncate_dim]
        if normalize_embeddings:
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        if precision and precision != "float32":
            rows = quantize_embeddings(rows, precision)
        if convert_to_tensor:
            return torch.from_numpy(rows)
        if not convert_to_numpy:
            return list(torch.from_numpy(rows))
        return rows

    encode_query = encode
    encode_document = encode


def texts(rows):
    return [f"t{r}" for r in rows]


cases = []


def run(kind, options, data, make, name="dev"):
    evaluator = make(name)
    with tempfile.TemporaryDirectory() as folder:
        model = Model(TABLE)
        metrics = evaluator(model, folder, 0.5, 20)
        evaluator(model, folder)
        files = {p.name: p.read_bytes().decode() for p in Path(folder).iterdir()}
    cases.append(
        {
            "type": kind,
            "name": name,
            "options": options,
            "data": data,
            "metrics": [[key, float(value)] for key, value in metrics.items()],
            "primary": evaluator.primary_metric,
            "csv": files,
        }
    )


ALL = ["cosine", "dot", "euclidean", "manhattan"]
A, B = list(range(0, 20)), list(range(20, 40))
scores = [round(float(v), 3) for v in rng.random(20)]
scores[3] = scores[4] = scores[5]
for options in (
    {},
    {"similarity_fn_names": ALL},
    {"main_similarity": "dot"},
    {"truncate_dim": 4},
    {"precision": "int8"},
    {"precision": "uint8"},
    {"precision": "binary"},
    {"precision": "ubinary"},
):
    for name in ("dev", ""):
        run(
            "EmbeddingSimilarityEvaluator",
            options,
            {"columns": [texts(A), texts(B)], "labels": scores},
            lambda n: E.EmbeddingSimilarityEvaluator(texts(A), texts(B), scores, name=n, **options),
            name,
        )

labels = [1] * 10 + [0] * 10
mixed = [int(v) for v in rng.integers(0, 2, 20)]
for given in (labels, mixed):
    for options in ({}, {"similarity_fn_names": ALL}, {"truncate_dim": 3}):
        run(
            "BinaryClassificationEvaluator",
            options,
            {"columns": [texts(A), texts(B)], "labels": given},
            lambda n: E.BinaryClassificationEvaluator(texts(A), texts(B), given, name=n, **options),
        )

P, N = list(range(20, 30)), list(range(30, 40))
for options in ({}, {"similarity_fn_names": ALL}, {"margin": 0.3}, {"main_similarity_function": "euclidean"}):
    run(
        "TripletEvaluator",
        options,
        {"columns": [texts(range(10)), texts(P), texts(N)]},
        lambda n: E.TripletEvaluator(texts(range(10)), texts(P), texts(N), name=n, **options),
    )

run(
    "TranslationEvaluator",
    {},
    {"columns": [texts(A), texts(B)]},
    lambda n: E.TranslationEvaluator(texts(A), texts(B), name=n),
)
for name in ("dev", ""):
    run(
        "MSEEvaluator",
        {"teacher_model": "teacher"},
        {"columns": [texts(A), texts(B)]},
        lambda n: E.MSEEvaluator(texts(A), texts(B), teacher_model=Model(TEACHER), name=n),
        name,
    )
frame = [{"en": f"t{i}", "de": f"t{i + 20}", "es": f"t{39 - i}" if i % 3 else " "} for i in range(10)]
run(
    "MSEEvaluatorFromDataFrame",
    {"teacher_model": "teacher", "combinations": "en-de, en-es"},
    {"names": ["en", "de", "es"], "columns": [[row[k] for row in frame] for k in ("en", "de", "es")]},
    lambda n: E.MSEEvaluatorFromDataFrame(frame, Model(TEACHER), [("en", "de"), ("en", "es")], name=n),
)

functions = {"cosine": cos_sim, "dot": dot_score, "euclidean": euclidean_sim, "manhattan": manhattan_sim}
queries = {f"q{i}": f"t{i}" for i in range(12)}
corpus = {f"d{i}": f"t{i}" for i in range(12, 40)}
relevant = {f"q{i}": {f"d{20 + i}", f"d{12 + i}"} for i in range(10)}
relevant["q3"] = {"d39", "d21", "d30"}
relevant["q10"] = set()
ir = {"queries": queries, "corpus": corpus, "relevant": {k: sorted(v) for k, v in relevant.items()}}
for options, kwargs in (
    ({}, {}),
    ({"similarity_fn_names": ["euclidean", "cosine"]},
     {"score_functions": {k: functions[k] for k in ("euclidean", "cosine")}}),
    ({"corpus_chunk_size": 5, "map_at_k": [3, 100], "ndcg_at_k": [3, 10]},
     {"corpus_chunk_size": 5, "map_at_k": [3, 100], "ndcg_at_k": [3, 10]}),
    ({"truncate_dim": 4}, {"truncate_dim": 4}),
):
    run(
        "InformationRetrievalEvaluator",
        options,
        {"retrieval": ir},
        lambda n: E.InformationRetrievalEvaluator(queries, corpus, relevant, name=n, **kwargs),
    )

samples = [
    {"query": f"t{i}", "positive": texts([20 + i] + ([30 + i] if i % 2 else [])), "negative": texts(range(12, 19))}
    for i in range(8)
]
samples[1]["negative"].append("t38")  # not t39, which equals t21: how their scores round depends on the processor
samples.append({"query": "t9", "positive": [], "negative": texts([1, 2])})
for options, kwargs in (({}, {}), ({"at_k": 3, "similarity_fct": "dot_score"}, {"at_k": 3, "similarity_fct": dot_score})):
    run(
        "RerankingEvaluator",
        options,
        {"samples": samples},
        lambda n: E.RerankingEvaluator(samples, name=n, **kwargs),
    )

sentences = {f"s{i}": f"t{i}" for i in range(40)}
duplicates = [(f"s{i}", f"s{20 + i}") for i in range(10)] + [("s21", "s39"), ("s1", "nowhere")]
for options in ({}, {"add_transitive_closure": True}, {"top_k": 3, "max_pairs": 30, "query_chunk_size": 7, "corpus_chunk_size": 9}):
    run(
        "ParaphraseMiningEvaluator",
        options,
        {"sentences": sentences, "duplicates": duplicates},
        lambda n: E.ParaphraseMiningEvaluator(sentences, duplicates_list=duplicates, name=n, **options),
    )

Path(sys.argv[1]).write_text(
    json.dumps(
        {
            "made_by": "tests/interop/oracle_evaluators.py",
            "table": [[float(v) for v in row] for row in TABLE],
            "teacher": [[float(v) for v in row] for row in TEACHER],
            "cases": cases,
        },
        separators=(",", ":"),
    )
    + "\n"
)
print(len(cases), "cases")
