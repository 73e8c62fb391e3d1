"""GitLab, gitlab.com and self-managed alike: `connect` makes a `publish.ports.Forge` of it.

REST is asked for everything. python-gitlab carries the credential and the connection; which requests are made, when
one is made again, and what an answer means is decided here.
"""
