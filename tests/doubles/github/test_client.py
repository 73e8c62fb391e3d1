"""A usual run through PyGithub, and git, against the double; each answer is held against GitHub's description."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.doubles.github import GitHub

TEN = "".join(f"line {n}\n" for n in range(1, 11))
THREADS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewThreads(first: 10) {
    nodes { id isResolved isOutdated line comments(first: 5) { nodes { databaseId author { login } } } }
  } } }
}
"""


def test_a_review_its_check_and_its_life_over_pushes(tmp_path: Path) -> None:
    with GitHub(tmp_path).running() as github:
        shop = github.project("octo/shop", {"a.py": TEN})
        pull = github.pull(shop, {"a.py": TEN.replace("line 5\n", "five\n"), "b.bin": b"\0"}, fork="mallory")
        client = github.client(github.token(shop, contents="write"))
        repo = client.get_repo("octo/shop")
        seen = repo.get_pull(pull.number)
        assert (seen.head.sha, seen.head.repo.full_name) == (pull.head_sha, "mallory/shop")
        assert seen.raw_data["mergeable"] is None, "not worked out yet"
        assert repo.get_pull(pull.number).mergeable is True
        assert [(each.filename, each.patch is None) for each in seen.get_files()] == [("a.py", False), ("b.bin", True)]

        comment = {"path": "a.py", "line": 5, "side": "RIGHT", "body": "why five?"}
        seen.create_review(repo.get_commit(pull.head_sha), "One remark.", "COMMENT", [comment])  # type: ignore[list-item]
        assert [each.state for each in seen.get_reviews()] == ["COMMENTED"]
        run = repo.create_check_run("codedesigner", pull.head_sha, status="in_progress", external_id="1")
        note = {"path": "a.py", "start_line": 5, "end_line": 5, "annotation_level": "notice", "message": "m"}
        run.edit(conclusion="success", output={"title": "t", "summary": "s", "annotations": [note]})
        assert [each.conclusion for each in repo.get_commit(pull.head_sha).get_check_runs()] == ["success"]
        assert [each.message for each in run.get_annotations()] == ["m"]

        pull.push({"a.py": "zero\n" + TEN.replace("line 5\n", "five\n")})
        assert [(each.line, each.commit_id) for each in seen.get_review_comments()] == [(6, pull.head_sha)]
        first = shop.pulls[pull.number].comments[0].commit
        pull.push({"a.py": TEN.replace("line 5\n", "six\n")})
        stored = [each.raw_data for each in seen.get_review_comments()]
        assert [(each["line"], each["position"], each["original_line"], each["commit_id"]) for each in stored] == [
            (None, None, 5, first)
        ]

        variables = {"owner": "octo", "name": "shop", "number": pull.number}
        _, data = client.requester.graphql_query(THREADS, variables)
        (thread,) = data["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"]
        assert (thread["isResolved"], thread["isOutdated"], thread["line"]) == (False, True, None)
        assert thread["comments"]["nodes"][0]["author"] == {"login": "github-actions"}
        client.requester.graphql_named_mutation(
            "resolveReviewThread", {"threadId": thread["id"]}, "thread { isResolved }"
        )
        assert pull.threads[0].resolved_by is not None


def test_content_and_people(tmp_path: Path) -> None:
    with GitHub(tmp_path).running() as github:
        shop = github.project("octo/shop", {"a.py": TEN, "docs/b.md": "# B\n"})
        shop.collaborator("ann", "triage")
        pull = github.pull(shop, {"a.py": None})
        repo = github.client(github.token(shop)).get_repo("octo/shop")
        assert (repo.get_collaborator_permission("ann"), repo.get_collaborator_role_name("ann")) == ("read", "triage")
        content = repo.get_contents("docs/b.md", ref="main")
        assert not isinstance(content, list)
        assert content.decoded_content == b"# B\n"
        assert [each.path for each in repo.get_git_tree("main", recursive=True).tree] == ["a.py", "docs", "docs/b.md"]
        assert repo.get_git_ref(f"pull/{pull.number}/head").object.sha == pull.head_sha
        tip = pull.move_base({"c.py": "c\n"})
        compared = repo.compare(tip, pull.head_sha)
        assert (compared.status, compared.merge_base_commit.sha, compared.ahead_by) == (
            "diverged",
            pull.merge_base(),
            1,
        )
        assert [each.filename for each in compared.files] == ["a.py"]
        listed = subprocess.run(
            ["git", "ls-remote", f"{github.address}/octo/shop.git"], check=True, capture_output=True, text=True
        ).stdout
        assert f"{pull.head_sha}\trefs/pull/1/head" in listed
