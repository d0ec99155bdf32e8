"""Texts of two writers made alike, so that only the writing tells one from the other.

Whatever a file, a platform, a tokenizer or a cut leaves in a text goes from both, by the same rules and without a look
at whose it is: Markdown, headings, labels of a chat, marks of a model's vocabulary, the form of quotation marks, dashes
and ellipses, white space, paragraphs, an echo of the prompt, a beginning or an end in the middle of a sentence. What is
left is one paragraph, and the places where it can be cut.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from curation.markdown import count_words, plain_text
from curation.paragraphs import paragraphs
from curation.sentences import sentences
from curation.words import words

# What tokenizers have for ends, masks and turns, written out.
_VOCABULARY = re.compile(
    r"<\|[^|<>\n]{0,60}\|>|</?s>|<(?:pad|unk|mask|bos|eos|eot)>"
    r"|\[/?(?:MASK|PAD|EOS|BOS|SEP|CLS|UNK|INST)\]",
    re.IGNORECASE,
)
# What takes no room or is no sign: controls but for line ends and tabs, joiners, marks of direction, halves, holes.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffd\ud800-\udfff\ue000-\uf8ff]"
)
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# One letter written for several, and the wide forms of ASCII.
_COMPATIBLE = re.compile("[\ufb00-\ufb06\uff01-\uff5e]")
_LABEL = re.compile(
    r"^[ \t>*_#]*(?:user|human|assistant|system|prompt|response|continuation|completion|answer|rewrite|thesis|output"
    r"|input|instruction|passage|essay|text|note)[ \t*_]*:[ \t*_]*",
    re.IGNORECASE | re.MULTILINE,
)
_INDENT = re.compile(r"^[ \t\u00a0]+", re.MULTILINE)
_ITEM = re.compile(r"^[ \t]*(?:>[ \t]*)*(?:(?:[-*+•‣◦▪·–—]|\d{1,3}[.)])[ \t]+)?", re.MULTILINE)
_KEPT = ("prose", "quote", "verse", "list")
# A line at the beginning of a paragraph, before one that begins with a capital.
_FIRST_LINE = re.compile(r"(?:\A|(?<=\n\n))[^\n]+\n(?=[\"'“‘*_]*[^\W\d_a-z])")
_TITLE_WORDS = 8

_MARKUP = str.maketrans(dict.fromkeys("*_`#~|\\<>{}[]^•‣◦▪·¶§†‡", None))
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″‶＂❝❞〝〞", '"'),
        **dict.fromkeys("‘’‚‛′‵´ʼʻ‹›", "'"),
        **dict.fromkeys("‐‑−﹣", "-"),
        **dict.fromkeys("—―‒⸺⸻﹘", "–"),
    }
)
# Typewriters' quotation marks, which Markdown would take for code.
_BACKTICKS = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{1,600}?)('{1,2})(?![\w'])")
_DOUBLED = re.compile(r"(?<!\w)''|''(?!\w)")
# A quotation in single marks, which an apostrophe inside a word does not end.
_SINGLE = re.compile(r"(?<![\w'])'(?=[\w(])((?:[^'\"]|(?<=\w)'(?=\w)){1,600}?[.,!?;:])'(?![\w'])")
_NUMBERS = re.compile(r"(?<=\d)[ ]?–[ ]?(?=\d)")
_DASH = re.compile(r"\s*(?:–|-{2,}|(?<=\s)-(?=\s))(?:\s*(?:–|-{2,}))*\s*")
_ELLIPSIS = re.compile(r"\s*(?:…|\.(?:\s*\.){2,})(?:\s*[….])*")
# Behind the end of a sentence it says only that something was left out.
_LEFT_OUT = re.compile(r"(?<=[.!?])((?<=[^.].)[\"')]*)\s+(?:…|\.(?:\s*\.){2,})+(?=\s|\Z)")
_SPACE = re.compile(r"\s+")
_BEFORE = re.compile(r" +(?=[,.;:!?)])")
_BEHIND = re.compile(r"(?<=\() +")
_STUCK = re.compile(r"(?<=[a-z][.!?])(?=[A-Z][a-z])|(?<=\.\.\.)(?=\w)")
_LEADING = re.compile(r"^[^\w\"(]+")
_END = re.compile(r"[.!?][\"')]*\Z")
_TRAILS_OFF = re.compile(r"\.\.[.!?]*[\"')]*\Z")
_ECHO_WORDS = 4
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

# What the author is told of it, before she begins and beside the result.
SAID = (
    "All texts are made alike: one paragraph without Markdown, headings or labels, plain quotation marks, dashes and "
    "spaces, no echo of the prompt, from the beginning of a sentence to the end of one, at about the same length."
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where a text can end: how many words stand before it, and its offset."""

    words: int
    end: int


