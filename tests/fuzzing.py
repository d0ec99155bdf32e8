"""Mutated files, and what must hold of every one: no crash, no lost text, each byte where it was.

`tests/property/test_import_fuzz.py` runs some hundreds, `benchmarks/fuzz_import.py` ten thousand, with their times.
"""

from __future__ import annotations

import random
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from curation.archive import open_archive
from curation.cleaning import footnotes, leftovers, staying
from curation.cleaning_rules import CLEAN, RULES, Cleaning
from curation.errors import EssayError
from curation.front_matter import front_matter_end, read_front_matter
from curation.html_markdown import STRIPPED_CLASSES, html_to_markdown
from curation.html_tree import Node, parse_html
from curation.markdown import count_words, plain_text
from curation.notes import split_notes
from curation.pairs import propose
from curation.paragraphs import Paragraph, paragraphs
from curation.substack import POSTS_CSV, left_out, read_post, read_posts
from curation.textfile import decode

BOM = b"\xef\xbb\xbf"
ALL_OFF = Cleaning(**dict.fromkeys(RULES, False))
MARKDOWN_RUBBISH = (
    b"> " * 60, b"- " * 40, b"[" * 200, b"](", b"![](", b"`" * 7, b"***", b"\n---\n", b"\n===\n", b"|a|b|\n|-|-|\n",
    b"[^1]:", b"[^1]", b"<!--", b"-->", b"<div>", b"</div>", b"\n\n\n", b"    ", b"\t", b"&amp;", b"&#x0;", b"\\",
    b"%%", b"[[a|b]]", b"~~~verse\n", b"\r", b"\r\n",
    b"+++\na = 1\n+++\n", b"---\ntitle: x: y\n---\n", b"[1](x#footnote-anchor-1-2)", b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xa8", b"\xc2\xa0", b"\x0c", b"\x1b[31m", BOM, b"1. ", b"* * *", b"https://a.example/b_(c)",
    b"Subscribe\n\n", b"Thanks for reading!\n\n",
)  # fmt: skip
HTML_RUBBISH = (
    b"<div>" * 100, b"<b><i>" * 50, b"<p", b"</p>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<script>", b"</script>",
    b"<li>", b"<table><tr>", b"</table>", b"<pre>", b"</pre>", b"<br>", b"&", b"&#", b"&nbsp;", b'"', b"'", b">", b"<",
    b'<div class="tweet">', b'<span class="mention-wrap" data-attrs="{&quot;name&quot;:1}">', b"<a href=", b"<hr>",
    b'<div class="footnote">', b'<a class="footnote-anchor" href="#footnote-1">1</a>', b"<?x", b"<!x", b"</", b"\0",
    b"<ul><li><ol><li>" * 30, b"<h2>", b"<blockquote>" * 80, b"<plaintext>", b"<em> </em>", b"<code>`</code>",
)  # fmt: skip
_LETTERS = re.compile(r"[^\W_]")


def mutate(data: bytes, others: Sequence[bytes], rubbish: Sequence[bytes], rng: random.Random) -> bytes:
    """Return a file that was cut, spliced, littered, or had its bytes and line ends changed, one to six times."""
    for _ in range(rng.randint(1, 6)):
        at, to = sorted(rng.randrange(len(data) + 1) for _ in range(2))
        choice = rng.randrange(8)
        if choice == 0:
            data = data[:at]
        elif choice == 1:
            data = data[:at] + data[to:]
        elif choice == 2:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            data = data[:at] + other[start : start + rng.randrange(800)] + data[at:]
        elif choice == 3:
            data = data[:at] + rng.choice(rubbish) * rng.choice((1, 1, 1, 2, 9)) + data[at:]
        elif choice == 4:
            # Mostly one that keeps the file UTF-8: the others are refused, and nothing more is learnt of them.
            data = data[:at] + bytes([rng.randrange(128 if rng.random() < 0.9 else 256)]) + data[at + 1 :]
        elif choice == 5:
            data = data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b" \n", b"  \n")))
        elif choice == 6:
            data = data[:at] + data[at:to][:400] * rng.randint(2, 5) + data[to:]
        else:
            data = rng.choice((BOM, b"---\n", b"", b"\n")) + data
    return data


def check_markdown(data: bytes) -> bool:
    """Check a Markdown file; return whether it was text at all."""
    try:
        text = decode(Path("fuzz.md"), data)
    except EssayError:
        return False
    blocks = paragraphs(text)
    pieces, last = [], 0
    for block in blocks:
        assert last <= block.start < block.end <= len(text)
        pieces += [text[last : block.start], text[block.start : block.end]]
        assert not pieces[-2].strip(), "text between two paragraphs"
        last = block.end
    pieces.append(text[last:])
    assert not pieces[-1].strip(), "text behind the last paragraph"
    assert (BOM if data.startswith(BOM) else b"") + "".join(pieces).encode() == data, "bytes were lost"
    read_front_matter(text)
    for cleaning in (CLEAN, ALL_OFF):
        for item in leftovers(text, blocks, cleaning):
            assert 0 <= item.start < item.end <= len(text)
            assert cleaning is CLEAN
        assert len(staying(text, blocks, cleaning)) <= len(blocks)
    for note in footnotes(text, blocks):
        assert 0 <= note.start < note.end <= len(text)
    for block in blocks:
        _check_plain(text, block)
    last = 0
    for pair in propose(text, blocks, count_tokens=count_words, response_tokens=60, context_tokens=50):
        assert last <= pair.start < pair.end <= len(text)
        assert pair.prompt.strip()
        assert pair.response.strip()
        last = pair.end
    _check_notes(text)
    return True


