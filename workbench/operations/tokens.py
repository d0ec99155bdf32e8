"""Token counts for the project's model, by its own tokenizer where there is one, and what the model would not see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from curation.errors import CurationError
from curation.tokens import TokenCounter, estimate_counter, load_counter
from workbench.operations.project import Project

# Tokens a layout adds around prompt and response, the response's EOS included.
_LAYOUT_TOKENS = 3


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
    """Count one pair."""
    count = counter(project)
    prompt_tokens, response_tokens = count.count(prompt), count.count(response)
    return TokenView(
        model=project.settings.model,
        exact=count.exact,
        prompt_tokens=prompt_tokens,
        response_tokens=response_tokens,
        total=prompt_tokens + response_tokens + _LAYOUT_TOKENS,
        max_length=project.settings.max_length,
    )
