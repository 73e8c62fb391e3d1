"""From options, environment and files to a review that can be run: who is asked, by way of what, and what is kept."""
