"""A draft with a place to write at: what of it a model is given, and the draft with an answer in it.

The words around the place are given as far as they fit into what the model is trained at, paragraph by paragraph from
the place outwards; the paragraph it stands in is always given whole. White space at the ends of a marked span is left
standing: it belongs to the draft, and a model that had to write it would rather begin a line.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from curation.counted import counted
from curation.front_matter import front_matter_end
from curation.sentences import finer
from curation.tokens import TokenCounter, estimate_counter
from runners.questions import Kind, Question
from runners.spec import RunSpec
from workbench.operations.errors import WorkbenchError
from workbench.operations.project import Project
from workbench.operations.targets import read, target_of

OPENS, CLOSES = "[[", "]]"

PARAGRAPH_TOKENS = 96
"""How long a further paragraph may get, where nothing else is said."""

# Where a gap is empty: about a sentence.
_GAP_TOKENS = 24
# What a layout takes around the text, roughly.
_LAYOUT_TOKENS = 16
# Of the room beside the gap, what stands behind it gets this share, unless the other side leaves more.
_BEHIND = 1 / 3

_BREAK = re.compile(r"\n[ \t]*\r?\n\s*")
# By how many characters around it a place is found again, at most.
_AROUND = 64


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A draft and the place in it.

    Attributes:
        text: the draft, without marks.
        start: where the place begins, in characters.
        end: where it ends; what stands up to there is replaced.
        kind: what is asked for.
    """

    text: str
    start: int
    end: int
    kind: Kind = "infill"

    @property
    def span(self) -> str:
        """What is replaced."""
        return self.text[self.start : self.end]

    def filled(self, words: str) -> str:
        """Return the draft with words in the place, in the line ends that it has."""
        if "\r\n" in self.text:
            words = words.replace("\r\n", "\n").replace("\n", "\r\n")
        return self.text[: self.start] + words + self.text[self.end :]


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a model is asked, and how much of the draft that is.

    Attributes:
        question: for a session.
        words_before: of the draft, that it is given.
        words_after: likewise, behind the place.
        whole: whether that is all there is.
    """

    question: Question
    words_before: int
    words_after: int
    whole: bool

    @property
    def summary(self) -> str:
        """Say in a few words what it is given."""
        behind = f" and {self.words_after} after" if self.question.after else ""
        return f"given {counted(self.words_before, 'word')} before{behind}" + ("" if self.whole else ", as many as fit")


def marked(text: str) -> Gap:
    """Return the draft with the place that is marked with `[[` and `]]`; nothing between them asks for new words.

    Raises:
        WorkbenchError: not exactly one place is marked.
    """
    opens = [found.start() for found in re.finditer(re.escape(OPENS), text)]
    closes = [found.start() for found in re.finditer(re.escape(CLOSES), text)]
    if len(opens) != 1 or len(closes) != 1 or closes[0] < opens[0]:
        lines = sorted({text.count("\n", 0, at) + 1 for at in (*opens, *closes)})
        word = "line" if len(lines) == 1 else "lines"
        found = f"found them in {word} {', '.join(map(str, lines))}" if lines else "found none"
        raise WorkbenchError(f"Mark one span, with {OPENS} before it and {CLOSES} behind it: {found}.")
    start, end = opens[0], closes[0]
    inner = text[start + len(OPENS) : end]
    plain = text[:start] + inner + text[end + len(CLOSES) :]
    return at(plain, start, start + len(inner))


def lines_of(text: str, first: int, last: int) -> Gap:
    """Return the draft with some of its lines as the place, counted from 1.

    Raises:
        WorkbenchError: there are no such lines.
    """
    # As an editor counts them: a line of Unicode's own making is none.
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    if not 1 <= first <= last <= len(lines):
        raise WorkbenchError(f"Lines {first}:{last}: the text has {len(lines)}. Give them as FIRST:LAST, from 1 on.")
    start = len("".join(lines[: first - 1]))
    return at(text, start, start + len("".join(lines[first - 1 : last])))


def at(text: str, start: int, end: int) -> Gap:
    """Return the draft with a span as the place, without the white space at its ends."""
    span = text[start:end]
    if not span.strip():
        return Gap(text=text, start=start, end=end)
    return Gap(text=text, start=start + len(span) - len(span.lstrip()), end=start + len(span.rstrip()))


def paragraph_after(text: str, position: int | None = None) -> Gap:
    """Return the draft with room for a further paragraph behind the one that a position stands in; None for the end.

    The blank lines that part it from both its neighbours are in the text that is returned.
    """
    line = "\r\n" if "\r\n" in text else "\n"
    position = len(text) if position is None else position
    found = _BREAK.search(text, position)
    behind = text[found.end() :] if found else ""
    before = (text[: found.start()] if found else text).rstrip()
    before = before + line * 2 if before else ""
    end = line * 2 + behind if behind.strip() else line
    return Gap(text=before + end, start=len(before), end=len(before), kind="continue")


def given(
    project: Project, gap: Gap, spec: RunSpec, *, tokens: int | None = None, samples: int = 3, seed: int = 1
) -> Given:
    """Return what a session is asked for a place in a draft.

    Args:
        project: whose draft.
        gap: the draft and the place.
        spec: what the session goes by; what its model is made for decides how much of the draft is given.
        tokens: how long the answer is; None for as long as what it replaces.
        samples: how many answers.
        seed: of the first.
    """
    target = target_of(project, spec.model.id)
    # A large tokenizer is not read for this: what is given need only fit.
    counter = read(target, project).counter if target.small else estimate_counter(target.name)
    if tokens is None:
        tokens = PARAGRAPH_TOKENS if gap.kind == "continue" else counter.count(gap.span) or _GAP_TOKENS
    # What is known of an essay is no part of its words.
    begin = min(gap.start, front_matter_end(gap.text))
    before, after = _plain(gap.text[begin : gap.start]), _plain(gap.text[gap.end :])
    after = after if gap.kind == "infill" and after.strip() else ""
    room = target.limit - tokens - _LAYOUT_TOKENS
    behind = _outwards(_parts(after), int(room * _BEHIND), counter)
    ahead = _outwards(_parts(before)[::-1], room - counter.count("".join(behind)), counter)
    behind = _outwards(_parts(after), room - counter.count("".join(ahead)), counter)
    kept_before, kept_after = "".join(ahead[::-1]), "".join(behind)
    return Given(
        question=Question(
            kind=gap.kind, before=kept_before, after=kept_after, tokens=tokens, samples=samples, seed=seed
        ),
        words_before=len(kept_before.split()),
        words_after=len(kept_after.split()),
        whole=(kept_before, kept_after) == (before, after),
    )


def _parts(text: str) -> list[str]:
    """Part a text behind its blank lines; together they are the text."""
    cuts = [0, *(found.end() for found in _BREAK.finditer(text)), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(cuts) if end > start]


def _outwards(parts: list[str], room: int, counter: TokenCounter) -> list[str]:
    """Return the parts next to the place that fit; the first of them always."""
    kept: list[str] = []
    left = room
    for number, part in enumerate(parts):
        # What is the paragraph of the place itself may be parted from it by a blank line alone.
        left -= counter.count(part)
        if left < 0 and number > 0:
            break
        kept.append(part)
    return kept


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def sentence_at(text: str, position: int) -> tuple[int, int]:
    """Return where the sentence begins and ends that a position stands in, without the white space around it."""
    start, end = paragraph_at(text, position)
    paragraph = text[start:end]
    for first, last in finer(paragraph):
        sentence = paragraph[first:last]
        behind = start + first + len(sentence.rstrip())
        if behind >= position:
            return behind - len(sentence.strip()), behind
    return start, end


def paragraph_at(text: str, position: int) -> tuple[int, int]:
    """Return where the paragraph begins and ends that a position stands in."""
    starts = [found.end() for found in _BREAK.finditer(text) if found.end() <= position]
    start = starts[-1] if starts else 0
    found = _BREAK.search(text, max(start, position))
    end = found.start() if found else len(text)
    return start, max(start, start + len(text[start:end].rstrip()))


def found_again(gap: Gap, text: str) -> Gap | None:
    """Return the place in a draft that was typed in since, by what stands around it; None where that is not clear."""
    if gap.kind == "continue":
        tail = gap.text[: gap.start].rstrip()[-_AROUND:]
        if not tail or text.count(tail) != 1:
            return None if tail else paragraph_after(text, 0)
        return paragraph_after(text, text.index(tail) + len(tail))
    if text == gap.text:
        return gap
    around = _AROUND
    while around >= 1:
        before, after = gap.text[max(0, gap.start - around) : gap.start], gap.text[gap.end : gap.end + around]
        needle = before + gap.span + after
        if (before or after) and text.count(needle) == 1:
            start = text.index(needle) + len(before)
            return Gap(text=text, start=start, end=start + len(gap.span))
        around //= 2
    return None
