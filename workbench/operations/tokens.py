"""Token counts for the project's model, by its own tokenizer where there is one, and what the model would not see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from curation.errors import CurationError
from curation.tokens import TokenCounter, estimate_counter, load_counter
from runners.errors import ModelError
from runners.layouts import Layout, lay_out, layout_for, layout_name, special_tokens
from workbench.operations.project import Project

# What a layout adds around a pair where its tokenizer is not known: two separators and the EOS.
_ASSUMED_LAYOUT_TOKENS = 3


@dataclass(frozen=True, kw_only=True)
class TokenView:
    """A pair as one model sees it, in tokens; `exact` is False for an estimate."""

    model: str
    exact: bool
    prompt_tokens: int
    response_tokens: int
    total: int
    max_length: int

    @property
    def fits(self) -> bool:
        """Whether the model sees all of it."""
        return self.total <= self.max_length


def tokenizer_path(model: str, root: Path) -> Path:
    """Return where a model's `tokenizer.json` lies; the file may be missing."""
    if model == "embedded":
        return Path(str(files("runners") / "embedded" / "tokenizer.json"))
    return root / Path(model).expanduser() / "tokenizer.json"


@lru_cache(maxsize=8)
def _counter(model: str, path: Path) -> TokenCounter:
    if not path.is_file():
        return estimate_counter(model)
    try:
        return load_counter(path, name=model)
    except CurationError:
        # A tokenizer of another kind than byte-level BPE: an estimate, marked as one.
        return estimate_counter(model)


def counter(project: Project) -> TokenCounter:
    """Return the counter of the project's model."""
    model = project.settings.model
    return _counter(model, tokenizer_path(model, project.root))


def token_view(project: Project, prompt: str, response: str) -> TokenView:
    """Count one pair as the model's own layout lays it out; `total` includes what the layout adds, and the EOS."""
    model = project.settings.model
    count = counter(project)
    laid_out = _layout(model, tokenizer_path(model, project.root))
    prompt_tokens, response_tokens = count.count(prompt), count.count(response)
    if laid_out is None:
        total = prompt_tokens + response_tokens + _ASSUMED_LAYOUT_TOKENS
    else:
        total = len(lay_out(laid_out, lambda text: [0] * count.count(text), prompt, response).input_ids)
    return TokenView(
        model=model,
        exact=count.exact and laid_out is not None,
        prompt_tokens=prompt_tokens,
        response_tokens=response_tokens,
        total=total,
        max_length=project.settings.max_length,
    )


@lru_cache(maxsize=8)
def _layout(model: str, path: Path) -> Layout | None:
    """Return the model's layout, or None where its tokenizer is missing or of no layout that is known here."""
    if not path.is_file():
        return None
    try:
        special = special_tokens(path)
        return layout_for(layout_name(model, special), special)
    except ModelError:
        return None
