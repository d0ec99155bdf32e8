"""Use cases, headless: the command line and the screens call the same functions, and nothing else."""
