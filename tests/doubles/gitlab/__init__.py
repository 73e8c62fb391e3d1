"""A GitLab on this machine: its API over real git repositories, with GitLab's refusals.

```python
gitlab_ = GitLab(tmp_path)
dev = gitlab_.user("dev")
app = gitlab_.project("group/app", {"a.py": "x = 1\\n"}, owner=dev)
bot, token = gitlab_.project_token(app)
gitlab_.push(app, "feature", {"a.py": "x = 2\\n"})
request = gitlab_.open(app, "feature", dev)
with gitlab_.running():
    client = gitlab.Gitlab(gitlab_.address, private_token=token)
    ...  # what is under test
seen = look(gitlab_, request)
```

| to | use |
| --- | --- |
| have people, tokens, projects, forks, pushes, merge requests | the methods of `World` |
| set limits and switches | attributes of `World` and of `MergeRequest` (`notes_per_minute`, `collapsed`, …) |
| comment, reply or resolve as somebody | `noting` |
| see what a person would see | `look` |
| know what was asked, and make it fail | `requests`, `asked`, `writes`, `fail`, `before` (of `server.Double`) |
| let time pass | `clock.tick(seconds)`; it stands still otherwise, so hand it on as the `sleep` of what is under test |
| have the webhooks of all that happened | `outbox`; `Event.delivery` makes the request, with a token or signed |
| have a job's environment and checkout | `jobs` |
| serve https with a private CA | `tls.secure` before `running` |
| fetch with git | any URL of a project, with a token as the password |
| have pipelines | `pipelines.create`, `pipelines.for_merge_request` |

What it is held to: the parameters of each operation are declared in its `routes_*.py`, and `test_contract.py` holds
them against the attributes that python-gitlab declares for the same endpoint. GitLab's own description of its API is
under CC BY-SA and is not copied here. A request for an operation or parameter that is not declared, a suggestion
outside of its file, a range whose ends are not lines of the diff, `approve` and `merge` are answered as GitLab does
and kept in `violations`, which end `running` with an AssertionError.

Where it is stricter than GitLab: quick actions are done in code blocks, too; a draft note's position is refused when
the draft is written. Where it knows less: positions on images, issues, epics, permissions of custom roles.
"""

from tests.doubles.gitlab.model import DEVELOPER, GUEST, MAINTAINER, OWNER, REPORTER, MergeRequest, Project, User
from tests.doubles.gitlab.server import GitLab
from tests.doubles.gitlab.snapshot import Seen, look

__all__ = [
    "DEVELOPER",
    "GUEST",
    "MAINTAINER",
    "OWNER",
    "REPORTER",
    "GitLab",
    "MergeRequest",
    "Project",
    "Seen",
    "User",
    "look",
]
