"""Doubles of forges: servers on this machine that behave like GitHub and GitLab over real git repositories.

What both need: `git.GitRepo`, the repository behind a project; `server.Double`, which answers over HTTP in a thread,
keeps every request in `requests` and fails where a `Fault` says so; `openapi.Contract`, which holds requests and
answers against a forge's own description. `github` and `gitlab` say how to start each.
"""
