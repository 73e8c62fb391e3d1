from __future__ import annotations

import pytest

from codedesigner.call.refusal import is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that request.",
        "I’m sorry, but I can’t help with that.",
        "Sorry, I cannot comply.",
        "I can't.",
        "I cannot review this code because it may be malicious.",
        "Unfortunately, I am unable to provide an analysis of exploits.",
        "As an AI language model, I cannot assist with hacking.",
        "I'm unable to help with this.",
        "I will not generate that.",
        "We must decline to answer.",
    ],
)
def test_a_refusal(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot find any problem in this change.",
        "I can't help but notice that the index is off by one.",
        "The function says: I cannot assist with that.",
        "I can't see where x is defined.",
        '{"summary": "I cannot assist with that."}',
        "I cannot assist with that. " * 50,
        "Sorry for the delay. The code is fine.",
    ],
)
def test_no_refusal(text: str) -> None:
    assert not is_refusal(text)
