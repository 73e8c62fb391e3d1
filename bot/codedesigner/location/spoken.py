"""What a model is told for an ask, whatever the dialect."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.call.model import Turn
from codedesigner.call.wording import messages
from codedesigner.location.ask import Ask


def spoken(ask: Ask, *, describe: bool = False) -> tuple[str, Sequence[Turn]]:
    """The system prompt and the turns after it. `describe`: they hold the schema although the server has it, too."""
    system, turns = messages(ask.attempt, describe=describe and not ask.bare)
    return "\n\n".join(filter(None, (ask.system_prefix, system))), turns
