"""Import canary prompts from a prompts file into the working set, as a part of the import's edit."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from curation.canaries import CanaryText, parse_canaries
from curation.errors import EssayError
from curation.textfile import read_text
from store import canaries, history
from store.canaries import Canary
from store.known_sources import Outcome
from workbench.operations.import_outputs import OutputBasket
from workbench.operations.intake import Arrival, Intake


def bring_in(intake: Intake, path: Path) -> None:
    """Bring in the prompts of a file; those of a name that is known are replaced where they say something else."""
    try:
        text = read_text(path)
    except EssayError as error:
        intake.problem(error.problem)
        return
    parsed, problems = parse_canaries(text, str(path))
    for problem in problems:
        intake.problem(problem)
    db = intake.project.db
    standing = {row.slug: row for row in canaries.rows(db)}
    # Outputs of the same import may be of these prompts.
    intake.gathered(OutputBasket).add_prompts(parsed)
    dry = intake.options.dry_run
    with nullcontext() if dry else history.edit(db, f"import canary prompts from {path.name}"):
        for item in parsed:
            outcome = _outcome(standing.get(item.slug), item)
            if not dry:
                _keep(intake, standing.get(item.slug), item, outcome)
            opening = " ".join(item.prompt.split())[:60]
            words = len(item.prompt.split())
            intake.arrived(
                Arrival(outcome=outcome, what="prompt", name=item.slug, title=opening, path=str(path), words=words)
            )


def _outcome(row: Canary | None, item: CanaryText) -> Outcome:
    if row is None:
        return "added"
    said = (row.prompt, row.topic, row.length, row.reference)
    return "same" if said == (item.prompt, item.topic, item.length, item.reference) else "changed"


def _keep(intake: Intake, row: Canary | None, item: CanaryText, outcome: Outcome) -> None:
    db = intake.project.db
    if row is None:
        canaries.add(
            db, slug=item.slug, prompt=item.prompt, topic=item.topic, length=item.length, reference=item.reference
        )
    elif outcome == "changed":
        canaries.change(db, row.id, prompt=item.prompt, topic=item.topic, length=item.length, reference=item.reference)
