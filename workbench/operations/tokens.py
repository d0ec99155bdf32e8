"""Token counts of pairs for each target model: of small tokenizers at once, of large ones from the store or a child."""

from __future__ import annotations

from dataclasses import dataclass

from curation.tokens import TokenCounter, estimate_counter
from store import token_counts
from workbench.operations.counting import ChildCounter, ask_child
from workbench.operations.project import Project
from workbench.operations.sequences import Recipe, SeenPair, SeenToken, sequence_of
from workbench.operations.targets import ASSUMED_LAYOUT_TOKENS, Target, read, targets


@dataclass(frozen=True, kw_only=True)
class TokenView:
    """A pair as one model sees it, in tokens.

    Attributes:
        model: its id.
        name: its short name.
        exact: False for an estimate.
        pending: whether the exact numbers are still to be counted; these are an estimate meanwhile.
        prompt_tokens: of the prompt alone.
        response_tokens: of the response alone.
        total: as laid out, with the EOS.
        max_length: the longest pair that is taken.
    """

    model: str
    name: str
    exact: bool
    pending: bool = False
    prompt_tokens: int
    response_tokens: int
    total: int
    max_length: int

    @property
    def fits(self) -> bool:
        """Whether the model sees all of it."""
        return self.total <= self.max_length


def counter(project: Project) -> TokenCounter:
    """Return the counter of the model that runs start from; a large tokenizer counts in the child process."""
    chosen = targets(project)[0]
    if chosen.small:
        return read(chosen, project).counter
    exact = bool(ask_child(project, {"do": "count texts", "entry": chosen.entry, "texts": []})["exact"])
    return ChildCounter(project, chosen, exact)


def token_views(project: Project, prompt: str, response: str, *, pair_id: int | None = None) -> tuple[TokenView, ...]:
    """Count one pair for every target model, as its own layout lays it out, the one that runs start from first.

    Args:
        project: the project.
        prompt: the pair's prompt.
        response: the pair's response.
        pair_id: the pair in the store, whose counts may be there; without it large tokenizers are asked at once.
    """
    stored = token_counts.of_pair(project.db, pair_id) if pair_id is not None else {}
    return tuple(_view(project, chosen, prompt, response, stored, wait=pair_id is None) for chosen in targets(project))


def _view(
    project: Project,
    chosen: Target,
    prompt: str,
    response: str,
    stored: dict[str, token_counts.PairTokens],
    *,
    wait: bool,
) -> TokenView:
    found = stored.get(chosen.fingerprint)
    exact, pending = True, False
    if chosen.small:
        reading = read(chosen, project)
        counts, exact = reading.count(prompt, response), reading.exact
    elif found is not None:
        counts, exact = (found.prompt_tokens, found.response_tokens, found.total_tokens), found.exact
    elif wait:
        asked = {"do": "count", "entry": chosen.entry, "prompt": prompt, "response": response}
        answer = ask_child(project, asked)
        counts, exact = tuple(answer["counts"]), bool(answer["exact"])
    else:
        guess = estimate_counter(chosen.name)
        given, learnt = guess.count(prompt), guess.count(response)
        counts, exact, pending = (given, learnt, given + learnt + ASSUMED_LAYOUT_TOKENS), False, True
    return TokenView(
        model=chosen.files.model,
        name=chosen.name,
        exact=exact,
        pending=pending,
        prompt_tokens=counts[0],
        response_tokens=counts[1],
        total=counts[2],
        max_length=chosen.limit,
    )


def lay_out_pair(
    project: Project, chosen: Target, prompt: str, response: str, recipe: Recipe, *, longest: int | None = None
) -> SeenPair:
    """Return what a target model sees of a pair; see `sequences.sequence_of`.

    Raises:
        ModelError: its tokenizer or layout is not known here, and it is a small one.
        CountingError: the same of a large one, or the child process ended.
    """
    if chosen.small:
        return sequence_of(chosen, read(chosen, project), prompt, response, recipe, longest)
    question = {
        "do": "lay out",
        "entry": chosen.entry,
        "prompt": prompt,
        "response": response,
        "recipe": vars(recipe),
        "longest": longest,
    }
    data = ask_child(project, question)["sequence"]
    parts = {name: tuple(SeenToken(**token) for token in data[name]) for name in ("tokens", "beyond")}
    return SeenPair(**(data | parts))
