"""One story of a pull request, told on every forge: the same steps, and the same to be seen after each."""
