"""Tests and intervals that take countries as the units: permutation, few clusters, power, unmeasured confounding."""
