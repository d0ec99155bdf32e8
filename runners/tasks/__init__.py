"""The tasks a job carries out: the only room that loads torch."""

import os

# OpenMP reads this once, when torch loads it. By default its threads spin while they wait for one another; with another
# program on the same cores, such as the author's own, two threads then took ten times as long as they do asleep.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
