"""Writes src/text/unicodetables.inc: the character facts that the Python library `tokenizers` really uses.

The library draws on four crates with four Unicode versions, so its answers are neither ICU's nor Python's.
This script asks it about every code point, one question per property, and writes the answers as ranges.
Run it with the interop environment when the library's version changes:

    .venv-interop/bin/python tests/interop/tokenizers_unicode_tables.py src/text/unicodetables.inc
"""
import sys

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

CONTROL, SPACE, PUNCTUATION, NONSPACING, MARK, NUMERIC, WORD, CLEAN_SPACE = (1 << i for i in range(8))


def code_points():
    return (c for c in range(0x110000) if not 0xD800 <= c < 0xE000)


def matched(expression):
    """The characters that a class of the library's regular expressions contains."""
    everything = "".join(chr(c) for c in code_points())
    return set(everything) - set(normalizers.Replace(Regex(expression), "").normalize_str(everything))


def write_regex_classes(out):
    letters, numbers = matched(r"\p{L}"), matched(r"\p{N}")
    out.write("static constexpr CharRange kRegexRanges[] = {\n")
    line, last = "", None
    for c in range(0x110000):
        kind = 1 if chr(c) in letters else 2 if chr(c) in numbers else 0
        if kind != last:
            item = "{0x%X,%d}," % (c, kind)
            if len(line) + len(item) > 108:
                out.write(line + "\n")
                line = ""
            line, last = line + item, kind
    out.write(line + "\n};\n")


def main(path):
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    marks, nfd, lower = normalizers.StripAccents(), normalizers.NFD(), normalizers.Lowercase()
    bert, digits = pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Digits(individual_digits=True)
    spaces, words = pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Whitespace()
    flags, lowered = {}, []
    for c in code_points():
        ch, f = chr(c), 0
        between = "a" + ch + "b"
        cleaned = clean.normalize_str(between)
        f |= CONTROL if cleaned == "ab" else 0
        f |= CLEAN_SPACE if cleaned == "a b" else 0
        f |= SPACE if len(spaces.pre_tokenize_str(between)) == 2 else 0
        f |= PUNCTUATION if len(bert.pre_tokenize_str(between)) == 3 else 0
        f |= NUMERIC if len(digits.pre_tokenize_str(between)) == 3 else 0
        f |= WORD if len(words.pre_tokenize_str(between)) == 1 else 0
        f |= MARK if marks.normalize_str("a" + ch) == "a" else 0
        if nfd.normalize_str(ch) == ch and strip.normalize_str("a" + ch) == "a":
            f |= NONSPACING
        flags[c] = f
        low = lower.normalize_str(ch)
        if low != ch:
            lowered.append((c, [ord(x) for x in low]))
    # A mark that decomposes (U+0344) is non-spacing when all its parts are.
    for c in code_points():
        parts = nfd.normalize_str(chr(c))
        if parts != chr(c) and all(flags[ord(p)] & NONSPACING for p in parts):
            flags[c] |= NONSPACING
    with open(path, "w", encoding="ascii") as out:
        out.write("// Made by tests/interop/tokenizers_unicode_tables.py from tokenizers %s. Do not edit.\n"
                  % tokenizers.__version__)
        out.write("// clang-format off\n")
        out.write("static constexpr CharRange kRanges[] = {\n")
        line, last = "", None
        for c in range(0x110000):
            f = flags.get(c, 0)
            if f != last:
                item = "{0x%X,%d}," % (c, f)
                if len(line) + len(item) > 108:
                    out.write(line + "\n")
                    line = ""
                line, last = line + item, f
        out.write(line + "\n};\n")
        # Runs of equal distance: {first, last, step, delta}.
        runs = []
        for c, low in lowered:
            if len(low) != 1:
                assert c == 0x130 and low == [0x69, 0x307], (hex(c), low)
                continue
            delta = low[0] - c
            if runs and runs[-1][3] == delta:
                first, end, step, _ = runs[-1]
                gap = c - end
                if gap <= 2 and (step == 0 or step == gap):
                    runs[-1] = (first, c, gap, delta)
                    continue
            runs.append((c, c, 0, delta))
        out.write("static constexpr LowerRun kLower[] = {\n")
        line = ""
        for first, end, step, delta in runs:
            item = "{0x%X,0x%X,%d,%d}," % (first, end, step or 1, delta)
            if len(line) + len(item) > 108:
                out.write(line + "\n")
                line = ""
            line += item
        out.write(line + "\n};\n")
        write_regex_classes(out)
        out.write("// clang-format on\n")


if __name__ == "__main__":
    main(sys.argv[1])
