"""The check of one commit, from its beginning to its end, whatever happens in between."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from codedesigner.errors import CodedesignerError, ForbiddenError, ForgeError
from codedesigner.publish.discussion import Check
from codedesigner.publish.forge.verdict import NAME, broken, running, superseded
from codedesigner.pullrequest.desk import Desk


@dataclass
class Checking:
    """Makes and completes the check of `head`. What the forge refuses is said in the log, and does not end the run."""

    desk: Desk
    number: int | None
    head: str
    complete: bool = False
    trouble: str = ""
    _begun: bool = field(default=False, repr=False)

    async def begin(self, before: str = "") -> None:
        """Say that a review is under way, and end what a run that was cut off left running on this head or `before`."""
        for sha in dict.fromkeys((self.head, before)):
            if sha:
                await self._finish_others(sha)
        await self._write(running(self.head, run=self.desk.run))

    async def end(self, check: Check) -> None:
        """Complete the check."""
        await self._write(check)
        self.complete = True

    async def broke(self, error: BaseException) -> None:
        """Complete the check for a run that did not come to its end. Nothing it says is what the change can mend.

        Where somebody goes on with what was interrupted the check stays as it is: that one may have completed it.
        """
        going_on = self.desk.resumed and isinstance(error, asyncio.CancelledError)
        if not self.complete and not going_on:
            what, detail = _words(error)
            await self.end(broken(self.head, what, detail=detail, run=self.desk.run))

    async def _finish_others(self, sha: str) -> None:
        try:
            for other in await self.desk.forge.unfinished(sha, NAME):
                if sha != self.head:
                    await self._write(superseded(other.sha, self.head, run=other.run))
        except ForgeError as error:
            self.desk.say(f"checks of {sha[:12]} could not be looked at: {error.message}")

    async def _write(self, check: Check) -> None:
        try:
            await self.desk.forge.check(replace(check, number=self.number))
        except ForbiddenError as error:
            self._say(f"the check cannot be written: {error.message}", error)
        except ForgeError as error:
            self._say(f"the check was not written: {error.message}", error)

    def _say(self, line: str, error: ForgeError) -> None:
        self.trouble = line
        self.desk.say(line if error.hint is None else f"{line} ({error.hint})")


def _words(error: BaseException) -> tuple[str, str]:
    """What broke, for the title, and what its operator can do. An error that nobody foresaw may hold anything."""
    if isinstance(error, CodedesignerError):
        return error.message, error.hint or ""
    if isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        return "it was interrupted", "Type `/codedesigner recheck` to have the commit reviewed."
    return f"a bug ({type(error).__name__})", "The job's log has what to paste into an issue."
