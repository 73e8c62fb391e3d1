"""How much each measure of a pair says; written by `bench/fit_likeness.py`."""

BIAS = -3.19
COEFFICIENTS = (6.04, 4.91, 4.84)
THRESHOLD = 0.3
"""The mean likeness from which on two groups of remarks are one."""
