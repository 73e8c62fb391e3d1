"""GitHub, github.com and Enterprise Server alike: `connect` makes a `publish.ports.Forge` of it.

REST is asked for everything that it has, GraphQL for what only that tells or does: who this token is, threads with
their resolution, who edited a comment, resolving. PyGithub carries credentials and connections; which requests are
made, when one is made again, and what an answer means is decided here.
"""
