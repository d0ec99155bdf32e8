"""The store: the only room with SQL; one SQLite file holds everything, each thing linked to what it came from."""
