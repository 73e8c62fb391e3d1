"""Small plots as SVG: no script, a title that screen readers say, and colours that follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 34, 46
SERIES = 6
"""Colours that there are; a plot of more series uses them again."""

STYLE = """
.plot{--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--s0:#0969da;--s1:#bc4c00;--s2:#1a7f37;--s3:#8250df;--s4:#bf3989;--s5:#57606a}
@media(prefers-color-scheme:dark){.plot{--ink:#f0f6fc;--soft:#9198a1;--line:#3d444d;--s0:#4493f8;--s1:#f0883e;--s2:#3fb950;--s3:#ab7df8;--s4:#db61a2;--s5:#9198a1}}
.plot text{font:11px system-ui,sans-serif;fill:var(--soft)}.plot .name{font-size:13px;font-weight:600;fill:var(--ink)}
.plot .grid{stroke:var(--line)}.plot .rule{stroke:var(--soft);stroke-dasharray:4 4}
""" + "".join(
    f".plot .s{number}{{stroke:var(--s{number});fill:var(--s{number})}}.plot text.s{number}{{stroke:none}}"
    for number in range(SERIES)
)


@dataclass(frozen=True, slots=True)
class Axis:
    """What is told along one side, from `low` to `high`, with a mark at each of `marks`."""

    label: str
    low: float
    high: float
    marks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where the value lies, from 0 at the low end to 1 at the high one."""
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5


SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """A value, what a pointer over it is told, how large it is drawn, and its whiskers."""

    x: float
    y: float
    told: str = ""
    radius: float = 3.5
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one colour, joined by a line or not."""

    name: str
    points: tuple[Point, ...]
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Plot:
    """Series in a frame. `rule` is drawn from its first to its second place: what the points are to be read against."""

    title: str
    about: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    rule: tuple[tuple[float, float], tuple[float, float]] | None = None
    names: bool = True


def axis(label: str, values: Sequence[float], *, marks: int = 5) -> Axis:
    """An axis from 0 to just above the greatest value, with round marks."""
    top = max([value for value in values if value > 0], default=1.0)
    step = _round_step(top / marks)
    count = int(top / step - 1e-9) + 1
    places = tuple(round(step * place, 10) for place in range(count + 1))
    return Axis(label, 0.0, places[-1], places)


def _round_step(rough: float) -> float:
    size = 1.0
    while size > rough:
        size /= 10
    while size * 10 <= rough:
        size *= 10
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough - 1e-12)


def drawn(plot: Plot, name: str, *, at: tuple[int, int] | None = None) -> str:
    """The plot as one `svg` element; `name` is unique on its page. With `at`, one to be put inside another."""
    place = "" if at is None else f' x="{at[0]}" y="{at[1]}"'
    head = (
        f'<svg class="plot"{place} width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-labelledby="{name}-t {name}-d" xmlns="http://www.w3.org/2000/svg">'
    )
    parts = [
        head,
        f'<title id="{name}-t">{escape(plot.title)}</title><desc id="{name}-d">{escape(plot.about)}</desc>',
        f'<text class="name" x="{_LEFT}" y="18">{escape(plot.title)}</text>',
        *_frame(plot),
        *(line for number, series in enumerate(plot.series) for line in _series(plot, number, series)),
        "</svg>",
    ]
    return "\n".join(parts)


def _x(plot: Plot, value: float) -> float:
    return _LEFT + plot.x.share(value) * (WIDTH - _LEFT - _RIGHT)


def _y(plot: Plot, value: float) -> float:
    return HEIGHT - _BOTTOM - plot.y.share(value) * (HEIGHT - _TOP - _BOTTOM)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    ends = zip(("x1", "y1", "x2", "y2"), (x1, y1, x2, y2), strict=True)
    return f'<line class="{kind}" ' + " ".join(f'{key}="{_number(value)}"' for key, value in ends) + "/>"


def _frame(plot: Plot) -> list[str]:
    left, right, bottom = _x(plot, plot.x.low), _x(plot, plot.x.high), _y(plot, plot.y.low)
    parts = []
    for mark in plot.y.marks:
        height = _y(plot, mark)
        parts.append(_line("grid", left, height, right, height))
        parts.append(f'<text x="{_number(left - 6)}" y="{_number(height + 4)}" text-anchor="end">{mark:g}</text>')
    for mark in plot.x.marks:
        across = _number(_x(plot, mark))
        parts.append(f'<text x="{across}" y="{_number(bottom + 16)}" text-anchor="middle">{mark:g}</text>')
    middle = _number((left + right) / 2)
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(plot.x.label)}</text>')
    up = _number((_TOP + HEIGHT - _BOTTOM) / 2)
    parts.append(f'<text transform="translate(13 {up}) rotate(-90)" text-anchor="middle">{escape(plot.y.label)}</text>')
    if plot.rule is not None:
        (x1, y1), (x2, y2) = plot.rule
        parts.append(_line("rule", _x(plot, x1), _y(plot, y1), _x(plot, x2), _y(plot, y2)))
    return parts


def _series(plot: Plot, number: int, series: Series) -> list[str]:
    kind = f"s{number % SERIES}"
    places = [(_x(plot, point.x), _y(plot, point.y), point) for point in series.points]
    parts = []
    if series.joined and len(places) > 1:
        route = " ".join(f"{_number(x)},{_number(y)}" for x, y, _ in places)
        parts.append(f'<polyline class="{kind}" style="fill:none" stroke-width="2" points="{route}"/>')
    for x, y, point in places:
        if point.low is not None and point.high is not None:
            parts.append(_line(kind, x, _y(plot, point.low), x, _y(plot, point.high)))
        told = escape(point.told or f"{series.name}: {point.x:g}, {point.y:.3f}")
        place = f'cx="{_number(x)}" cy="{_number(y)}" r="{_number(point.radius)}"'
        parts.append(f'<circle class="{kind}" {place}><title>{told}</title></circle>')
    if places and plot.names:
        lowest = HEIGHT - _BOTTOM - 8
        parts.append(_legend(kind, lowest - 14 * (len(plot.series) - 1 - number), series.name))
    return parts


def _legend(kind: str, height: int, name: str) -> str:
    """Names stand one below the other: beside their lines, those of near ones would write over each other."""
    place = f'x="{WIDTH - _RIGHT - 4}" y="{height}"'
    return f'<text class="{kind}" {place} text-anchor="end">{escape(name)}</text>'


@dataclass(frozen=True, slots=True)
class Bar:
    """A column of two parts, the lower one first."""

    name: str
    lower: int
    upper: int


def bars(title: str, about: str, columns: Sequence[Bar], parts: tuple[str, str], name: str, x_label: str) -> str:
    """Columns of two parts each, as one `svg` element."""
    frame = Plot(
        title,
        about,
        Axis(x_label, 0, max(len(columns), 1), ()),
        axis("findings", [one.lower + one.upper for one in columns]),
        (),
    )
    step = (WIDTH - _LEFT - _RIGHT) / max(len(columns), 1)
    drawing = drawn(frame, name).removesuffix("</svg>")
    lines = []
    for number, one in enumerate(columns):
        left, below = _LEFT + step * (number + 0.15), 0.0
        for kind, part, count in (("s2", parts[0], one.lower), ("s5", parts[1], one.upper)):
            top, bottom = _y(frame, below + count), _y(frame, below)
            box = (
                f'x="{_number(left)}" y="{_number(top)}" width="{_number(step * 0.7)}" height="{_number(bottom - top)}"'
            )
            told = escape(f"{one.name}: {count} {part}")
            lines.append(f'<rect class="{kind}" {box}><title>{told}</title></rect>')
            below += count
        across, under = _number(left + step * 0.35), _number(_y(frame, 0) + 16)
        lines.append(f'<text x="{across}" y="{under}" text-anchor="middle">{escape(one.name)}</text>')
    for number, (kind, part) in enumerate((("s2", parts[0]), ("s5", parts[1]))):
        lines.append(_legend(kind, _TOP + 10 + 14 * number, part))
    return drawing + "\n".join(lines) + "\n</svg>"
