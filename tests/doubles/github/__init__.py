"""GitHub, as far as a reviewer meets it: REST and GraphQL over a real git repository, with GitHub's refusals.

    from tests.doubles.github import Fault, GitHub

    with GitHub(tmp_path).running() as github:                       # breaches of GitHub's own schemas fail the test
        shop = github.project("octo/shop", {"a.py": "x = 1\\n"})      # `main` has one commit
        shop.collaborator("ann", "write")
        pull = github.pull(shop, {"a.py": "x = 2\\n"}, fork="mallory") # or without fork, draft=True, base=…, author=…
        token = github.token(shop, contents="write", checks="none")  # a GITHUB_TOKEN; `user_token`, `token(app=…)`
        client = github.client(token)                                # PyGithub, at `github.api` like a GHES
        pull.push({"a.py": "x = 3\\n"}); pull.push({…}, force=True); pull.move_base({…}); pull.delete_fork()
        github.comment(pull, "ann", "/codedesigner recheck"); github.reply(pull, pull.comments[0], "ann", "why?")
        happened = event(github, "pull_request", "synchronize", pull) # payload, `delivery(secret)` …
        happened.environment(tmp_path, token); happened.checkout(…)  # … and what a workflow's job has
        github.fail(Fault("POST", "/reviews$", stored=True))         # 502 after storing; nth=, status=, cut=, delay=
        github.fail(secondary_limit("POST", "/comments$", retry_after=7))  # also `primary_limit`, `not_permitted`
        github.before = lambda request: …                            # a push between two requests
        look(github, pull).threads                                   # the pull request as a person sees it
        github.requests, github.writes, github.asked("POST", "/reviews")
        sequence(github)                                             # what was sent, for `check_sequence`

A refusal on purpose that GitHub's schema already excludes: `with github.excused(): …`. Further operations need a route
(`routes.py`) and a new extract (`extract.py`). The clock is `github.clock`; it advances only when something is made.
"""

from tests.doubles.github.double import GitHub, Limits
from tests.doubles.github.events import Delivery, Event, event
from tests.doubles.github.faults import not_permitted, primary_limit, secondary_limit
from tests.doubles.github.look import Check, Conversation, Said, Seen, checks_of, look
from tests.doubles.github.model import Issue, IssueComment, Project, Pull, Review, ReviewComment
from tests.doubles.sequence import check_sequence, sequence
from tests.doubles.server import Exchange, Fault, Reply, Request

__all__ = [
    "Check",
    "Conversation",
    "Delivery",
    "Event",
    "Exchange",
    "Fault",
    "GitHub",
    "Issue",
    "IssueComment",
    "Limits",
    "Project",
    "Pull",
    "Reply",
    "Request",
    "Review",
    "ReviewComment",
    "Said",
    "Seen",
    "check_sequence",
    "checks_of",
    "event",
    "look",
    "not_permitted",
    "primary_limit",
    "secondary_limit",
    "sequence",
]
