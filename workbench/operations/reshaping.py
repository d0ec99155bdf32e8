"""Change the texts of pairs: edit, move the boundary, trim, split, merge; each key is one edit of the history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from curation import reshape
from curation.errors import CurationError
from curation.markdown import count_words
from curation.reshape import End, PairText, Side
from store import pairs
from store.pairs import NewPair, Pair, PairChange
from workbench.operations.curating import some
from workbench.operations.doubting import doubt_of
from workbench.operations.errors import NothingToDoError
from workbench.operations.project import Project
from workbench.operations.writing import place_of

if TYPE_CHECKING:
    from curation.pairs import Tier

_REJECTED = "This pair is rejected: put it back with o before you change it."
_REJECTED_THERE = "A pair that is rejected is not changed: `workbench pairs accept` it first."


@dataclass(frozen=True, kw_only=True)
class Reshaped:
    """What a key did to some pairs.

    Attributes:
        text: what was moved or cut, of the first of them.
        changed: how many changed.
        left: how many were left as they are: rejected, or with nothing to move.
    """

    text: str
    changed: int
    left: int


def new_pair(project: Project, tier: Tier, text: PairText, start: int, end: int) -> NewPair:
    """Return a pair to be added, with its words counted and its place in the queue."""
    return NewPair(
        tier=tier,
        prompt=text.prompt,
        response=text.response,
        start=start,
        end=end,
        prompt_words=count_words(text.prompt),
        response_words=count_words(text.response),
        doubt=doubt_of(project, tier, text),
    )


def edit_pair(project: Project, pair_id: int, *, prompt: str, response: str) -> bool:
    """Replace the texts of a pair; return whether they are others now. An accepted one left without one is proposed."""
    pair = pairs.get(project.db, pair_id)
    changed = (pair.prompt, pair.response) != (prompt, response)
    if changed:
        wrote = "write the prompt of a pair" if not pair.prompt.strip() and response == pair.response else "edit a pair"
        change = _text_change(project, pair, PairText(prompt, response))
        if pair.status == "accepted" and not (prompt.strip() and response.strip()):
            # What lacks a text cannot be frozen, and so is not accepted.
            change = replace(change, status="proposed")
        pairs.change(project.db, wrote, [change])
    return changed


def essay_place(project: Project, pair_id: int) -> tuple[Path, int]:
    """Return the file a pair's essay lies in, and the line at which its response begins in it.

    Raises:
        NothingToDoError: it has no file.
        WorkbenchError: its file is not there any more.
    """
    pair = pairs.get(project.db, pair_id)
    place = place_of(project, pair.source_id)
    if place.path is None:
        raise NothingToDoError(
            f"{place.title} has no file: edit its text in Essays with e, or the pair itself with e here."
        )
    found = place.text.find(pair.response[:60]) if pair.response else -1
    return place.path, place.line + place.text.count("\n", 0, found if found >= 0 else pair.start)


def shift_boundary(project: Project, ids: Sequence[int], sentences: int) -> Reshaped:
    """Move the boundary between prompt and response: +1 gives the prompt a sentence, -1 gives it back.

    Only a continuation has one: the prompts of the other tiers are the author's own words.

    Raises:
        CurationError: of a single pair one side would be left empty.
        NothingToDoError: a single pair is rejected or of another tier, or none of several can be changed.
    """
    if len(ids) == 1 and (pair := pairs.get(project.db, ids[0])).tier != "continuation" and pair.status != "rejected":
        raise NothingToDoError(
            f"The prompt of a {pair.tier} is written, not cut from the essay: write it with i.",
            on_command_line=(
                f"The prompt of a {pair.tier} is written, not cut from the essay: "
                f"write it with `workbench pairs edit {pair.id} --prompt`."
            ),
        )
    cut = {row.id for row in pairs.rows(project.db, ids) if row.tier == "continuation"}

    def shift(text: PairText) -> tuple[PairText, str]:
        return reshape.move_boundary(text, sentences), reshape.moved_sentence(text, sentences)

    kept = [pair_id for pair_id in ids if pair_id in cut or len(ids) == 1]
    done = _reshape(project, kept, shift, "move the boundary") if kept else None
    if done is None:
        raise NothingToDoError(
            "The prompts of these pairs are written, not cut from the essay: write each with i.",
            on_command_line=(
                "The prompts of these pairs are written, not cut from the essay: "
                "write each with `workbench pairs edit --prompt`."
            ),
        )
    return replace(done, left=done.left + len(ids) - len(kept))


def trim(project: Project, ids: Sequence[int], side: Side, end: End) -> Reshaped:
    """Cut the first or last sentence of the prompts or responses.

    Raises:
        CurationError: of a single pair nothing would be left.
        NothingToDoError: a single pair is rejected, or none of several can be changed.
    """
    return _reshape(project, ids, lambda text: reshape.trim(text, side, end), f"trim the {side}")


def split_pair(project: Project, pair_id: int, offset: int) -> int:
    """Split the response at a character; return the id of the second pair, which follows the first in the queue too.

    Raises:
        CurationError: one part would be empty.
        NothingToDoError: it is rejected.
    """
    pair = pairs.get(project.db, pair_id)
    if pair.status == "rejected":
        raise NothingToDoError(_REJECTED, on_command_line=_REJECTED_THERE)
    first, second = reshape.split(PairText(pair.prompt, pair.response), offset)
    new, change = new_pair(project, pair.tier, second, pair.start, pair.end), _text_change(project, pair, first)
    # Both stand in the queue where the more doubtful one does: they are read one after the other.
    doubt = max(new.doubt or 0, change.doubt or 0)
    new, change = replace(new, doubt=doubt), replace(change, doubt=doubt)
    return pairs.change(project.db, "split a pair", [change], added=[(pair_id, new, pair.status)])[0]


def merge_pairs(project: Project, ids: Sequence[int]) -> list[int]:
    """Merge a pair with the next of its essay and tier, or each run of several that follow each other.

    Those merged into another go out of the list.

    Args:
        project: the project.
        ids: one pair, or several.

    Returns:
        Those that went into others.

    Raises:
        NothingToDoError: there is nothing to merge with, or a rejected pair stands in between.
    """
    changes: list[PairChange] = []
    gone: list[int] = []
    for run in _runs(project, ids):
        whole = PairText(run[0].prompt, run[0].response)
        for following in run[1:]:
            whole = reshape.merge(whole, PairText(following.prompt, following.response))
            changes.append(PairChange(id=following.id, status="merged"))
            gone.append(following.id)
        changes.append(_text_change(project, run[0], whole))
    if not gone:
        raise NothingToDoError("None of the marked pairs follows another of its essay and tier: nothing to merge.")
    pairs.change(project.db, "merge two pairs" if len(changes) == 2 else f"merge {len(changes):,} pairs", changes)
    return gone


def _runs(project: Project, ids: Sequence[int]) -> list[list[Pair]]:
    """Return the pairs to be merged, each run in the order of its essay."""
    if len(ids) == 1:
        pair = pairs.get(project.db, ids[0])
        following = _next_of_tier(project, pair)
        if following is None:
            raise NothingToDoError("This is the last pair of its essay: nothing to merge with.")
        for item, name in ((pair, "This pair"), (following, "The next pair")):
            if item.status == "rejected":
                raise NothingToDoError(
                    f"{name} is rejected: put it back with o before you merge.",
                    on_command_line=f"{name} is rejected: `workbench pairs accept` it before you merge.",
                )
        return [[pair, following]]
    wanted = set(ids)
    found = [pair for pair in (pairs.get(project.db, pair_id) for pair_id in ids) if pair.status != "rejected"]
    found.sort(key=lambda pair: (pair.source_id, pair.tier, pair.position, pair.id))
    runs: list[list[Pair]] = []
    expected: int | None = None
    for pair in found:
        if runs and pair.id == expected:
            runs[-1].append(pair)
        else:
            runs.append([pair])
        following = _next_of_tier(project, pair)
        expected = following.id if following and following.id in wanted else None
    return [run for run in runs if len(run) > 1]


def _next_of_tier(project: Project, pair: Pair) -> Pair | None:
    following = pairs.next_in_source(project.db, pair.id)
    while following is not None and following.tier != pair.tier:
        following = pairs.next_in_source(project.db, following.id)
    return following


def _reshape(
    project: Project, ids: Sequence[int], change: Callable[[PairText], tuple[PairText, str]], label: str
) -> Reshaped:
    changes: list[PairChange] = []
    first = ""
    for pair_id in ids:
        pair = pairs.get(project.db, pair_id)
        if pair.status == "rejected":
            if len(ids) == 1:
                raise NothingToDoError(_REJECTED, on_command_line=_REJECTED_THERE)
            continue
        try:
            text, moved = change(PairText(pair.prompt, pair.response))
        except CurationError:
            if len(ids) == 1:
                raise
            continue
        first = first or moved
        changes.append(_text_change(project, pair, text))
    if not changes:
        raise NothingToDoError("None of the marked pairs can be changed so.")
    pairs.change(project.db, label if len(changes) == 1 else f"{label} of {some(len(changes))}", changes)
    return Reshaped(text=first, changed=len(changes), left=len(ids) - len(changes))


def _text_change(project: Project, pair: Pair, text: PairText) -> PairChange:
    return PairChange(
        id=pair.id,
        prompt=text.prompt,
        response=text.response,
        prompt_words=count_words(text.prompt),
        response_words=count_words(text.response),
        edited=True,
        doubt=doubt_of(project, pair.tier, text),
    )
