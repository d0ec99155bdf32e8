"""Substack exports as tests need them: built after the documented layout, with the faults that real ones have."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

HEADER = "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle,podcast_url".split(",")
SALT_HTML = (
    "<p>Salt is kept in a <em>blue</em> jar."
    '<a class="footnote-anchor" id="footnote-anchor-1" href="#footnote-1">1</a>'
    ' So says <span class="mention-wrap" data-attrs="{&quot;name&quot;:&quot;Ana Lund&quot;}"></span>.</p>'
    '<p class="button-wrapper"><a href="https://v.example/subscribe">Subscribe now</a></p>'
    "<div><hr></div><pre>Roses are red,\nviolets are blue.</pre>"
    '<div class="footnote"><a class="footnote-number" href="#footnote-anchor-1">1</a>'
    '<div class="footnote-content"><p>It was my aunt\'s.</p></div></div>'
)
SALT_MARKDOWN = (
    "Salt is kept in a *blue* jar.[^1] So says Ana Lund.\n\n***\n\n```verse\nRoses are red,\nviolets are blue.\n```\n\n"
    "[^1]: It was my aunt's.\n"
)
PRIVATE = {
    "email_list.voice.csv": b"email\nreader@example.org\n",
    "posts/101.salt.delivers.csv": b"email\nreader@example.org\n",
    "posts/101.salt.opens.csv": b"email\nreader@example.org\n",
}


def row(post_id: str, **columns: str) -> dict[str, str]:
    """Return a row of a published newsletter, with some columns changed."""
    plain = {
        "post_id": post_id,
        "post_date": "2024-02-23T10:00:00.000Z",
        "is_published": "true",
        "type": "newsletter",
        "audience": "everyone",
        "title": post_id.partition(".")[2].title(),
    }
    return plain | columns


def posts_csv(*rows: Mapping[str, str], more_columns: tuple[str, ...] = ()) -> bytes:
    """Return a posts.csv."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*HEADER, *more_columns], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def files(csv_bytes: bytes, posts: Mapping[str, str | bytes], *, inside: str = "") -> dict[str, bytes]:
    """Return an export's files by name: the CSV, the posts by id, and the lists that must never be read."""
    found = {"posts.csv": csv_bytes, **PRIVATE}
    for post_id, text in posts.items():
        found[f"posts/{post_id}.html"] = text.encode() if isinstance(text, str) else text
    return {inside + name: data for name, data in found.items()}


def write_zip(path: Path, contents: Mapping[str, bytes]) -> Path:
    """Write an export as it is downloaded."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def write_folder(path: Path, contents: Mapping[str, bytes]) -> Path:
    """Write an export as it is when unpacked."""
    for name, data in contents.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path
