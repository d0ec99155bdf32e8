"""Keep the project well: backups, and a doctor that says what works here and what does not."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from store import backup as store_backup
from store.database import Database
from store.errors import StoreError
from workbench.operations.place_settings import LOCAL
from workbench.operations.places import place, place_names
from workbench.operations.project import DATABASE_FILE, SETTINGS_FILE, Project
from workbench.operations.targets import read, targets

_KEPT = 5


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing the doctor looked at; `advice` is empty when all is well."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def backup(project: Project) -> Path:
    """Write a backup of the store by SQLite's own interface; the last five are kept."""
    return store_backup.backup(project.root / DATABASE_FILE, project.root / "backups", keep=_KEPT)


def doctor(project: Project) -> list[Check]:
    """Look at the interpreter, the store, the tokenizer, the places and the disk."""
    checks = [Check(name="python", ok=sys.version_info >= (3, 11), found=sys.version.split()[0])]
    checks.append(_store_check(project))
    for chosen in targets(project):
        reading = read(chosen, project)
        checks.append(
            Check(
                name="tokenizer",
                ok=reading.exact,
                found=f"{chosen.files.model}: " + ("its own" if reading.exact else "an estimate"),
                advice="" if reading.exact else f"Counts are estimates. {reading.problem}",
            )
        )
    for name in place_names(project):
        problems = place(project, name).check()
        checks.append(
            Check(
                name=f"place {name}",
                ok=not problems,
                found="; ".join(problems) or "ready",
                advice=_train_advice(project, problems) if name == LOCAL else "",
            )
        )
    free_bytes = shutil.disk_usage(project.root).free
    enough = free_bytes > 1 << 30
    checks.append(
        Check(
            name="disk",
            ok=enough,
            found=f"{free_bytes / (1 << 30):.1f} GiB free",
            advice="" if enough else "Less than 1 GiB is free: checkpoints may not fit. Make room.",
        )
    )
    return checks


def _store_check(project: Project) -> Check:
    try:
        database = Database.open(project.root / DATABASE_FILE)
        problems = database.integrity_problems()
        database.close()
    except StoreError as error:
        return Check(name="store", ok=False, found=str(error), advice="Copy the latest file of backups/ over it.")
    return Check(
        name="store",
        ok=not problems,
        found="; ".join(problems) or "sound",
        advice="Copy the latest file of backups/ over it." if problems else "",
    )


def _train_advice(project: Project, problems: list[str]) -> str:
    if problems and project.settings.local.python:
        return (
            f"The interpreter is named under [local] in {SETTINGS_FILE}: mend it, or empty it for the workbench's own."
        )
    return "Install the extra: pip install '.[train]' (in the workbench's source folder)." if problems else ""
