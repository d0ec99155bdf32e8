"""Where sentences begin: sentencex, mended where it breaks an essayist's sentence or takes her quotation marks apart.

The spans cover the text whole, white space going with the sentence before it, so joining them gives the text back.
Mended are breaks behind titles and initials, breaks before a small letter, and quotation marks, brackets and emphasis
marks that were left on the wrong side.
"""

from __future__ import annotations

import re

_CLOSERS = "”’\"')]}*_»"
_OPENERS = "“‘\"'([{*_«"
# Never the last word of a sentence.
_TITLES = re.compile(
    r"(?:mr|mrs|ms|dr|st|prof|rev|hon|messrs|mme|mlle|gen|col|capt|lt|sgt|maj|adm|gov|sen|rep|pres|fr|mt|ft|vs|cf|e\.g|i\.e"
    r"|viz|approx|dept|esp|incl)\Z",
    re.IGNORECASE,
)
_NOT_AN_END = re.compile(_TITLES.pattern + r"|etc\Z", re.IGNORECASE)
# Abbreviations only before a number: `No. 5`, but `He said no. Then`.
_BEFORE_NUMBERS = re.compile(r"(?:nos?|vols?|pp?|chap|ch|figs?|ca?|sec|art|bk|ps)\Z", re.IGNORECASE)
_LAST_WORD = re.compile(r"([\w.]*\w)\.\s*\Z")
_STOP = re.compile(rf"[.!?…][{re.escape(_CLOSERS)}]*\s+(?=[{re.escape(_OPENERS)}—–-]*[^\W\d_a-z])")
_BRACKETED = re.compile(r"[.!?…][)\]]\s+(?=[“‘\"(]?[^\W\d_a-z])")
_LONGEST = 20_000
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*|\n(?=>|[-*+] |\d{1,9}[.)] )")


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences of a text; a blank line always ends one."""
    spans: list[tuple[int, int]] = []
    start = 0
    for gap in [found.end() for found in _PARAGRAPH.finditer(text)] + [len(text)]:
        if gap > start:
            spans += _paragraph(text, start, gap)
        start = gap
    return _without_empty(text, spans)


def finer(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a text where those inside a quotation or bracket count too."""
    cuts = [0]
    for found in _STOP.finditer(text):
        if not _belongs(text, cuts[-1], found.end()):
            cuts.append(found.end())
    return _without_empty(text, list(zip(cuts, [*cuts[1:], len(text)])))


def _without_empty(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans of white space to the sentence before them, or the first one to what follows."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and (not text[start:end].strip() or not text[slice(*merged[-1])].strip()):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _paragraph(text: str, start: int, end: int) -> list[tuple[int, int]]:
    # 0.02 s, so it waits for the first text.
    from sentencex import segment

    source = text[start:end]
    # What sentencex does takes time in the square of a paragraph's length; no writer's is as long as this.
    parts = list(segment("en", source)) if len(source) <= _LONGEST else []
    if "".join(parts) != source:
        return [(start + a, start + b) for a, b in finer(source)]
    cuts = [0]
    position = 0
    for part in parts[:-1]:
        position += len(part)
        cut = _moved(source, position)
        cuts += _behind_brackets(source, cuts[-1], cut)
        if cuts[-1] < cut < len(source) and not _belongs(source, cuts[-1], cut):
            cuts.append(cut)
    cuts += _behind_brackets(source, cuts[-1], len(source))
    return [(start + a, start + b) for a, b in zip(cuts, [*cuts[1:], len(source)])]


def _behind_brackets(text: str, start: int, end: int) -> list[int]:
    """Return the breaks behind bracketed sentences, which sentencex overlooks, outside of quotation marks."""
    cuts = []
    for found in _BRACKETED.finditer(text, start, end):
        before = text[start : found.end()]
        if before.count("“") <= before.count("”") and before.count('"') % 2 == 0 and found.end() < end:
            cuts.append(found.end())
    return cuts


def _moved(text: str, cut: int) -> int:
    """Return the break with closing marks on its left and opening ones on its right."""
    before = text[:cut] if cut < 400 else text[cut - 400 : cut]
    # Marks put behind the white space of the sentence before: `stop. “|Then` belongs to what follows.
    opening = re.search(rf"(?<=\s)[{re.escape(_OPENERS + '’')}—]+\Z", before)
    if opening and not text[cut : cut + 1].isspace():
        return cut - len(opening[0])
    if before[-1:].isspace():
        return cut
    closing = re.compile(rf"[{re.escape(_CLOSERS)}]+(?=\s|\Z)\s*|[¹²³⁰-⁹]+\s*").match(text, cut)
    return closing.end() if closing else cut


def _belongs(text: str, start: int, cut: int) -> bool:
    """Say whether what follows a break still belongs to the sentence before it."""
    before, after = text[max(start, cut - 80) : cut], text[cut : cut + 40]
    if not before[-1:].isspace():
        return True
    bare = before.rstrip()
    word = _LAST_WORD.search(before)
    following = after.lstrip("".join(_OPENERS) + "’—–…- \n")
    if following[:1].islower():
        # A writer may do without capitals: a plain full stop still ends her sentence.
        return not (word and len(word[1]) > 1 and "." not in word[1] and not _NOT_AN_END.match(word[1]))
    if after[:1] in "—–" or bare[-1:] in "—–,;:":
        return True
    if not word or bare[-1:] != ".":
        return False
    if _TITLES.match(word[1]):
        return True
    if _BEFORE_NUMBERS.match(word[1]):
        return following[:1].isdigit()
    # `I` ends a sentence more often than it abbreviates a name.
    initial = word[1].rpartition(".")[2]
    return len(initial) == 1 and initial.isupper() and (initial != "I" or "." in word[1])
