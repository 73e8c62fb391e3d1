"""Prices."""

import math
from functools import cache

RATE = 0.2
TABLE = {
    "a": 1,

    "b": 2,
}

square = lambda x: x * x


# What a customer has taken.
@dataclass
class Cart:
    """Items and their total."""

    items: list[int]
    double = lambda self: self.total() * 2

    # The sum, with tax.
    @property
    @cache
    def total(self) -> int:
        """Sum."""

        def taxed(price: int) -> int:
            return math.ceil(price * (1 + RATE))

        return sum(
            taxed(item)
            for item in self.items
        )

    async def pay(self):
        try:
            await self.send(lambda: self.items)
        except OSError:
            # a comment before the call
            retry()
        else:
            done()
        finally:
            if self.items: self.items.clear()

    class Line:
        price = 0

        def text(self): return f"{self.price}"

# A comment of its own.

if RATE > 1:

    def tax(price):
        return price

else:

    def tax(price):
        return price * RATE


main()
