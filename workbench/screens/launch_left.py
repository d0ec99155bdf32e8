"""What was changed in a launch form that was left without a launch: kept by what the form was opened for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.operations.drafting import Form, Kind
    from workbench.operations.project import Project

    # What is launched, the run that is copied, whose adapter is sampled, and like which run.
    Start = tuple[Kind, str | None, str | None, str | None]


def left_key(start: Start) -> str:
    """Return the name under which what was changed is kept."""
    return "left " + " ".join(part or "-" for part in start)


def open_as_left(
    project: Project, start: Start, changes: Mapping[str, Any] | None, key: str, dataset_id: int | None = None
) -> tuple[Form, dict[str, Any]]:
    """Open a form; return it and what was changed in it when it was left.

    Args:
        project: whose runs.
        start: what it is opened for.
        changes: what is to differ; None for what was changed when it was left.
        key: under which that is kept.
        dataset_id: what to train on; None for the newest.
    """
    from workbench.operations import guide
    from workbench.operations.drafting import open_form, with_changes

    kind, parent, adapter, like = start
    form = open_form(project, kind, parent=parent, adapter_run=adapter, like=like, dataset_id=dataset_id)
    if changes is not None:
        return with_changes(project, form, changes), {}
    kept = guide.recall(project, key)
    left = kept if isinstance(kept, dict) else {}
    return with_changes(project, form, left), left


def changed_in(form: Form | None, start: Start, begun: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was changed since a form was opened, and is to stand when it is opened again.

    Args:
        form: as it stands; one that launches something else by now keeps nothing.
        start: what it was opened for.
        begun: what differed when it was opened.
    """
    if form is None or form.kind != start[0]:
        return {}
    return {path: value for path, value in form.changes.items() if begun.get(path) != value} | form.typed
