"""A Substack post's HTML as Markdown: the author's words whole, the platform's buttons and cards counted and left out.

Marks that Markdown would read are escaped, so that the text a pair gets of the Markdown is the text of the page. Notes
become `[^1]`, lines of `pre` a verse fence, rules scene breaks.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation.html_pictures import captions
from curation.html_tree import BLOCKS, Node, parse_html

STRIPPED_CLASSES = (
    "button-wrapper", "subscription-widget-wrap", "captioned-image-container", "image-gallery-embed", "tweet",
    "native-video-embed", "poll-embed", "digest-post-embed", "file-embed-wrapper", "comment", "paywall-jump",
    "embedded-post-wrap", "embedded-publication-wrap",
)  # fmt: skip
_STRIPPED_TAGS = frozenset(
    "script style svg template noscript iframe button input select head audio video object canvas form".split()
)
_EMPHASIS = {"em": "*", "i": "*", "strong": "**", "b": "**", "s": "~~", "del": "~~", "strike": "~~"}
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SPECIAL = re.compile(r"[\\`*\[\]]|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?])|&(?=#?\w{1,31};)|~(?=~)|%(?=%)", re.ASCII)
_LINE_START = re.compile(r"#{1,6}(?:\s|\Z)|>|[-+](?:\s|\Z)|(?:-+|=+|\+{3})\s*\Z|~{3}|\|")
_ORDINAL = re.compile(r"\d{1,9}(?=[.)](?:\s|\Z))")
# Longer ones are no longer read as links where the Markdown is read.
_LONGEST_LINK_WORDS = 900
_LONGEST_ADDRESS = 1_900


@dataclass(frozen=True)
class Converted:
    """A page as Markdown.

    Attributes:
        text: the Markdown.
        stripped: what was left out, by class or tag, and how often.
    """

    text: str
    stripped: Counter[str]


def html_to_markdown(html: str) -> Converted:
    """Return a post as Markdown."""
    writer = _Writer()
    blocks = writer.blocks(parse_html(html))
    return Converted("\n\n".join(blocks) + "\n" if blocks else "", writer.stripped)


class _Writer:
    def __init__(self) -> None:
        self.stripped: Counter[str] = Counter()

    def blocks(self, node: Node) -> list[str]:
        """Return the blocks in a node; runs of text and inline elements between them are paragraphs."""
        found: list[str] = []
        run: list[Node | str] = []
        for child in node.children:
            if isinstance(child, Node) and (child.tag in BLOCKS or child.holds_blocks):
                found += self._paragraph(run)
                run = []
                found += self._caption(child) if self._strips(child) else self._block(child)
            else:
                run.append(child)
        return found + self._paragraph(run)

    def _strips(self, node: Node) -> bool:
        reason = next((name for name in STRIPPED_CLASSES if name in node.classes), "")
        if not reason and node.tag in _STRIPPED_TAGS:
            reason = node.tag
        if reason and not captions(node):
            self.stripped[reason] += 1
        return bool(reason)

    def _caption(self, node: Node) -> list[str]:
        """Return what is the author's of a node that is left out: the words under images, each with an address.

        An image goes before them, since only under one are they known as a caption; `cleaning` takes both away.
        """
        found: list[str] = []
        for captioned in captions(node):
            # In one line: what began a list or a heading there would end the caption here.
            words = " ".join(" ".join(self.blocks(captioned.caption)).split())
            if words:
                image = "" if captioned.image is None else _image(captioned.image)
                mark = "_" if "*" in words and "_" not in words else "*"
                found.append(f"{image or '![]()'}\n{mark}{words}{mark}")
        return found

    def _block(self, node: Node) -> list[str]:
        tag = node.tag
        if tag == "hr":
            return ["***"]
        if tag[0] == "h" and tag[1:].isdigit():
            words = " ".join(self.inline(node.children).split())
            # Marks at its end would be read as its closing ones.
            words = re.sub(r"(?<= )(?=#+\Z)|\A(?=#+\Z)", r"\\", words)
            return [f"{'#' * int(tag[1])} {words}"] if words else []
        if tag == "pre":
            return self._pre(node)
        if tag == "blockquote" or "pullquote" in node.classes:
            return _quoted(self.blocks(node))
        if tag in ("ul", "ol"):
            return self._list(node)
        if tag == "table":
            return self._table(node)
        if tag == "figcaption":
            return [f"*{words}*" for words in self.blocks(node)]
        if "footnote" in node.classes:
            return self._footnote(node)
        return self.blocks(node)

    def _paragraph(self, run: Sequence[Node | str]) -> list[str]:
        lines = [line.strip(" ") for line in self.inline(run).split("\n")]
        while lines and not lines[-1]:
            lines.pop()
        while lines and not lines[0]:
            lines.pop(0)
        if not lines:
            return []
        # An empty line inside would end the paragraph: two breaks in a row do.
        groups: list[list[str]] = [[]]
        for line in lines:
            if line:
                groups[-1].append(_safe_start(line))
            elif groups[-1]:
                groups.append([])
        return ["  \n".join(group) for group in groups if group]

    def _pre(self, node: Node) -> list[str]:
        code = any(isinstance(child, Node) and child.tag == "code" for child in node.children)
        body = "".join(node.texts()) if code else self.inline(node.children, pre=True)
        body = re.sub(r"\r\n?", "\n", body).strip("\n").rstrip()
        if not body.strip():
            return []
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
        return [f"{fence}{'' if code else 'verse'}\n{body}\n{fence}"]

    def _list(self, node: Node) -> list[str]:
        start = node.attributes.get("start", "1")
        number = int(start) if re.fullmatch(r"[0-9]{1,8}", start) else 1
        items: list[str] = []
        for child in node.children:
            inside = self._item(child)
            if not inside:
                continue
            mark = "- " if node.tag == "ul" else f"{number}. "
            number += 1
            body = inside[0]
            for block in inside[1:]:
                body += ("\n" if re.match(r"- |\d+\. ", block) else "\n\n") + block
            items.append(mark + body.replace("\n", "\n" + " " * len(mark)))
        return ["\n".join(re.sub(r"\n +(?=\n)", "\n", item) for item in items)] if items else []

    def _item(self, child: Node | str) -> list[str]:
        if isinstance(child, str):
            return self._paragraph([child])
        if self._strips(child):
            return self._caption(child)
        return self.blocks(child) if child.tag == "li" else self.blocks(Node("li", children=[child], holds_blocks=True))

    def _table(self, node: Node) -> list[str]:
        rows: list[list[str]] = []
        captions: list[str] = []
        for part in _table_parts(node):
            if part.tag == "tr":
                rows.append(
                    [self._cell(child) for child in part.children if not isinstance(child, str) or child.strip()]
                )
            else:
                captions += self.blocks(part)
        rows = [row for row in rows if any(row)]
        if not rows:
            return captions
        width = max(len(row) for row in rows)
        lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
        lines.insert(1, "|" + " --- |" * width)
        return [*captions, "\n".join(lines)]

    def _cell(self, child: Node | str) -> str:
        if isinstance(child, Node) and self._strips(child):
            return " ".join(" ".join(self._caption(child)).split()).replace("|", "\\|")
        blocks = self.blocks(Node("td", children=[child], holds_blocks=True) if isinstance(child, str) else child)
        return " ".join(" ".join(blocks).split()).replace("|", "\\|")

    def _footnote(self, node: Node) -> list[str]:
        label = node.find("footnote-number")
        number = _number(label)
        # Without a number its mark is text like any other.
        blocks = self.blocks(_without(node, label) if number else node)
        if number and blocks:
            return [f"[^{number}]: " + "\n\n".join(blocks).replace("\n", "\n    ").replace("\n    \n", "\n\n")]
        return blocks

    def inline(self, run: Iterable[Node | str], *, pre: bool = False) -> str:
        """Return running text as Markdown; a line break is a line end."""
        out = ""
        parts: list[str] = []
        last_mark = ""
        for child in run:
            piece, mark = self._piece(child, pre=pre)
            if mark and mark == last_mark and parts and parts[-1].endswith(mark) and piece.startswith(mark):
                # Two runs of emphasis that touch are one.
                parts[-1] = parts[-1][: -len(mark)]
                piece = piece[len(mark) :]
            if piece:
                parts.append(piece)
                last_mark = mark if piece.endswith(mark) else ""
        out = "".join(parts)
        return out if pre else re.sub(r" *\n *", "\n", re.sub(r" {2,}", " ", out))

    def _piece(self, child: Node | str, *, pre: bool) -> tuple[str, str]:
        if isinstance(child, str):
            return _escaped(child if pre else _SPACE.sub(" ", child)), ""
        if self._strips(child):
            return "", ""
        tag = child.tag
        if tag == "br":
            return "\n", ""
        if tag == "img":
            return _image(child), ""
        if "mention-wrap" in child.classes:
            return self.inline(child.children) or _escaped(_mentioned(child)), ""
        if tag == "a" and "footnote-anchor" in child.classes and (number := _number(child)):
            return f"[^{number}]", ""
        if tag == "code" and not pre:
            return _code(_SPACE.sub(" ", "".join(child.texts()))), ""
        inside = self.inline(child.children, pre=pre)
        mark = _EMPHASIS.get(tag, "")
        if mark:
            return _around(inside, mark), mark
        return (_link(inside, child.attributes.get("href", "")) if tag == "a" and not pre else inside), ""


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _safe_start(line: str) -> str:
    """Return a line that begins nothing but a paragraph."""
    ordinal = _ORDINAL.match(line)
    if ordinal:
        return f"{ordinal[0]}\\{line[ordinal.end() :]}"
    return "\\" + line if _LINE_START.match(line) else line


def _quoted(blocks: Sequence[str]) -> list[str]:
    if not blocks:
        return []
    return ["\n".join("> " + line if line else ">" for line in "\n\n".join(blocks).split("\n"))]


def _around(inside: str, mark: str) -> str:
    """Return emphasis without the white space it may hold at its ends, line by line."""
    lines = []
    for line in inside.split("\n"):
        bare = line.strip()
        at = line.find(bare)
        lines.append(line[:at] + mark + bare + mark + line[at + len(bare) :] if bare else line)
    return "\n".join(lines)


def _link(inside: str, address: str) -> str:
    bare = inside.strip()
    address = address.strip()
    if (
        not bare
        or not address
        or not re.match(r"https?:|mailto:|/|#", address)
        or len(address) > _LONGEST_ADDRESS
        or len(bare) > _LONGEST_LINK_WORDS
        or re.search(r"[\[\]\n]", bare)
        or bare.replace("\\", "") == address
    ):
        return inside
    safe = re.sub(r"[\s()<>\"']", lambda found: f"%{ord(found[0]):02X}", address)
    at = inside.find(bare)
    return f"{inside[:at]}[{bare}]({safe}){inside[at + len(bare) :]}"


def _image(node: Node) -> str:
    address = re.sub(r"[\s()<>]", lambda found: f"%{ord(found[0]):02X}", node.attributes.get("src", "").strip())
    alt = " ".join(re.sub(r"[\[\]]", " ", node.attributes.get("alt", "")).split())[:500]
    return f"![{alt}]({address})" if re.match(r"https?:|/", address) and len(address) < _LONGEST_ADDRESS else ""


def _code(text: str) -> str:
    if not text.strip():
        return ""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _mentioned(node: Node) -> str:
    """Return the name a mention stands for: an export leaves the element empty and names it in an attribute."""
    try:
        named = json.loads(node.attributes.get("data-attrs", ""))
    except (ValueError, RecursionError):
        return ""
    name = named.get("name") if isinstance(named, dict) else None
    return " ".join(name.split()) if isinstance(name, str) else ""


def _number(node: Node | None) -> str:
    if node is None:
        return ""
    found = re.search(r"\d{1,4}", "".join(node.texts())) or re.search(r"\d{1,4}", node.attributes.get("href", ""))
    return found[0] if found else ""


def _without(node: Node, left_out: Node | None) -> Node:
    """Return a copy of a node without one that lies in it, at whatever depth."""
    children = [
        child if isinstance(child, str) else _without(child, left_out)
        for child in node.children
        if child is not left_out
    ]
    return Node(node.tag, node.attributes, children, node.holds_blocks)


def _table_parts(node: Node) -> list[Node]:
    """Return the rows of a table in order, and what else lies in it."""
    parts: list[Node] = []
    for child in node.children:
        if isinstance(child, str):
            if child.strip():
                parts.append(Node("caption", children=[child]))
        elif child.tag in ("thead", "tbody", "tfoot"):
            parts += _table_parts(child)
        else:
            parts.append(child)
    return parts
