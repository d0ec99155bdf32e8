"""The command line: every command of the screens, with `--json`, data on standard output, words on standard error."""
