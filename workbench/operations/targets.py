"""The target models of a project: those that its pairs are counted for, the one that runs start from first.

What is looked at here costs nothing: names, and the dates of files. Reading a tokenizer of 128,000 tokens takes a
tenth of a second and more of the interpreter's lock, and tens of megabytes, so in the terminal only small ones are
read; `counting` gives the others to a child process.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from curation.errors import CurationError
from curation.tokens import TokenCounter, Tokenizer, estimate_counter, load_counter
from runners.errors import ModelError
from runners.families.base import Known
from runners.families.registry import known
from runners.layouts import Layout, lay_out, layout_for, layout_name, special_tokens
from workbench import __version__
from workbench.operations.errors import UnknownModelError
from workbench.operations.model_files import ModelFiles, find_model, split_entry
from workbench.operations.project import Project

# What a layout adds around a pair where its tokenizer is not known: two separators and the EOS.
ASSUMED_LAYOUT_TOKENS = 3
# A `tokenizer.json` up to this size is read where it is asked for; a vocabulary of 32,000 takes about 2 MB.
_SMALL_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target model.

    Attributes:
        entry: as the settings name it.
        files: where its files lie.
        fingerprint: changes with everything that its counts depend on, as far as dates of files tell.
        limit: the longest pair that a run takes and the model was made for, in tokens.
        small: whether it is read in this process.
    """

    entry: str
    files: ModelFiles
    fingerprint: str
    limit: int
    small: bool

    @property
    def name(self) -> str:
        """Its short name: the last part of an id or folder."""
        return self.files.model.rstrip("/").rpartition("/")[2] or self.files.model


@dataclass(frozen=True)
class Reading:
    """A target's tokenizer and layout, read; `problem` says why a count is an estimate, empty when it is exact."""

    counter: TokenCounter
    tokenizer: Tokenizer | None
    layout: Layout | None
    names: dict[int, str]
    problem: str = ""

    @property
    def exact(self) -> bool:
        """Whether its counts are those of the job."""
        return self.tokenizer is not None and self.layout is not None

    def count(self, prompt: str, response: str) -> tuple[int, int, int]:
        """Return the tokens of prompt, response, and of the whole as it is laid out with its EOS."""
        prompt_tokens, response_tokens = self.counter.count(prompt), self.counter.count(response)
        _, total = self._laid({prompt: prompt_tokens, response: response_tokens}, prompt, response)
        return prompt_tokens, response_tokens, total

    def lengths(self, prompt: str, response: str) -> tuple[int, int]:
        """Return the tokens in front of the response, and those of the whole as it is laid out with its EOS."""
        return self._laid({text: self.counter.count(text) for text in (prompt, response)}, prompt, response)

    def _laid(self, counts: dict[str, int], prompt: str, response: str) -> tuple[int, int]:
        if self.layout is None:
            given = counts[prompt] + ASSUMED_LAYOUT_TOKENS - 1
            return given, given + counts[response] + 1
        laid = lay_out(
            self.layout,
            lambda text: [0] * (counts[text] if text in counts else self.counter.count(text)),
            prompt,
            response,
        )
        return laid.prompt_length, len(laid.input_ids)


def targets(project: Project) -> tuple[Target, ...]:
    """Return the target models, each once, the one that runs start from first."""
    entries = dict.fromkeys([project.settings.model, *project.settings.models])
    found: dict[str, Target] = {}
    for entry in entries:
        made = named(entry, project)
        # The model that runs start from is named plainly, and may stand in the list with its commit.
        before = found.get(made.files.model)
        if before is None or (made.files.pinned and not before.files.pinned):
            found[made.files.model] = made
    return tuple(found.values())


def find_target(project: Project, name: str, *, may_be_added: bool = True) -> Target:
    """Return the target model of a name: an entry, an id, or the last part of one.

    Args:
        project: whose models.
        name: the name.
        may_be_added: whether an unknown one is to be added, so that the error says how.

    Raises:
        UnknownModelError: it is none of the project's.
    """
    those = targets(project)
    for wanted in (
        [item for item in those if name in (item.entry, item.files.model)],
        [item for item in those if item.name.lower() == name.lower()],
    ):
        if len(wanted) == 1:
            return wanted[0]
    names = ", ".join(item.files.model for item in those)
    hint = f" Add it with `workbench models add {name}`." if may_be_added else ""
    raise UnknownModelError(f"{name} is no model of this project. Its models: {names}.{hint}")


def target_of(project: Project, entry: str) -> Target:
    """Return the target that a run's model is, by `id@commit`, id or folder; one of its own where it is none."""
    model, _ = split_entry(entry)
    for item in targets(project):
        folder = item.files.folder if item.files.where == "folder" else None
        if entry == item.entry or model == item.files.model or (folder is not None and Path(model) == folder.resolve()):
            return item
    return named(entry, project)


def pinned_revision(project: Project, model: str) -> str | None:
    """Return the commit that the project pins a model to, or None."""
    for item in targets(project):
        if item.files.model == model and item.files.pinned:
            return item.files.revision
    return None


def read(chosen: Target, project: Project) -> Reading:
    """Read a target's tokenizer and layout, in this process, whatever their size; the last few stay read."""
    return _read(chosen.fingerprint, chosen.files, kept_folder(project))


def kept_folder(project: Project) -> Path:
    """Return where what was read of tokenizers is kept."""
    return project.root / "cache" / "tokenizers"


def known_of(files: ModelFiles) -> Known | None:
    """Return what is known of a model from its `config.json`, or from its id as long as that is all there is."""
    return known(files.model, files.config() or None)


def named(entry: str, project: Project) -> Target:
    """Return the target that an entry of the settings names, whether or not it is in them."""
    files = find_model(entry, project.root)
    stats = [_stat(files.folder / name) if files.folder else None for name in ("tokenizer.json", "config.json")]
    context = _context(files, json.dumps(stats))
    told = json.dumps([__version__, entry, str(files.folder), stats])
    return Target(
        entry=entry,
        files=files,
        fingerprint=hashlib.sha256(told.encode()).hexdigest(),
        limit=min(project.settings.max_length, context or project.settings.max_length),
        small=stats[0] is None or stats[0][0] <= _SMALL_BYTES,
    )


def _stat(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=32)
def _context(files: ModelFiles, _stats: str) -> int | None:
    found = known_of(files)
    return found.context_tokens if found else None


@lru_cache(maxsize=8)
def _read(_fingerprint: str, files: ModelFiles, kept: Path) -> Reading:
    name = files.model
    if files.folder is None:
        return Reading(
            estimate_counter(name), None, None, {}, f"{name} is not here. Fetch it with `workbench models add {name}`."
        )
    if files.tokenizer is None:
        return Reading(estimate_counter(name), None, None, {}, f"{files.folder} holds no tokenizer.json.")
    problems = []
    tokenizer = layout = None
    special: dict[str, int] = {}
    try:
        tokenizer = load_counter(files.tokenizer, name=name, kept=kept)
    except CurationError as error:
        problems.append(str(error))
    try:
        special = special_tokens(files.tokenizer)
        family = known_of(files)
        layout = layout_for(layout_name(name, special, family.family.name if family else ""), special)
    except ModelError as error:
        problems.append(str(error))
    names = {token: content for content, token in special.items()}
    return Reading(tokenizer or estimate_counter(name), tokenizer, layout, names, " ".join(problems))
