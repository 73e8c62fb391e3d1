"""One event on a pull request, from its reading to everything that stands on the forge afterwards."""
