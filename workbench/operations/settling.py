"""Settle a pair whose essay was changed: take the new text, keep the old one, or write a third; each is one edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from curation.following import Comparison, Tied
from curation.following import Followed as Place
from curation.markdown import count_words
from store import essays, following, pairs
from store.following import Move
from store.pairs import Pair
from workbench.operations.errors import NothingToDoError
from workbench.operations.project import Project

How = Literal["take", "keep"]


@dataclass(frozen=True, kw_only=True)
class ChangeView:
    """A pair whose essay was changed, in two or three texts.

    Attributes:
        pair: as it stands.
        before: prompt and response as the essay had them.
        after: as the essay has them now; empty where nothing of it is left.
        own: whether the author has made the pair's words her own, so that it says a third thing.
        gone: whether nothing of the response is left in the essay.
    """

    pair: Pair
    before: tuple[str, str]
    after: tuple[str, str]
    own: bool
    gone: bool

    @property
    def prompt_gone(self) -> bool:
        """Whether the essay had the prompt, and has nothing of it any more."""
        return bool(self.before[0].strip()) and not self.after[0].strip()

    @property
    def lost(self) -> str:
        """What is gone, in a sentence; empty where both texts are still there."""
        if self.gone and self.prompt_gone:
            return "Nothing of this pair is left in the essay."
        if self.gone:
            return "The response is gone from the essay; the prompt is not."
        return "The prompt is gone from the essay; the response is not." if self.prompt_gone else ""


def change_view(project: Project, pair_id: int) -> ChangeView:
    """Return what became of a pair in its essay.

    Raises:
        NothingToDoError: it is not marked as changed.
        NotFound: it is not there any more.
    """
    pair, _, place = _compared(project, pair_id)
    own = _words(pair.response) != _words(place.before[1]) or _words(pair.prompt) != _words(place.before[0])
    return ChangeView(pair=pair, before=place.before, after=place.after, own=own, gone=place.gone)


def settle(project: Project, pair_id: int, how: How) -> bool:
    """Settle a changed pair by taking what its essay says now, or by keeping what the pair says.

    Returns:
        False where taking the new text left the pair without a prompt: it is proposed again, until one is written.

    Raises:
        NothingToDoError: it is not marked as changed, or its text is gone and cannot be taken.
        NotFound: it is not there any more.
    """
    pair, digest, place = _compared(project, pair_id)
    if how == "keep":
        # Its words are hers now, so that no new proposal takes its place.
        following.settle(project.db, "keep a pair as it was", _move(place, pair), digest, {"edited": True})
        return True
    view = ChangeView(pair=pair, before=place.before, after=place.after, own=False, gone=place.gone)
    if place.gone:
        raise NothingToDoError(
            f"{view.lost} Keep the pair as it was, or reject it with x.",
            on_command_line=f"{view.lost} Settle pair {pair.id} with --keep, or `workbench pairs reject` it.",
        )
    prompt, response = taken(view)
    texts = _texts(pair, prompt, response) | {"edited": False}
    following.settle(project.db, "take the new text for a pair", _move(place, pair), digest, texts)
    return bool(prompt.strip())


def settle_with(project: Project, pair_id: int, *, prompt: str, response: str) -> bool:
    """Settle a changed pair with words of the author's own.

    Returns:
        False where a text was left empty: the pair is proposed again, until it is written.

    Raises:
        NothingToDoError: it is not marked as changed.
        NotFound: it is not there any more.
    """
    pair, digest, place = _compared(project, pair_id)
    texts = _texts(pair, prompt, response) | {"edited": True}
    following.settle(project.db, "settle a pair by hand", _move(place, pair), digest, texts)
    return bool(prompt.strip() and response.strip())


def taken(view: ChangeView) -> tuple[str, str]:
    """Return the prompt and the response that taking the new text gives; a prompt that did not change stays."""
    prompt = view.pair.prompt if view.before[0] == view.after[0] else view.after[0]
    return prompt if prompt.strip() else "", view.after[1] or view.pair.response


def changed_ids(project: Project, source_id: int | None = None) -> list[int]:
    """Return the pairs that are to be settled, in reading order."""
    where = pairs.PairFilter(statuses=("proposed", "accepted"), source_id=source_id, changed=True)
    return list(pairs.ids(project.db, where))


def _compared(project: Project, pair_id: int) -> tuple[Pair, str, Place]:
    pair = pairs.get(project.db, pair_id)
    if not pair.changed:
        raise NothingToDoError("The essay says what this pair says: there is nothing to settle.")
    digest, now = essays.version(project.db, pair.source_id)
    tied = Tied(
        id=pair.id,
        prompt=pair.prompt,
        response=pair.response,
        start=pair.start,
        end=pair.end,
        position=pair.position,
    )
    compared = Comparison(essays.text_of(project.db, pair.text_hash), now, project.settings.cleaning)
    return pair, digest, compared.follow(tied)


def _move(place: Place, pair: Pair) -> Move:
    return Move(
        id=pair.id,
        made_from=pair.text_hash,
        changed=False,
        start=place.start,
        end=place.end,
        position=place.position,
    )


def _texts(pair: Pair, prompt: str, response: str) -> dict[str, Any]:
    texts: dict[str, Any] = {
        "prompt": prompt,
        "response": response,
        "prompt_words": count_words(prompt),
        "response_words": count_words(response),
    }
    # What lacks a text cannot be frozen, and so is not accepted.
    whole = bool(prompt.strip() and response.strip())
    return texts if whole or pair.status != "accepted" else texts | {"status": "proposed"}


def _words(text: str) -> list[str]:
    return [word for word in text.split() if word.strip(">")]
