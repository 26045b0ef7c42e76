"""Makes tests/fixtures/loss/oracle_losses.json: value and gradient of every loss of sentence-transformers.

    .venv-interop/bin/python tests/interop/oracle_losses.py tests/fixtures/loss/oracle_losses.json

The model is a table of vectors: token id i is embedded as row i. A batch is a list of row numbers per column, so the
gradient with respect to the table tells everything that the loss does. All numbers are float64.
"""

import json
import random
import sys
import tempfile
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import losses as L
from sentence_transformers.sentence_transformer.modules import Pooling
from sentence_transformers.base.modules import Module, Transformer
from sentence_transformers.util import cos_sim, dot_score, euclidean_sim, manhattan_sim
from transformers import BertConfig, BertModel, BertTokenizerFast

torch.set_default_dtype(torch.float64)
# Several losses cast labels and masks to float32, which does not go with float64 embeddings.
torch.Tensor.float = torch.Tensor.double
torch.manual_seed(11)

DIM = 6
ROWS = 20


class Table(Module):
    """Row of the first token id."""

    def __init__(self, table, tokenizer=None):
        super().__init__()
        self.table = torch.nn.Parameter(table.clone())
        self._tokenizer = tokenizer
        self.max_seq_length = 8

    @property
    def tokenizer(self):
        return self._tokenizer

    def forward(self, features, **kwargs):
        ids = features["input_ids"][:, 0]
        features["sentence_embedding"] = self.table[ids]
        return features

    def get_embedding_dimension(self):
        return self.table.shape[1]

    def get_sentence_embedding_dimension(self):
        return self.table.shape[1]

    def tokenize(self, texts, **kwargs):
        raise NotImplementedError

    def save(self, *args, **kwargs):
        raise NotImplementedError


def tokenizer():
    folder = tempfile.mkdtemp()
    vocab = Path(folder) / "vocab.txt"
    vocab.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [chr(97 + i) for i in range(20)]))
    return BertTokenizerFast(vocab_file=str(vocab))


TOKENIZER = tokenizer()
TABLE = torch.randn(ROWS, DIM)
TABLE[15] = TABLE[3]  # equal texts under two ids
GUIDE = torch.randn(ROWS, 4)
GUIDE[15] = GUIDE[3]


def model(table=TABLE):
    made = SentenceTransformer(modules=[Table(table, TOKENIZER)], device="cpu")
    return made.to(torch.float64)


