"""Which form a key in Runs opens, and what it begins as, by the run under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.operations.drafting import Kind
    from workbench.operations.launching import LaunchedTask
    from workbench.operations.running import RunView

_KINDS: dict[LaunchedTask, tuple[Kind, Kind]] = {
    "train": ("train", "train"),
    "sample": ("sample base", "sample adapter"),
    "score": ("score base", "score adapter"),
}


def form_of(view: RunView | None, task: LaunchedTask) -> tuple[Kind, dict[str, Any]]:
    """Return the kind of the form and what it starts from.

    A run of the same task is copied; of a training run that has a checkpoint, the adapter is sampled or scored.
    """
    row = view.row if view is not None else None
    if row is not None and row.smoke and task == "train":
        # Three steps are copied by nobody: the run they were tried for is meant, or the newest whole one.
        return "train", {"parent": row.parent}
    if view is not None and view.imported:
        # Made elsewhere: its settings are not known, so there is nothing to copy and no adapter to ask.
        row = None
    start: dict[str, Any] = {"parent": row.name if row is not None and row.task == task else None}
    has_adapter = row is not None and row.task == "train" and view is not None and bool(view.checkpoints)
    if has_adapter and row is not None and task != "train":
        start["adapter_run"] = row.name
    if task != "score" and row is not None:
        start["like"] = row.name
    base, adapter = _KINDS[task]
    return (adapter if "adapter_run" in start else base), start
