"""How much each measure of a pair says; written by `bench/fit_likeness.py`."""

BIAS = -3.10
COEFFICIENTS = (6.07, 5.00, 5.49)
THRESHOLD = 0.3
"""The mean likeness from which on two groups of remarks are one. Below it, more is missed than is told apart."""
