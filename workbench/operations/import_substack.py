"""Import a Substack export: every post that is wanted becomes a source; what is left out is named, with the way in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from curation.archive import Archive, ExportError, open_archive
from curation.errors import EssayError, Problem
from curation.essay import NOTE_WORDS, slugify
from curation.markdown import count_words
from curation.substack import POSTS_CSV, Post, about, left_out, read_post, read_posts, slug_of
from workbench.operations.import_essays import new_source
from workbench.operations.intake import Intake


def bring_in(intake: Intake, path: Path) -> None:
    """Bring an export in: a zip, its folder, or the `posts.csv` in that."""
    folder = path.parent if path.name.lower() == POSTS_CSV else path
    try:
        with open_archive(folder, POSTS_CSV) as archive:
            _bring_in(intake, archive, folder)
    except EssayError as error:
        intake.problem(error.problem)


def _bring_in(intake: Intake, archive: Archive, path: Path) -> None:
    posts, problems = read_posts(archive)
    for problem in problems:
        intake.problem(problem)
    stripped: Counter[str] = Counter()
    for number, post in enumerate(posts, start=1):
        if intake.cancelled():
            return
        intake.progress(number, len(posts), post.title)
        reason = left_out(post, intake.options.also)
        if reason is not None:
            intake.leave_out(Problem(archive.shown(POSTS_CSV), post.line, reason[0]), reason[1])
            continue
        try:
            stripped += _save(intake, archive, post)
        except ExportError:
            raise
        except EssayError as error:
            intake.problem(error.problem)
    if stripped:
        counted = ", ".join(f"{count} {name}" for name, count in sorted(stripped.items()))
        message = f"the platform's own parts are left out of the texts: {counted}."
        intake.leave_out(Problem(str(path), None, message))


def _save(intake: Intake, archive: Archive, post: Post) -> Counter[str]:
    converted, file_bytes = read_post(archive, post)
    kind = intake.options.kind or ("note" if count_words(converted.text) < NOTE_WORDS else "essay")
    intake.save(
        new_source(
            path=f"substack:{post.post_id}",
            slug=slugify(slug_of(post)),
            kind=kind,
            kind_set=intake.options.kind is not None,
            title=post.title,
            text=converted.text,
            file_bytes=file_bytes,
            front_matter=about(post),
            origin="substack",
        ),
        archive.shown(post.file or POSTS_CSV),
    )
    return converted.stripped