def alike(text: str, prompt: str = "") -> str:
    """Return what is left of a text when nothing but its sentences may speak; empty where there is no sentence.

    Args:
        text: as it was written or sampled.
        prompt: what it follows: its last words are not said again.
    """
    flat = _flat(text)
    flat = _without_echo(flat, _flat(prompt)) if prompt else flat
    return _from_a_beginning(flat)


def cuts(text: str) -> list[Cut]:
    """Return where a text that was made alike can end: behind whole sentences, no quotation or bracket left open."""
    found = []
    for _, end in sentences(text):
        head = text[:end].rstrip()
        balanced = head.count('"') % 2 == 0 and head.count("(") == head.count(")")
        if balanced and _END.search(head) and not _TRAILS_OFF.search(head):
            found.append(Cut(count_words(head), len(head)))
    return found


def _flat(text: str) -> str:
    """Return a text as one paragraph of plain signs."""
    text = _LINE_END.sub("\n", text)
    text = _UNSEEN.sub("", _VOCABULARY.sub(" ", text))
    text = _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), unicodedata.normalize("NFC", text))
    text = _INDENT.sub("", _BACKTICKS.sub(_quoted, text))
    text = _FIRST_LINE.sub(_parted, _LABEL.sub("", text))
    # A label, or what it stood before, may have been indented behind a mark of a list.
    blocks = [plain_text(text, block).text for block in paragraphs(text) if block.kind in _KEPT]
    blocks = [_ITEM.sub("", block) for block in blocks]
    kept = [block for index, block in enumerate(blocks) if index == len(blocks) - 1 or _ends(block)]
    return _plain_signs(" ".join(kept))


def _quoted(found: re.Match[str]) -> str:
    """Return a quotation between backticks and apostrophes in plain marks."""
    opening, said, closing = found.groups()
    mark = "'" if len(opening) == 1 else '"'
    return f"{mark}{said}{mark}" if len(opening) == len(closing) else found[0]


def _parted(found: re.Match[str]) -> str:
    """Return a first line and its end; one that is no sentence and no part of one stands apart, as a title does."""
    line = found[0].rstrip("\n")
    return found[0] if _ends(line) or len(line.split()) > _TITLE_WORDS else f"{line}\n\n"


def _ends(block: str) -> bool:
    """Say whether a block ends as prose does; a title, a signature or a date does not."""
    return bool(re.search(r"[.!?…:;,–—-][\"'”’»)*_\]]*\s*\Z", block)) or len(block.split()) > 2 * _TITLE_WORDS


def _plain_signs(text: str) -> str:
    # Marks that go may uncover others: a backslash before a dot, a star between two quotation marks.
    text = text.translate(_MARKUP).translate(_SIGNS)
    text = _SPACE.sub(" ", text)
    text = _DOUBLED.sub('"', text)
    text = _SINGLE.sub(r'"\1"', text)
    text = _LEFT_OUT.sub(r"\1", text)
    text = _ELLIPSIS.sub("...", text)
    text = _NUMBERS.sub("-", text)
    text = _DASH.sub(" – ", text)
    text = _BEHIND.sub("", _BEFORE.sub("", text))
    return _SPACE.sub(" ", _STUCK.sub(" ", text)).strip()


def _without_echo(text: str, prompt: str) -> str:
    """Return a text without the words that its prompt ends with, where it begins by saying them again."""
    given = words(prompt)
    found = list(_WORD.finditer(text))
    said = [match[0].casefold() for match in found[: len(given)]]
    for count in range(min(len(given), len(said)), _ECHO_WORDS - 1, -1):
        if given[-count:] == said[:count]:
            return text[found[count - 1].end() :]
    return text


def _from_a_beginning(text: str) -> str:
    """Return a text from the first sentence that begins in it."""
    text = _LEADING.sub("", text)
    first = next((character for character in text if character.isalpha()), "")
    if first and not first.islower():
        return text
    for start, _ in sentences(text)[1:]:
        rest = _LEADING.sub("", text[start:])
        first = next((character for character in rest if character.isalpha()), "")
        if first and not first.islower():
            return rest
    return ""
