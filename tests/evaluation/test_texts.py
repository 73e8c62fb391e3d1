"""Comments that are placed, and pairs that are told apart."""

from __future__ import annotations

from typing import Any

import pytest

from codedesigner.errors import DiffError
from codedesigner.evaluation.anchoring import anchored
from codedesigner.evaluation.dataset import AnchoredChange, PairedTexts
from codedesigner.evaluation.evaluate import Asked
from codedesigner.evaluation.measure import measure, nothing
from codedesigner.evaluation.pairing import paired
from codedesigner.evaluation.protocol import Resampling

PATCH = """\
diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,3 +1,6 @@
 import json
-legacy_total = 0
+counter = 0
+def add_item(item):
+    counter_lock.acquire()
+    store.append(item)
 print(json.dumps(counter))
"""


def change(*comments: dict[str, Any], patch: str | None = PATCH) -> AnchoredChange:
    whole = [{"path": "a.py", "side": "right", "from_line": 1, "to_line": 1} | comment for comment in comments]
    return AnchoredChange.model_validate({"pr": "x/1", "repo": "x", "patch": patch, "comments": whole})


def test_a_comment_is_placed_from_its_words() -> None:
    right = {"text": "`counter_lock` is never released", "from_line": 4, "to_line": 5}
    wrong = {"text": "`store` is global", "from_line": 2, "to_line": 2}
    (found,) = anchored([change(right, wrong)], Resampling(0))
    assert (found.source, found.comments, found.placed) == ("text", 2, 2)
    assert {most: one.value for most, one in found.within.items()} == {"0": 0.5, "3": 1.0, "10": 1.0}


def test_the_old_side_is_the_old_side() -> None:
    (found,) = anchored(
        [change({"text": "why was `legacy_total` 0?", "side": "left", "from_line": 2, "to_line": 2})], Resampling(0)
    )
    assert found.within["0"].value == 1.0


def test_a_comment_on_a_file_that_is_not_there_is_counted_and_not_placed() -> None:
    (found,) = anchored([change({"text": "`counter`", "path": "b.py"})], Resampling(0))
    assert (found.comments, found.placed, found.within["10"].value) == (1, 0, 0.0)


def test_a_quotation_is_placed_by_itself() -> None:
    quoting = {"text": "leaks", "evidence": "    store.append(item)", "from_line": 5, "to_line": 5}
    found = anchored([change(quoting, {"text": "leaks"})], Resampling(20))
    assert [(one.source, one.comments) for one in found] == [("text", 2), ("evidence", 1)]
    assert found[1].within["0"].value == 1.0
    assert found[1].within["0"].interval == (1.0, 1.0)


def test_changes_without_a_patch_are_left_out_and_counted() -> None:
    known = change({"text": "`counter`"})
    hidden = change({"text": "x"}, {"text": "y"}, patch=None).model_copy(update={"pr": "x/2"})
    found = measure("d", (known, hidden), Asked())
    assert found.anchoring[0].comments == 1
    assert found.notes == ("2 comments on 1 changes without a patch are left out",)


def test_a_patch_that_is_none_is_an_error() -> None:
    with pytest.raises(DiffError):
        anchored([change({"text": "x"}, patch="hello")], Resampling(0))


def texts(**pairs: list[tuple[str, str]]) -> PairedTexts:
    said = {
        "ada#0": "`total_sold` is read outside the lock in `count_sales`, so two threads lose an update",
        "ben#0": "Race in `count_sales`: `total_sold` is read outside the lock and updates are lost",
        "cy#0": "The new migration drops the column `email` without a backup",
    }
    value = {"pr": "x/1", "repo": "x", "texts": said, "same": [], "different": []} | pairs
    return PairedTexts.model_validate(value)


def test_pairs_are_told_apart_as_remarks_are_grouped() -> None:
    entry = texts(same=[("ada#0", "ben#0")], different=[("ada#0", "cy#0")], probably_different=[("ben#0", "cy#0")])
    sure, every = paired([entry], Resampling(0))
    assert (sure.quality.tp, sure.quality.fp, sure.quality.fn) == (1, 0, 0)
    assert (every.quality.tp, every.quality.fp, every.quality.fn) == (1, 0, 0)


def test_pairs_that_are_taken_wrongly_count_against_it() -> None:
    entry = texts(same=[("ada#0", "cy#0")], different=[], probably_different=[("ada#0", "ben#0")])
    sure, every = paired([entry], Resampling(0))
    assert (sure.quality.tp, sure.quality.fp, sure.quality.fn) == (0, 0, 1)
    assert (every.quality.tp, every.quality.fp, every.quality.fn) == (0, 1, 1)
    assert measure("d", (entry,), Asked()).comments == 3
    assert nothing(Asked()).pull_requests == 0
