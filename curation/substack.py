"""A Substack export: `posts.csv` and `posts/<post_id>.<slug>.html`, in a zip or in a folder.

The titles stand only in the CSV, the texts only in the HTML, and either can lack the other: each lack is a problem that
names the post. A post is told from others by its id, so that a newer export brings the same posts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from curation.archive import Archive
from curation.counted import counted
from curation.csv_rows import csv_rows
from curation.discover import MAX_BYTES
from curation.errors import EssayError, Problem
from curation.html_markdown import Converted, html_to_markdown
from curation.quoted import quoted
from curation.textfile import decode

POSTS_CSV = "posts.csv"
MAX_ZIP_BYTES = 2_000_000_000
DRAFTS = "drafts"
# Types that Substack may think of next.
OTHER = "other"
ALSO = (DRAFTS, "podcast", "thread", "page", "restack", OTHER)
NEWSLETTER = "newsletter"
_CSV_BYTES = 50_000_000
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "": False}


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post as the CSV has it.

    Attributes:
        post_id: number and slug, as in the file's name; what tells it from others.
        title: for people; from the slug where the CSV has none.
        type: newsletter, podcast, thread, page, restack, or what Substack thinks of next.
        published: whether it is more than a draft.
        line: its line in the CSV; None for a file the CSV does not know.
        file: its HTML; None where the export has none.
        columns: what else the CSV says, without empty values; the subtitle is plain text.
    """

    post_id: str
    title: str
    type: str
    published: bool
    line: int | None
    file: str | None
    columns: dict[str, str] = field(default_factory=dict)


def is_posts_csv(head: bytes) -> bool:
    """Say whether a file that is named so begins as the export's list of posts does."""
    return b"post_id" in head.split(b"\n", 1)[0]


def read_posts(archive: Archive) -> tuple[list[Post], list[Problem]]:
    """Return the posts of an export in its order, those without a row at the end, and what is wrong.

    Raises:
        EssayError: the CSV cannot be read at all.
    """
    shown = archive.shown(POSTS_CSV)
    text = decode(Path(shown), archive.read(POSTS_CSV, _CSV_BYTES))
    problems = list(archive.problems)
    files = {
        PurePosixPath(name).stem: name
        for name in sorted(archive.names)
        if name.startswith("posts/") and name.lower().endswith(".html") and name.count("/") == 1
    }
    posts: dict[str, Post] = {}
    for line, row in _rows(text, shown, problems):
        post = _post(line, row, files, shown, problems)
        if post is None:
            continue
        if post.post_id in posts:
            message = f"names the post {post.post_id!r} again (line {posts[post.post_id].line}). The first one counts."
            problems.append(Problem(shown, line, message))
        else:
            posts[post.post_id] = post
    for stem, name in files.items():
        if stem not in posts:
            posts[stem] = Post(post_id=stem, title=_title(stem), type=NEWSLETTER, published=True, line=None, file=name)
            message = f"has no row in {POSTS_CSV}, so its title was made from its name. Export again to have it."
            problems.append(Problem(archive.shown(name), None, message))
    return list(posts.values()), problems


def left_out(post: Post, also: Collection[str]) -> tuple[str, str] | None:
    """Return why a post is left out and the value of `also` that brings it in, or None where it is wanted.

    Args:
        post: the post.
        also: of `ALSO`: drafts, and the types that are wanted besides newsletters.
    """
    value = post.type if post.type in ALSO else OTHER
    if post.type != NEWSLETTER and value not in also:
        return f"the post {quoted(post.title)} is a {post.type} and is left out. Have it with `--also {value}`.", value
    if not post.published and DRAFTS not in also:
        return f"the post {quoted(post.title)} is a draft and is left out. Have it with `--also {DRAFTS}`.", DRAFTS
    return None


