"""Score runs: a task that measures held-out pairs and trains nothing.

SQLite cannot change a CHECK: the table of runs is written anew, with its rows, indexes and triggers. References of
other tables are by name and stay; foreign keys are not enforced while migrations run.
"""

from typing import Any

_TASKS = "CHECK (task IN ('train', 'sample'))"
_MORE_TASKS = "CHECK (task IN ('train', 'sample', 'score'))"


def apply(db: Any) -> None:
    """Rebuild the table of runs."""
    connection = db.conn
    (definition,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'run'").fetchone()
    kept = connection.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'run' AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    if _TASKS not in definition:
        raise ValueError(f"the table run is not defined with {_TASKS!r}")
    definition = definition.replace(_TASKS, _MORE_TASKS)
    connection.execute(f"CREATE TABLE run_new {definition[definition.index('(') :]}")
    # Rows are told apart by their age first, then by their row ids, so those are kept too.
    columns = ", ".join(row[1] for row in connection.execute("PRAGMA table_info(run)"))
    connection.execute(f"INSERT INTO run_new (rowid, {columns}) SELECT rowid, {columns} FROM run")
    connection.execute("DROP TABLE run")
    connection.execute("ALTER TABLE run_new RENAME TO run")
    for (sql,) in kept:
        connection.execute(sql)
