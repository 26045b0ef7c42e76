"""Whole folders against transformers' AutoTokenizer: which file decides, for every class that is rebuilt from
tokenizer_config.json and for SentencePiece models without a tokenizer.json.

    .venv-interop/bin/python tests/interop/tokenizers_folders.py BUILD/bin/tokenize_lines

Exit status 1 when ids differ."""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "critical")
from transformers import AutoTokenizer  # noqa: E402
import tokenizers_families as families  # noqa: E402
import tokenizers_fuzz as fuzz  # noqa: E402


def write(folder, config, model_type, tokenizer=None, files=()):
    os.makedirs(folder)
    if tokenizer:
        tokenizer.save(os.path.join(folder, "tokenizer.json"))
    for source, name in files:
        shutil.copy(source, os.path.join(folder, name))
    json.dump({"model_type": model_type}, open(os.path.join(folder, "config.json"), "w"))
    if config is not None:
        json.dump(config, open(os.path.join(folder, "tokenizer_config.json"), "w"))
    return folder


def mpnet(shared):
    tok = families.bert(shared, True)
    data = json.loads(tok.to_str())
    vocab = data["model"]["vocab"]
    for old, new in (("[CLS]", "<s>"), ("[SEP]", "</s>"), ("[PAD]", "<pad>"), ("[MASK]", "<mask>")):
        vocab[new] = vocab.pop(old)
    data["added_tokens"] = [dict(data["added_tokens"][0], id=vocab[t], content=t) for t in ("<s>", "</s>", "<pad>", "[UNK]", "<mask>")]
    data["post_processor"] = None
    return families.Tokenizer.from_str(json.dumps(data))


def folders(root, shared, corpus):
    bert, sp = families.bert(shared, True), os.path.join(shared, "sentencepiece")
    vocab = [(os.path.join(shared, "bert-base-uncased", "vocab.txt"), "vocab.txt")]
    make = lambda name, *args, **kw: write(os.path.join(root, name), *args, **kw)  # noqa: E731
    xlmr = families.unigram_trained(corpus, "always")
    yield make("bert json", {"tokenizer_class": "BertTokenizer"}, "bert", bert)
    yield make("bert json cased by config", {"tokenizer_class": "BertTokenizer", "do_lower_case": False}, "bert", bert)
    yield make("bert json, accents kept", {"tokenizer_class": "BertTokenizerFast", "strip_accents": False}, "bert", bert)
    yield make("bert json, no chinese", {"tokenizer_class": "BertTokenizer", "tokenize_chinese_chars": False}, "bert", bert)
    yield make("bert cased json, config silent", {"tokenizer_class": "BertTokenizer"}, "bert", families.bert(shared, False))
    yield make("bert cased json, no class", {}, "bert", families.bert(shared, False))
    yield make("bert cased json, verbatim class", {"tokenizer_class": "PreTrainedTokenizerFast"}, "bert", families.bert(shared, False))
    yield make("distilbert", {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": False}, "distilbert", bert)
    yield make("vocab.txt", {"tokenizer_class": "BertTokenizer", "do_lower_case": True}, "bert", files=vocab)
    yield make("vocab.txt cased", {"tokenizer_class": "BertTokenizer", "do_lower_case": False}, "bert", files=vocab)
    yield make("mpnet", {"tokenizer_class": "MPNetTokenizer"}, "mpnet", mpnet(shared))
    yield make("roberta", {"tokenizer_class": "RobertaTokenizer"}, "roberta", families.roberta(shared))
    yield make("roberta with prefix", {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}, "roberta", families.roberta(shared))
    yield make("xlm-roberta", {"tokenizer_class": "XLMRobertaTokenizer"}, "xlm-roberta", xlmr)
    yield make("bert model, xlm-r tokens", {"tokenizer_class": "XLMRobertaTokenizer"}, "bert", xlmr)
    spm = lambda name, target: [(os.path.join(sp, name), target)]  # noqa: E731
    yield make("albert spm", {"tokenizer_class": "AlbertTokenizer"}, "albert", files=spm("albert-base-spiece.model", "spiece.model"))
    yield make("albert spm cased", {"tokenizer_class": "AlbertTokenizer", "do_lower_case": False, "keep_accents": True}, "albert",
               files=spm("albert-base-spiece.model", "spiece.model"))
    yield make("xlm-r spm", {"tokenizer_class": "XLMRobertaTokenizer"}, "xlm-roberta",
               files=spm("test_sentencepiece.model", "sentencepiece.bpe.model"))
    yield make("t5 spm", {"tokenizer_class": "T5Tokenizer", "extra_ids": 0}, "t5", files=spm("test_sentencepiece.model", "spiece.model"))
    yield make("llama spm", {"tokenizer_class": "LlamaTokenizer"}, "llama",
               files=spm("test_sentencepiece_with_bytefallback.model", "tokenizer.model"))


def main():
    tool = sys.argv[1]
    data = os.path.join(HERE, "..", "..", "..", "shared", "data")
    corpus = fuzz.read_corpus(data)
    rng = random.Random(3)
    texts = [t for t in (fuzz.random_text(rng, corpus) for _ in range(1500)) if t]
    failed = 0
    with tempfile.TemporaryDirectory() as root:
        for folder in folders(root, os.path.join(data, "tokenizers"), corpus):
            name = os.path.basename(folder)
            lines = "".join(json.dumps(text) + "\n" for text in texts)
            run = subprocess.run([tool, folder], input=lines.encode(), capture_output=True)
            if run.returncode:
                print("%-32s FAILED: %s" % (name, run.stderr.decode(errors="replace").strip()[:500]))
                failed += 1
                continue
            try:
                tokenizer = AutoTokenizer.from_pretrained(folder)
            except Exception as error:
                print("%-32s the library itself cannot load it: %s" % (name, str(error).strip().split("\n")[0][:120]))
                continue
            different = 0
            for text, line in zip(texts, run.stdout.decode().split("\n")):
                ours, theirs = json.loads(line)["ids"], tokenizer(text)["input_ids"]
                if ours != theirs:
                    different += 1
                    if different <= 2:
                        print("   %s\n   theirs %s\n   ours   %s" % (ascii(text[:200]), theirs[:40], ours[:40]))
            print("%-32s %d texts, %d differ (%s)" % (name, len(texts), different, type(tokenizer).__name__), flush=True)
            failed += different > 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
