"""What of a container of images is the author's: the words under them, whether one image has them or a whole gallery.

A gallery of an export is empty: its images and its caption stand as JSON in an attribute. One that was taken from a
page holds them as elements.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from curation.html_tree import Node

_CONTAINER = "captioned-image-container"
_GALLERY = "image-gallery-embed"


@dataclass(frozen=True)
class Captioned:
    """A caption and an image that it stands under; None where the container names none."""

    caption: Node
    image: Node | None


def captions(node: Node) -> list[Captioned]:
    """Return the captions of a node that is left out, in order; empty where it holds no images or no words."""
    if not node.classes & {_CONTAINER, _GALLERY}:
        return []
    return [found for found in (*_written(node), *_kept(node)) if _has_words(found.caption)]


def _has_words(node: Node) -> bool:
    return bool("".join(node.texts()).strip())


def _written(node: Node) -> Iterator[Captioned]:
    """Yield the captions that are elements; one above its image has the next image, not that of another caption."""
    elements = list(node.elements())
    at = [index for index, element in enumerate(elements) if element.tag == "figcaption"]
    bounds = [-1, *at, len(elements)]
    for number, index in enumerate(at, start=1):
        before, after = elements[bounds[number - 1] + 1 : index], elements[index + 1 : bounds[number + 1]]
        image = next((element for element in (*before, *after) if element.tag == "img"), None)
        yield Captioned(elements[index], image)


def _kept(node: Node) -> Iterator[Captioned]:
    """Yield the captions of galleries that only an attribute has."""
    for gallery in (node, *node.elements()):
        written = any(element.tag == "figcaption" and _has_words(element) for element in gallery.elements())
        if _GALLERY in gallery.classes and not written:
            about = _gallery(gallery)
            words, images = about.get("caption"), about.get("images")
            if isinstance(words, str):
                first = images[0] if isinstance(images, list) and images else None
                yield Captioned(Node("figcaption", children=[words]), _image(first, about.get("alt")))


def _gallery(node: Node) -> dict[str, Any]:
    try:
        data = json.loads(node.attributes.get("data-attrs", ""))
    except (ValueError, RecursionError):
        return {}
    found = data.get("gallery") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _image(data: object, alt: object) -> Node | None:
    source = data.get("src") if isinstance(data, dict) else None
    if not isinstance(source, str):
        return None
    return Node("img", {"src": source, "alt": alt if isinstance(alt, str) else ""})
