"""How much each measure of a pair says; written by `bench/fit_likeness.py`."""

BIAS = -3.93
COEFFICIENTS = (6.60, 4.59, 0.39)
THRESHOLD = 0.25
"""The mean likeness from which on two groups of remarks are one. Below it, more is missed than is told apart."""

FEW_BIAS = -7.25
FEW_COEFFICIENTS = (6.92, 5.07, 2.68)
"""The same where few remarks stand at a place; written by `bench/fit_meaning.py`."""

MEANING_BIAS = -5.72
MEANING_COEFFICIENTS = (4.42, 5.27, 0.59, 5.94)
"""The same with vectors, too."""
