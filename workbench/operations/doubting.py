"""How doubtful pairs are, for the queue: worked out when a pair is proposed or changed, and kept with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curation import doubts as signs
from curation import lint
from curation.doubts import Doubt
from curation.reshape import PairText
from store import pairs
from store.pairs import Pair
from workbench.operations.members import Member, lint_pair
from workbench.operations.project import Project
from workbench.operations.taking import words_of_a_model
from workbench.operations.targets import ASSUMED_LAYOUT_TOKENS
from workbench.operations.tokens import counter

if TYPE_CHECKING:
    from curation.filepair import Split
    from curation.pairs import Tier


def doubt_names(project: Project, pair: Pair, tokens: int) -> tuple[str, ...]:
    """Return what makes a proposed pair doubtful, in a few words each; nothing for one that is not, or is decided."""
    if pair.status != "proposed":
        return ()
    found = _doubts(project, pair, tokens)
    return tuple(doubt.name for doubt in found) if signs.weight(found) >= signs.DOUBTFUL else ()


def doubt_of(project: Project, tier: Tier, text: PairText) -> int:
    """Return how doubtful a pair of these texts is, from 0."""
    pair = _Texts(tier, text.prompt, text.response)
    return signs.weight(_doubts(project, pair, _tokens(project, text)))


def judge_unjudged(project: Project, limit: int = 100) -> int:
    """Say of some pairs of an older version how doubtful they are; return how many there were."""
    found = pairs.unjudged(project.db, limit)
    if found:
        weights = {pair.id: doubt_of(project, pair.tier, PairText(pair.prompt, pair.response)) for pair in found}
        pairs.judge(project.db, weights)
    return len(found)


def _tokens(project: Project, text: PairText) -> int:
    """Count a pair for the model that runs start from; one that is short in bytes needs no counting."""
    size = len(text.prompt.encode()) + len(text.response.encode())
    if size <= min(project.settings.max_length, 2 * project.settings.response_tokens):
        return size
    count = counter(project).count
    return count(text.prompt) + count(text.response) + ASSUMED_LAYOUT_TOKENS


class _Texts:
    """A pair that is not in the store yet."""

    source = ""
    split: Split = "train"

    def __init__(self, tier: Tier, prompt: str, response: str) -> None:
        self.tier = tier
        self.prompt = prompt
        self.response = response


def _doubts(project: Project, pair: Member, tokens: int) -> list[Doubt]:
    settings = project.settings
    # Empty sides and lengths are doubts of their own.
    warned = bool(pair.prompt.strip() and pair.response.strip())
    return signs.doubts(
        pair.tier,
        pair.prompt,
        pair.response,
        tokens=tokens,
        max_tokens=settings.max_length,
        target_tokens=settings.response_tokens,
        model_words=words_of_a_model(project, pair.response),
        warnings=len(lint.warnings(lint_pair("", pair), tokens=0, max_tokens=1)) if warned else 0,
    )
