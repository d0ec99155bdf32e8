"""Where a run can run: one file a place, one Protocol for all."""