def read_post(archive: Archive, post: Post) -> tuple[Converted, int]:
    """Return the text of a post as Markdown, and the size of its file.

    Raises:
        EssayError: there is no file, or it cannot be read, or holds no text.
    """
    if post.file is None:
        message = (
            f"the post {quoted(post.title)} has no file posts/{post.post_id}.html: an export can lack the newest "
            "posts. Export again, or paste it into a Markdown file."
        )
        raise EssayError(Problem(archive.shown(POSTS_CSV), post.line, message))
    data = archive.read(post.file, MAX_BYTES)
    shown = archive.shown(post.file)
    converted = html_to_markdown(decode(Path(shown), data))
    if not converted.text.strip():
        stripped = ", ".join(f"{count} {name}" for name, count in converted.stripped.items())
        message = f"holds no text{f', only {stripped}' if stripped else ''}. Leave it out, or write it."
        raise EssayError(Problem(shown, None, message))
    return converted, len(data)


def slug_of(post: Post) -> str:
    """Return the part of a post's id that names it."""
    return post.post_id.partition(".")[2] or post.post_id


def about(post: Post) -> dict[str, Any]:
    """Return what is known of a post, as its front matter."""
    return {"post_id": post.post_id, "title": post.title, "type": post.type, "published": post.published} | post.columns


def _rows(text: str, shown: str, problems: list[Problem]) -> list[tuple[int, dict[str, str]]]:
    """Return each row with its first line, its columns by their names in small letters.

    Raises:
        EssayError: the header is another one.
    """
    rows: list[tuple[int, dict[str, str]]] = []
    header: list[str] = []

    def broken(line: int, why: str) -> None:
        message = f"is no CSV from here on ({why}). Export again; the posts above came in."
        problems.append(Problem(shown, line, message))

    for line, cells in csv_rows(text, broken):
        if not header:
            header = [cell.strip().lower() for cell in cells]
            missing = [name for name in ("post_id", "title") if name not in header]
            if missing:
                message = f"has no column {' and no column '.join(missing)}; found: {', '.join(header)}. Export again."
                raise EssayError(Problem(shown, 1, message))
        elif any(cell.strip() for cell in cells):
            if len(cells) != len(header):
                message = f"has {counted(len(cells), 'column')} where the first line names {len(header)}. Export again."
                problems.append(Problem(shown, line, message))
            rows.append((line, dict(zip(header, cells))))
    return rows


def _post(line: int, row: dict[str, str], files: dict[str, str], shown: str, problems: list[Problem]) -> Post | None:
    post_id = row.pop("post_id", "").strip()
    if not post_id:
        problems.append(Problem(shown, line, "has no post_id, so its text cannot be found. Export again."))
        return None
    given = row.pop("is_published", "true").strip()
    published = _BOOLEANS.get(given.lower())
    if published is None:
        message = f"is_published is {given!r}, expected true or false. The post {post_id!r} counts as a draft."
        problems.append(Problem(shown, line, message))
    date = row.get("post_date", "").strip()
    if date and not _is_date(date):
        message = f"post_date is {date!r}, expected ISO 8601 such as 2024-02-23T10:00:00.000Z. It was kept as it is."
        problems.append(Problem(shown, line, message))
    title = " ".join(row.pop("title", "").split())
    kind = row.pop("type", "").strip().lower() or NEWSLETTER
    columns = {name: value.strip() for name, value in row.items() if name and value.strip()}
    if "subtitle" in columns:
        columns["subtitle"] = " ".join(html.unescape(re.sub(r"<[^<>]{1,200}>", "", columns["subtitle"])).split())
    return Post(
        post_id=post_id,
        title=title or _title(post_id),
        type=kind,
        published=bool(published),
        line=line,
        file=files.get(post_id),
        columns=columns,
    )


def _title(post_id: str) -> str:
    name = re.sub(r"[-_\s]+", " ", post_id.partition(".")[2] or post_id).strip()
    return name[:1].upper() + name[1:]


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
