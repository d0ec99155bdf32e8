"""The tasks a job carries out: the only room that loads torch."""