def features(columns):
    result = []
    for column in columns:
        lengths = [1 + row % 3 for row in column]
        ids = torch.zeros(len(column), max(lengths), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for i, (row, length) in enumerate(zip(column, lengths)):
            ids[i, :length] = row
            mask[i, :length] = 1
        result.append({"input_ids": ids, "attention_mask": mask})
    return result


def rounded(tensor):
    # Fifteen digits: far beyond what the test asks for.
    return [[float(f"{v:.15g}") for v in row] for row in tensor.tolist()]


cases = []


def run(name, make, columns, labels=None, options=None, own=(), comment=""):
    """Runs the loss once and records value and gradients; `own` are weights of the loss to record."""
    m = model()
    torch.manual_seed(5)
    random.seed(5)
    loss = make(m)
    given = None if labels is None else torch.tensor(labels)
    result = loss(features(columns), given)
    parts = None
    if isinstance(result, dict):
        parts = {key: value.item() for key, value in result.items()}
        result = sum(result.values())
    (result * 1.5).backward()
    gradient = m[0].table.grad if m[0].table.grad is not None else torch.zeros_like(TABLE)
    case = {
        "loss": name,
        "options": options or {},
        "comment": comment,
        "columns": columns,
        "labels": labels,
        "value": result.item(),
        "gradient": rounded(gradient / 1.5),
    }
    if parts:
        case["parts"] = parts
    if own:
        named = dict(loss.named_parameters())
        case["own"] = {
            key: {"value": named[key].detach().tolist(), "gradient": (named[key].grad / 1.5).tolist()} for key in own
        }
    cases.append(case)


PAIRS = [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
TRIPLETS = PAIRS + [[12, 13, 14, 15, 16, 17]]
QUADS = TRIPLETS + [[18, 19, 0, 1, 2, 3]]
DUPLICATES = [[0, 1, 0, 3, 15, 3], [6, 7, 6, 9, 9, 6], [12, 13, 0, 6, 12, 3]]
ONE = [[0], [6], [12]]
FLOATS = [0.25, 1.0, 0.5, 0.0, 0.75, 0.5]
EQUAL = [0.5] * 6
BINARY = [1, 0, 1, 1, 0, 0]


def first(columns, n):
    return columns[:n]


def ranking(cls, name, extra=None, extra_kwargs=None):
    extra, extra_kwargs = extra or {}, extra_kwargs or {}
    variants = [
        ({}, {}),
        ({"scale": 5.0}, {"scale": 5.0}),
        ({"similarity_fct": "dot_score", "scale": 1.0}, {"similarity_fct": dot_score, "scale": 1.0}),
        ({"similarity_fct": "euclidean_sim", "scale": 1.0}, {"similarity_fct": euclidean_sim, "scale": 1.0}),
        ({"similarity_fct": "manhattan_sim", "scale": 1.0}, {"similarity_fct": manhattan_sim, "scale": 1.0}),
    ]
    for directions in (
        ["query_to_doc", "query_to_query"],
        ["query_to_doc", "doc_to_query"],
        ["query_to_doc", "doc_to_doc"],
        ["query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc"],
    ):
        variants.append(({"directions": directions}, {"directions": tuple(directions)}))
    variants.append(
        (
            {"directions": ["query_to_doc", "doc_to_query"], "partition_mode": "per_direction"},
            {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"},
        )
    )
    for mode in ("in_batch_negatives", "hard_negatives", "all_negatives"):
        both = {"hardness_mode": mode, "hardness_strength": 3.0}
        variants.append((both, both))
    for options, kwargs in variants:
        run(
            name,
            lambda m, k=kwargs: cls(m, **k, **extra_kwargs),
            TRIPLETS,
            options={**options, **extra},
        )
    for columns, comment in (
        (PAIRS, "pairs"),
        (QUADS, "two negatives"),
        (DUPLICATES, "duplicates"),
        (first(ONE, 2), "one row"),
        (ONE, "one row with a negative"),
    ):
        run(name, lambda m: cls(m, **extra_kwargs), columns, options=extra, comment=comment)


ranking(L.MultipleNegativesRankingLoss, "MultipleNegativesRankingLoss")
ranking(
    L.CachedMultipleNegativesRankingLoss,
    "CachedMultipleNegativesRankingLoss",
    {"mini_batch_size": 4},
    {"mini_batch_size": 4},
)
run(
    "CachedMultipleNegativesRankingLoss",
    lambda m: L.CachedMultipleNegativesRankingLoss(m, mini_batch_num_tokens=4),
    TRIPLETS,
    options={"mini_batch_num_tokens": 4},
)
for columns in (PAIRS, DUPLICATES, first(ONE, 2)):
    run("MultipleNegativesSymmetricRankingLoss", lambda m: L.MultipleNegativesSymmetricRankingLoss(m), columns)
    run(
        "CachedMultipleNegativesSymmetricRankingLoss",
        lambda m: L.CachedMultipleNegativesSymmetricRankingLoss(m, mini_batch_size=2),
        columns,
        options={"mini_batch_size": 2},
    )

for columns, labels, comment in (
    (PAIRS, FLOATS, ""),
    (PAIRS, EQUAL, "equal labels"),
    (first(DUPLICATES, 2), FLOATS, "duplicates"),
    (first(ONE, 2), [0.5], "one row"),
    ([[0, 1, 15], [0, 1, 3]], [1.0, 0.0, 0.5], "equal texts in a pair"),
):
    run("CosineSimilarityLoss", lambda m: L.CosineSimilarityLoss(m), columns, labels, comment=comment)
    run("CoSENTLoss", lambda m: L.CoSENTLoss(m), columns, labels, comment=comment)
    run("AnglELoss", lambda m: L.AnglELoss(m), columns, labels, comment=comment)
run(
    "CosineSimilarityLoss",
    lambda m: L.CosineSimilarityLoss(m, loss_fct=torch.nn.HuberLoss(), cos_score_transformation=torch.nn.Sigmoid()),
    PAIRS,
    FLOATS,
    {"loss_fct": "HuberLoss", "cos_score_transformation": "Sigmoid"},
)
run("CoSENTLoss", lambda m: L.CoSENTLoss(m, scale=3.0), PAIRS, FLOATS, {"scale": 3.0})
run("AnglELoss", lambda m: L.AnglELoss(m), TRIPLETS, None, comment="triplets without label")
run("AnglELoss", lambda m: L.AnglELoss(m), QUADS, FLOATS, comment="two negatives with label")

for metric in ("COSINE_DISTANCE", "EUCLIDEAN", "MANHATTAN"):
    distance = getattr(L.SiameseDistanceMetric, metric)
    options = {"distance_metric": metric, "margin": 1.5}
    run("ContrastiveLoss", lambda m: L.ContrastiveLoss(m, distance, 1.5), PAIRS, BINARY, options)
    run("OnlineContrastiveLoss", lambda m: L.OnlineContrastiveLoss(m, distance, 1.5), PAIRS, BINARY, options)
run(
    "ContrastiveLoss",
    lambda m: L.ContrastiveLoss(m, size_average=False),
    PAIRS,
    BINARY,
    {"size_average": False},
)
for columns, labels, comment in (
    (PAIRS, [1] * 6, "one class"),
    (PAIRS, [0] * 6, "the other class"),
    (first(DUPLICATES, 2), BINARY, "duplicates"),
    (first(ONE, 2), [1], "one row"),
    (first(ONE, 2), [0], "one row of the other class"),
):
    run("ContrastiveLoss", lambda m: L.ContrastiveLoss(m), columns, labels, comment=comment)
    run("OnlineContrastiveLoss", lambda m: L.OnlineContrastiveLoss(m), columns, labels, comment=comment)

for metric in ("EUCLIDEAN", "COSINE", "MANHATTAN"):
    distance = getattr(L.TripletDistanceMetric, metric)
    for margin in (5, 0.1):
        run(
            "TripletLoss",
            lambda m: L.TripletLoss(m, distance, margin),
            TRIPLETS,
            options={"distance_metric": metric, "triplet_margin": margin},
        )
run("TripletLoss", lambda m: L.TripletLoss(m), DUPLICATES, comment="duplicates")
run("TripletLoss", lambda m: L.TripletLoss(m), ONE, comment="one row")

B = L.BatchHardTripletLossDistanceFunction
SINGLE = [[0, 1, 2, 3, 4, 5, 6, 7]]
for labels, columns, comment in (
    ([0, 1, 0, 2, 1, 0, 2, 3], SINGLE, ""),
    ([4] * 8, SINGLE, "one class"),
    (list(range(8)), SINGLE, "all classes differ"),
    ([0, 1, 0, 1, 0, 1, 1, 0], [[0, 1, 0, 3, 15, 3, 1, 0]], "duplicates"),
    ([2], [[5]], "one row"),
):
    for metric in ("euclidean_distance", "cosine_distance"):
        distance = getattr(B, metric)
        for cls in ("BatchAllTripletLoss", "BatchHardTripletLoss", "BatchSemiHardTripletLoss"):
            for margin in (5, 0.3):
                run(
                    cls,
                    lambda m: getattr(L, cls)(m, distance, margin),
                    columns,
                    labels,
                    {"distance_metric": metric, "margin": margin},
                    comment=comment,
                )
        run(
            "BatchHardSoftMarginTripletLoss",
            lambda m: L.BatchHardSoftMarginTripletLoss(m, distance),
            columns,
            labels,
            {"distance_metric": metric},
            comment=comment,
        )

for options in ({}, {"concatenation_sent_multiplication": True}, {"concatenation_sent_rep": False}):
    for columns, labels in ((PAIRS, [0, 2, 1, 1, 0, 2]), (first(ONE, 2), [1]), (first(DUPLICATES, 2), [1] * 6)):
        run(
            "SoftmaxLoss",
            lambda m: L.SoftmaxLoss(m, DIM, 3, **options),
            columns,
            labels,
            {"num_labels": 3, **options},
            own=("classifier.weight", "classifier.bias"),
        )

teacher = torch.randn(6, DIM).tolist()
teachers = torch.randn(6, 2, DIM).tolist()
for metric in ("mse", "l2", "cosine"):
    for labels in (teacher, teachers):
        run(
            "EmbedDistillLoss",
            lambda m: L.EmbedDistillLoss(m, metric),
            PAIRS,
            labels,
            {"distance_metric": metric},
        )
run("MSELoss", lambda m: L.MSELoss(m), PAIRS, teacher)
run("MSELoss", lambda m: L.MSELoss(m), [[0], [6]], [teacher[0]], comment="one row")
run(
    "EmbedDistillLoss",
    lambda m: L.EmbedDistillLoss(m, projection_dim=3),
    PAIRS,
    torch.randn(6, 3).tolist(),
    {"projection_dim": 3},
    own=("projection.weight", "projection.bias"),
)

margins = [1.5, -0.5, 2.0, 0.25, 0.0, 1.0]
run("MarginMSELoss", lambda m: L.MarginMSELoss(m), TRIPLETS, margins)
run("MarginMSELoss", lambda m: L.MarginMSELoss(m), QUADS, torch.randn(6, 2).tolist(), comment="differences")
run("MarginMSELoss", lambda m: L.MarginMSELoss(m), QUADS, torch.randn(6, 3).tolist(), comment="scores")
run("MarginMSELoss", lambda m: L.MarginMSELoss(m), ONE, [0.5], comment="one row")
run("DistillKLDivLoss", lambda m: L.DistillKLDivLoss(m), TRIPLETS, torch.randn(6, 2).tolist())
run(
    "DistillKLDivLoss",
    lambda m: L.DistillKLDivLoss(m, temperature=2.0, student_temperature=0.5),
    QUADS,
    torch.randn(6, 3).tolist(),
    {"temperature": 2.0, "student_temperature": 0.5},
)
run("DistillKLDivLoss", lambda m: L.DistillKLDivLoss(m), ONE, [[0.5, 0.25]], comment="one row")

for options in ({"mini_batch_size": 4}, {"use_mini_batched_version": False}, {"positive_margin": 0.2, "negative_margin": -0.5}):
    run("MegaBatchMarginLoss", lambda m: L.MegaBatchMarginLoss(m, **options), PAIRS, options=options)
run("MegaBatchMarginLoss", lambda m: L.MegaBatchMarginLoss(m), first(DUPLICATES, 2), comment="duplicates")
run("MegaBatchMarginLoss", lambda m: L.MegaBatchMarginLoss(m), first(ONE, 2), comment="one row")

for options in ({}, {"mean_weight": None}, {"second_moment_weight": 2.0, "aggregation": "sum"}):
    run(
        "GlobalOrthogonalRegularizationLoss",
        lambda m: L.GlobalOrthogonalRegularizationLoss(m, **options),
        PAIRS,
        options=options,
    )
run(
    "GlobalOrthogonalRegularizationLoss",
    lambda m: L.GlobalOrthogonalRegularizationLoss(m),
    first(ONE, 2),
    comment="one row",
)

for name, cls, extra in (
    ("GISTEmbedLoss", L.GISTEmbedLoss, {}),
    ("CachedGISTEmbedLoss", L.CachedGISTEmbedLoss, {"mini_batch_size": 4}),
):
    for options in (
        {},
        {"temperature": 0.2},
        {"margin_strategy": "relative", "margin": 0.1, "temperature": 0.2},
        {"margin": 0.2, "temperature": 0.2},
        {"contrast_anchors": False, "temperature": 0.2},
        {"contrast_positives": False, "contrast_anchors": False, "temperature": 0.2},
    ):
        for columns, comment in ((TRIPLETS, ""), (PAIRS, "pairs"), (DUPLICATES, "duplicates"), (first(ONE, 2), "one row")):
            run(
                name,
                lambda m: cls(m, model(GUIDE), **options, **extra),
                columns,
                options={"guide": "guide", **options, **extra},
                comment=comment,
            )

ranking_inner = {"type": "MultipleNegativesRankingLoss"}
for weights in (None, [1.0, 0.5, 2.0]):
    options = {"matryoshka_dims": [2, DIM, 4]}
    if weights:
        options["matryoshka_weights"] = weights
    run(
        "MatryoshkaLoss",
        lambda m: L.MatryoshkaLoss(m, L.MultipleNegativesRankingLoss(m), **options),
        TRIPLETS,
        options={"loss": ranking_inner, **options},
    )
    run(
        "MatryoshkaLoss",
        lambda m: L.MatryoshkaLoss(m, L.CachedMultipleNegativesRankingLoss(m, mini_batch_size=4), **options),
        TRIPLETS,
        options={
            "loss": {"type": "CachedMultipleNegativesRankingLoss", "options": {"mini_batch_size": 4}},
            **options,
        },
    )
run(
    "MatryoshkaLoss",
    lambda m: L.MatryoshkaLoss(m, L.CoSENTLoss(m), [4, 2]),
    PAIRS,
    FLOATS,
    {"loss": {"type": "CoSENTLoss"}, "matryoshka_dims": [4, 2]},
)
run(
    "MatryoshkaLoss",
    lambda m: L.MatryoshkaLoss(m, L.MSELoss(m), [DIM, 3]),
    PAIRS,
    teacher,
    {"loss": {"type": "MSELoss"}, "matryoshka_dims": [DIM, 3]},
    comment="teacher vectors are cut along",
)

run(
    "ContrastiveTensionLoss",
    lambda m: L.ContrastiveTensionLoss(m),
    PAIRS,
    BINARY,
    own=("model1.0.table",),
)
run(
    "ContrastiveTensionLoss",
    lambda m: L.ContrastiveTensionLoss(m),
    [[0, 1, 2], [0, 4, 2]],
    None,
    own=("model1.0.table",),
    comment="labels from equal texts",
)
run(
    "ContrastiveTensionLossInBatchNegatives",
    lambda m: L.ContrastiveTensionLossInBatchNegatives(m, scale=4.0),
    [[0, 1, 2, 3, 3]],
    options={"scale": 4.0},
    own=("model1.0.table", "logit_scale"),
)


def tiny_bert(layers):
    config = BertConfig(
        vocab_size=25, hidden_size=8, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=12,
        max_position_embeddings=10, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )
    folder = tempfile.mkdtemp()
    torch.manual_seed(3)
    BertModel(config).to(torch.float64).save_pretrained(folder)
    TOKENIZER.save_pretrained(folder)
    transformer = Transformer(folder)
    made = SentenceTransformer(modules=[transformer, Pooling(8)], device="cpu").to(torch.float64)
    return made, folder


def adaptive(name, options, make, columns_texts, labels):
    """Records the sentence embeddings of every layer and the gradient with respect to each."""
    m, _ = tiny_bert(3)
    loss = make(m)
    seen = []
    original = m.forward

    def spy(features, **kwargs):
        output = original(features, **kwargs)
        output["sentence_embedding"].retain_grad()
        seen.append(output["sentence_embedding"])
        return output

    m.forward = spy
    inputs = [m.preprocess(texts) for texts in columns_texts]
    columns = len(inputs)
    result = loss(inputs, None if labels is None else torch.tensor(labels))
    result.backward()
    # The last layer first, then the earlier ones from the embedding layer on; one call per column.
    layers = [seen[i : i + columns] for i in range(0, len(seen), columns)]
    layers = layers[1:] + layers[:1]
    cases.append(
        {
            "loss": name,
            "options": options,
            "labels": labels,
            "layers": [[rounded(e.detach()) for e in layer] for layer in layers],
            "value": result.item(),
            "layer_gradients": [[rounded(e.grad) for e in layer] for layer in layers],
        }
    )


texts = [["a b c", "d e", "f"], ["a c", "e e g", "h"]]
for weighting in ("uniform", "log", "linear"):
    options = {"n_layers_per_step": -1, "layer_weighting": weighting, "last_layer_weight": 0.5, "prior_layers_weight": 2.0}
    adaptive(
        "AdaptiveLayerLoss",
        {"loss": ranking_inner, **options},
        lambda m: L.AdaptiveLayerLoss(m, L.MultipleNegativesRankingLoss(m), **options),
        texts,
        None,
    )
adaptive(
    "AdaptiveLayerLoss",
    {"loss": {"type": "CoSENTLoss"}, "n_layers_per_step": -1, "kl_temperature": 0.0},
    lambda m: L.AdaptiveLayerLoss(m, L.CoSENTLoss(m), n_layers_per_step=-1, kl_temperature=0.0),
    texts,
    [0.25, 1.0, 0.5],
)
adaptive(
    "Matryoshka2dLoss",
    {"loss": ranking_inner, "matryoshka_dims": [8, 4], "n_layers_per_step": -1, "n_dims_per_step": -1, "kl_div_weight": 2.0},
    lambda m: L.Matryoshka2dLoss(
        m, L.MultipleNegativesRankingLoss(m), [8, 4], n_layers_per_step=-1, n_dims_per_step=-1, kl_div_weight=2.0
    ),
    texts,
    None,
)


def denoising():
    m, folder = tiny_bert(2)
    loss = L.DenoisingAutoEncoderLoss(m, tie_encoder_decoder=True).to(torch.float64)
    torch.manual_seed(9)
    for name, parameter in loss.decoder.named_parameters():
        if "crossattention" in name or name.startswith("cls."):
            torch.nn.init.normal_(parameter, 0, 0.3)
    inputs = [m.preprocess(["a c", "e"]), m.preprocess(["a b c", "d e f g"])]
    captured = {}
    original = m.forward

    def spy(features, **kwargs):
        output = original(features, **kwargs)
        # A leaf, so that the gradient of the decoder alone is recorded.
        output["sentence_embedding"] = output["sentence_embedding"].detach().requires_grad_()
        captured["sentence"] = output["sentence_embedding"]
        return output

    m.forward = spy
    result = loss(inputs, None)
    result.backward()
    weights, gradients = {}, {}
    for name, parameter in loss.decoder.named_parameters():
        weights[name] = {"shape": list(parameter.shape), "data": [float(f"{v:.15g}") for v in parameter.flatten().tolist()]}
        if parameter.grad is not None and name in (
            "bert.embeddings.word_embeddings.weight",
            "bert.encoder.layer.0.attention.self.value.weight",
            "bert.encoder.layer.1.crossattention.self.value.weight",
            "bert.encoder.layer.1.crossattention.output.LayerNorm.bias",
            "cls.predictions.transform.dense.weight",
            "cls.predictions.bias",
        ):
            gradients[name] = [float(f"{v:.15g}") for v in parameter.grad.flatten().tolist()]
    return {
        "loss": "DenoisingAutoEncoderLoss",
        "config": {"hidden": 8, "layers": 2, "heads": 2, "eps": 1e-12},
        "targets": [row[: int(mask.sum())] for row, mask in zip(inputs[1]["input_ids"].tolist(), inputs[1]["attention_mask"])],
        "sentences": rounded(captured["sentence"].detach()),
        "sentence_gradient": rounded(captured["sentence"].grad),
        "weights": weights,
        "gradients": gradients,
        "value": result.item(),
    }


result = {
    "made_by": "tests/interop/oracle_losses.py",
    "table": rounded(TABLE),
    "guide": rounded(GUIDE),
    "cases": cases,
    "denoising": denoising(),
}
Path(sys.argv[1]).write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(len(cases), "cases")
