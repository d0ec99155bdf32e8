"""HTML as a tree of nodes, in time that grows with its length, whatever it holds.

The standard library's parser finds the tags; which of them end by themselves (a paragraph at the next one, an item at
the next) is decided here, as far as an editor's own export needs it. Markup nested deeper than `_DEEPEST` is flattened:
its text stays, its tags do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html iframe li main nav ol p pre section summary table tbody td tfoot th thead tr "
    "ul".split()
)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
# What an opening tag ends, and what keeps it from ending anything further out.
_ENDS = {
    "li": (("li",), ("ul", "ol")),
    "dt": (("dt", "dd"), ("dl",)),
    "dd": (("dt", "dd"), ("dl",)),
    "tr": (("tr",), ("table",)),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "option": (("option",), ("select",)),
}
_HELD = frozenset("blockquote td th li div figure figcaption section article aside details table body".split())
# Their text runs to their closing tag, whatever it holds; without one it would run to the end of the piece.
_RAW = re.compile(r"</?(script|style|textarea|title|iframe|noembed|noframes|xmp|plaintext)(?=[\s/>])", re.IGNORECASE)
_DEEPEST = 60


@dataclass
class Node:
    """An element.

    Attributes:
        tag: its name, in small letters.
        attributes: as written; one without a value is empty.
        children: elements and texts, in order.
        holds_blocks: whether a block lies in it, at whatever depth.
    """

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)
    holds_blocks: bool = False

    @property
    def classes(self) -> frozenset[str]:
        """Its classes."""
        return frozenset(self.attributes.get("class", "").split())

    def texts(self) -> Iterator[str]:
        """Yield every text in it, line breaks too."""
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag == "br":
                yield "\n"
            else:
                yield from child.texts()

    def find(self, class_name: str) -> Node | None:
        """Return the first element in it of a class."""
        return next((node for node in self.elements() if class_name in node.classes), None)

    def find_tag(self, tag: str) -> Node | None:
        """Return the first element in it of a tag."""
        return next((node for node in self.elements() if node.tag == tag), None)

    def elements(self) -> Iterator[Node]:
        """Yield every element in it, in order."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.elements()


def parse_html(text: str) -> Node:
    """Return the tree of a document or a part of one; what no tag can be made of is text."""
    tree = _Tree()
    tree.feed(_tamed(text))
    tree.close()
    return tree.open[0]


def _tamed(text: str) -> str:
    """Return the text without what Python 3.11's parser stumbles over, or reads again from every `<` on."""
    text = re.sub(r"<(?=!\[)", "&lt;", text)
    closed = text.rfind("-->") + 1
    text = text[:closed] + text[closed:].replace("<!--", "&lt;!--")
    last = {found[1].lower(): found.start() for found in _RAW.finditer(text) if found[0].startswith("</")}
    text = _RAW.sub(lambda tag: tag[0] if tag.start() <= last.get(tag[1].lower(), -1) else "<div", text)
    closed = text.rfind(">") + 1
    return text[:closed] + text[closed:].replace("<", "&lt;")


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("root")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ENDS:
            self._end(*_ENDS[tag])
        elif tag in BLOCKS:
            self._end(("p",), _HELD)
        node = Node(tag, {name: value or "" for name, value in attrs})
        if tag in BLOCKS:
            for outer in reversed(self.open):
                if outer.holds_blocks:
                    break
                outer.holds_blocks = True
        if tag in _VOID:
            self.open[-1].children.append(node)
        elif len(self.open) < _DEEPEST:
            self.open[-1].children.append(node)
            self.open.append(node)
        elif tag in BLOCKS:
            # Flattened, but what it kept apart stays apart.
            self.open[-1].children.append(Node("div", holds_blocks=False))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # `<p/>` opens a paragraph, as in a browser.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def _end(self, tags: tuple[str, ...], walls: tuple[str, ...] | frozenset[str]) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag in tags:
                del self.open[depth:]
                return
            if self.open[depth].tag in walls:
                return
