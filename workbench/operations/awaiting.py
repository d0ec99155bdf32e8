"""Why there is nothing to review yet, and what to do about it: one sentence and the key."""

from __future__ import annotations

from runners.status import OVER
from store import imported_runs, runs, samples
from workbench.operations.project import Project
from workbench.operations.running import run_view


def nothing_to_review(project: Project, run: str | None = None) -> tuple[str, str]:
    """Say what a review waits for: what is so, and what to do.

    Args:
        project: whose runs.
        run: the run that was to be reviewed; None for the newest training run.
    """
    rows = [row for row in runs.rows(project.db) if row.name == run or (run is None and row.task == "train")]
    if not rows:
        return "No run has been made yet.", "Base and adapter are sampled by a training run: press 4, then r."
    row = rows[-1]
    if row.place == imported_runs.PLACE:
        return (
            f"{row.name} was made elsewhere, and "
            + ("its baselines were not imported." if row.samples else "left no samples."),
            "Import the baselines of its model with it: press 1, then i. Or choose another run: press o.",
        )
    if samples.of_run(project.db, row.name, "adapter"):
        return (
            f"{row.name} has samples of its adapter, and the base was never sampled with these prompts and seeds.",
            "Sample the base: press 4, then s.",
        )
    if row.task == "sample":
        return f"{row.name} sampled the base only.", "Choose a training run to compare it with: press o."
    if row.status not in OVER:
        phase = run_view(project, row.name).phase
        far = "" if phase is None else f", {phase[0]} {phase[1]}" + (f" of {phase[2]}" if phase[2] else "")
        return f"{row.name} is {row.status}{far}.", "Its samples come when it has trained. Watch it with 4."
    if row.status == "finished":
        return f"{row.name} has finished and left no samples.", "See its log with 4, then l."
    return f"{row.name} is {row.status}: it left no samples.", "See why with 4, then l; R resumes it."
