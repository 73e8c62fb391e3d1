"""`python -m bench.crash`."""

from bench.crash import main

if __name__ == "__main__":
    main()