def _check_plain(text: str, block: Paragraph) -> None:
    """Check that every letter of a paragraph is in its plain text, or is listed as gone."""
    source = text[block.start : block.end]
    if block.kind not in ("prose", "quote", "list") or "&" in source or "<br" in source.lower():
        return
    plain = plain_text(text, block)
    gone = sum(_letters(text[item.start : item.end]) - _letters(item.kept) for item in plain.gone)
    assert _letters(plain.text) == _letters(source) - gone, (source, plain.text)


def _letters(text: str) -> int:
    return len(_LETTERS.findall(text))


def _check_notes(text: str) -> None:
    notes, problems = split_notes(text, "fuzz.md")
    assert all(note.text in text for note in notes)
    if not problems:
        kept = sum(_letters(note.text) for note in notes)
        assert kept == _letters(text[front_matter_end(text) :]), "letters between two notes were lost"


def check_html(data: bytes) -> bool:
    """Check a post's HTML: every word a reader sees is in the Markdown made of it."""
    try:
        html = decode(Path("fuzz.html"), data)
    except EssayError:
        return False
    text = html_to_markdown(html).text
    lost = Counter(_LETTERS.findall(_seen(parse_html(html)))) - Counter(_LETTERS.findall(text))
    assert not lost, lost
    return check_markdown(text.encode()) if text and "\0" not in text else True


def _seen(node: Node) -> str:
    """Return the text of a tree without what is the platform's."""
    if node.classes & {*STRIPPED_CLASSES, "footnote-number", "footnote-anchor"} or node.tag in (
        "script style svg template noscript iframe button input select head audio video object canvas form".split()
    ):
        return ""
    return "".join(child if isinstance(child, str) else _seen(child) for child in node.children)


def check_export(path: Path) -> bool:
    """Check an export: it is read, post by post, or refused in a sentence."""
    try:
        with open_archive(path, POSTS_CSV) as archive:
            posts, _ = read_posts(archive)
            for post in posts:
                left_out(post, ())
                try:
                    read_post(archive, post)
                except EssayError:
                    continue
    except EssayError:
        return False
    return True


def run(
    files: int,
    *,
    seed: int,
    essays: Sequence[bytes],
    posts: Sequence[bytes],
    export: Path,
    folder: Path,
    each: Callable[[str, bytes, Callable[[], bool]], bool] = lambda kind, data, check: check(),
) -> dict[str, int]:
    """Mutate and check so many files: of ten, six Markdown, three HTML, one a zip; return how many were read.

    Args:
        files: how many.
        seed: of the mutations.
        essays: Markdown files, as bytes.
        posts: HTML files, as bytes.
        export: an export's zip.
        folder: where mutated zips are written.
        each: calls the check it is given, around which it may measure.
    """
    rng = random.Random(seed)
    zipped = export.read_bytes()
    assert zipfile.is_zipfile(export)
    counts = {"markdown": 0, "markdown read": 0, "html": 0, "html read": 0, "zip": 0, "zip read": 0}
    for number in range(files):
        if number % 10 < 6:
            kind, data = "markdown", mutate(_part(rng.choice(essays), rng), essays, MARKDOWN_RUBBISH, rng)
            read = each(kind, data, lambda data=data: check_markdown(data))  # type: ignore[misc]
        elif number % 10 < 9:
            kind, data = "html", mutate(rng.choice(posts), posts, HTML_RUBBISH, rng)
            read = each(kind, data, lambda data=data: check_html(data))  # type: ignore[misc]
        else:
            kind, data = "zip", _damaged(zipped, rng)
            path = folder / "fuzz.zip"
            path.write_bytes(data)
            read = each(kind, data, lambda path=path: check_export(path))  # type: ignore[misc]
        counts[kind] += 1
        counts[f"{kind} read"] += read
    return counts


def _part(data: bytes, rng: random.Random) -> bytes:
    """Return a part of some thousand bytes, of one in fifty the whole."""
    if rng.random() < 0.02:
        return data
    start = rng.randrange(max(1, len(data) - 500))
    return data[start : start + rng.randint(300, 4000)]


def _damaged(data: bytes, rng: random.Random) -> bytes:
    """Return a zip with up to three bytes changed, one in eight times cut: most can still be opened."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data))
        data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
    return data[: rng.randrange(len(data))] if rng.random() < 0.125 else data
