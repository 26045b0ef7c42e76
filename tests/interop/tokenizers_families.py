"""Tokenizer files of every family for tokenizers_fuzz.py, made with the Python library itself: small trained vocabularies
and the real ones of ../shared/data/tokenizers where that folder exists. Each family is one tokenizer.json."""
import json
import os
import struct

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = CL100K.replace("{1,3}", "")


def special(*names, **options):
    return [AddedToken(name, special=True, normalized=False, **options) for name in names]


def bert(shared, lowercase, strip=None):
    path = os.path.join(shared, "bert-base-uncased", "vocab.txt")
    vocab = {line.rstrip("\n"): i for i, line in enumerate(open(path, encoding="utf-8"))}
    tok = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tok.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=strip)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.decoder = decoders.WordPiece()
    tok.post_processor = processors.TemplateProcessing(
        "[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", [("[CLS]", 101), ("[SEP]", 102)])
    tok.add_special_tokens(special("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"))
    return tok


def bert_with_added(shared):
    tok = bert(shared, True)
    tok.add_tokens([AddedToken("New York", normalized=True, single_word=True), AddedToken("caf\u00e9", normalized=True),
                    AddedToken("##x", normalized=False, lstrip=True), AddedToken("!!", normalized=False, rstrip=True)])
    tok.post_processor = processors.BertProcessing(("[SEP]", 102), ("[CLS]", 101))
    return tok


def gpt2(shared):
    folder = os.path.join(shared, "gpt2")
    tok = Tokenizer(models.BPE.from_file(os.path.join(folder, "vocab.json"), os.path.join(folder, "merges.txt")))
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.post_processor = processors.ByteLevel(trim_offsets=False)
    tok.add_special_tokens(special("<|endoftext|>"))
    return tok


def roberta(shared):
    tok = gpt2(shared)
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tok.add_special_tokens(special("<s>", "</s>", "<unk>", "<pad>") + special("<mask>", lstrip=True))
    tok.post_processor = processors.RobertaProcessing(
        ("</s>", tok.token_to_id("</s>")), ("<s>", tok.token_to_id("<s>")), trim_offsets=True, add_prefix_space=True)
    return tok


def byte_level_trained(texts, pattern, normalizer, ignore_merges):
    tok = Tokenizer(models.BPE())
    tok.normalizer = normalizer
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=2000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["[CLS]", "[SEP]"],
        show_progress=False))
    tok.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", [("[CLS]", 0), ("[SEP]", 1)])
    if ignore_merges:
        data = json.loads(tok.to_str())
        data["model"]["ignore_merges"] = True
        tok = Tokenizer.from_str(json.dumps(data))
    tok.add_tokens([AddedToken("  ", normalized=False), AddedToken("   ", normalized=False), AddedToken("|||", normalized=True)])
    return tok


def llama(texts):
    """BPE over the whole text with byte fallback, spaces as U+2581."""
    tok = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tok.train_from_iterator((w for t in texts for w in t.split()), trainers.BpeTrainer(
        vocab_size=1500, special_tokens=["<unk>", "<s>", "</s>"] + ["<0x%02X>" % i for i in range(256)], show_progress=False))
    tok.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                     decoders.Strip(" ", 1, 0)])
    tok.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B:1", [("<s>", 1)])
    return tok


def bpe_with_unknowns(texts):
    tok = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tok.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)])
    tok.decoder = decoders.BPEDecoder()
    tok.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=800, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=60, show_progress=False))
    return tok


def unigram_trained(texts, scheme):
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tok.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=scheme != "never")
    tok.decoder = decoders.Metaspace(prepend_scheme=scheme)
    plain = [text for text in texts if max(map(ord, text), default=0) < 0x500]  # every character becomes a piece
    tok.train_from_iterator(plain, trainers.UnigramTrainer(
        vocab_size=1200, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    tok.post_processor = processors.TemplateProcessing(
        "<s> $A </s>", "<s> $A </s> </s> $B </s>", [("<s>", 0), ("</s>", 2)])
    tok.add_special_tokens(special("<mask>", lstrip=True))
    return tok


def parse_sentencepiece(path):
    """Pieces with scores and character map of a SentencePiece model: fields 1 and 3.2 of the protobuf wire format."""
    data = open(path, "rb").read()

    def fields(buffer):
        at = 0

        def varint():
            nonlocal at
            value = shift = 0
            while True:
                byte = buffer[at]
                at += 1
                value |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    return value
        while at < len(buffer):
            tag = varint()
            if tag & 7 == 0:
                yield tag >> 3, varint()
            elif tag & 7 == 2:
                size = varint()
                yield tag >> 3, buffer[at:at + size]
                at += size
            else:
                size = 4 if tag & 7 == 5 else 8
                yield tag >> 3, buffer[at:at + size]
                at += size

    pieces, charsmap = [], b""
    for number, value in fields(data):
        if number == 1:
            piece = dict(fields(value))
            pieces.append((piece[1].decode(), struct.unpack("<f", piece.get(2, b"\0\0\0\0"))[0]))
        elif number == 3:
            charsmap = dict(fields(value)).get(2, b"")
    return pieces, charsmap


def albert(shared, whole):
    pieces, charsmap = parse_sentencepiece(os.path.join(shared, "sentencepiece", "albert-base-spiece.model"))
    tok = Tokenizer(models.Unigram(pieces, unk_id=1, byte_fallback=False))
    precompiled = normalizers.Precompiled(charsmap)
    if whole:
        tok.normalizer = normalizers.Sequence([
            normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(), normalizers.StripAccents(),
            normalizers.Lowercase(), precompiled])
    else:  # as XLM-R
        tok.normalizer = precompiled
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tok.decoder = decoders.Metaspace()
    tok.post_processor = processors.TemplateProcessing(
        "[CLS]:0 $A:0 [SEP]:0", "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", [("[CLS]", 2), ("[SEP]", 3)])
    tok.add_special_tokens(special("[CLS]", "[SEP]", "<pad>") + special("[MASK]", lstrip=True))
    return tok


def word_level(texts):
    tok = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tok.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip(), normalizers.NFC()])
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Split(" ", "merged_with_previous"),
        pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.CharDelimiterSplit("_")])
    tok.train_from_iterator(texts, trainers.WordLevelTrainer(vocab_size=3000, special_tokens=["[UNK]"], show_progress=False))
    return tok


def families(shared, texts):
    made = {
        "bpe-cl100k": byte_level_trained(texts, CL100K, normalizers.NFC(), False),
        "bpe-qwen": byte_level_trained(texts, QWEN, normalizers.NFC(), True),
        "bpe-llama": llama(texts),
        "bpe-unknowns": bpe_with_unknowns(texts),
        "unigram-always": unigram_trained(texts, "always"),
        "unigram-first": unigram_trained(texts, "first"),
        "unigram-never": unigram_trained(texts, "never"),
        "wordlevel": word_level(texts),
    }
    if shared:
        made.update({
            "bert-uncased": bert(shared, True), "bert-cased": bert(shared, False), "bert-keep-accents": bert(shared, True, False),
            "bert-strip-accents": bert(shared, False, True), "bert-added": bert_with_added(shared),
            "gpt2": gpt2(shared), "roberta": roberta(shared), "albert": albert(shared, True), "xlmr-like": albert(shared, False),
        })
    return made
