"""`python -m codedesigner`."""

from codedesigner.cli import main

main()
