"""The picture of simulated panels: F1 by size, for several correlations."""

from __future__ import annotations

from codedesigner.evaluation.simulate import Location, voted_f1
from codedesigner.evaluation.svg import HEIGHT, SHARES, STYLE, WIDTH, Axis, Plot, Point, Series, drawn
from codedesigner.vote.strategies.votes import odds

SIZES = tuple(range(2, 10))
CORRELATIONS = (0.0, 0.2, 0.4, 0.6)
EQUAL = (
    ("Noisy: recall .5, precision .25", Location(0.5, 0.25)),
    ("Middling: recall .5, precision .5", Location(0.5, 0.5)),
    ("Cautious: recall .25, precision .7", Location(0.25, 0.7)),
)
STRONG, WEAK = Location(0.7, 0.6), Location(0.35, 0.3)


def picture() -> str:
    """Four plots as one `svg` element."""
    plots = [*(_equal(title, location) for title, location in EQUAL), _mixed()]
    places = [(WIDTH * (number % 2), HEIGHT * (number // 2)) for number in range(len(plots))]
    inner = "\n".join(drawn(plot, f"n{number}", at=places[number]) for number, plot in enumerate(plots))
    width, height = WIDTH * 2, HEIGHT * 2
    title = "Simulated panels: F1 by number of locations and correlation of their errors"
    return (
        f'<svg class="plot" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img"'
        f' aria-labelledby="all" xmlns="http://www.w3.org/2000/svg">\n<title id="all">{title}</title>\n'
        f"<style>{STYLE}</style>\n{inner}\n</svg>\n"
    )


def _equal(title: str, location: Location) -> Plot:
    lines = tuple(
        Series(
            f"correlation {correlation:g}",
            tuple(Point(size, voted_f1([location] * size, correlation)) for size in SIZES),
        )
        for correlation in CORRELATIONS
    )
    return _plot(title, "Equal locations; the dashed line is one of them alone.", location.f1, lines)


def _mixed() -> Plot:
    panels = [[STRONG, *[WEAK] * (size - 1)] for size in SIZES]
    lines = []
    for correlation in (0.0, 0.4):
        heads = [Point(len(panel), voted_f1(panel, correlation)) for panel in panels]
        weight = [
            Point(len(panel), voted_f1(panel, correlation, [odds(one.precision) for one in panel])) for panel in panels
        ]
        lines.append(Series(f"by heads, correlation {correlation:g}", tuple(heads)))
        lines.append(Series(f"by weight, correlation {correlation:g}", tuple(weight)))
    about = "One strong location, all others weak; the dashed line is the strong one alone."
    return _plot("One strong (.7, .6) among weak (.35, .3)", about, STRONG.f1, tuple(lines))


def _plot(title: str, about: str, alone: float, lines: tuple[Series, ...]) -> Plot:
    sizes = Axis("locations", SIZES[0], SIZES[-1], SIZES)
    rule = ((SIZES[0], alone), (SIZES[-1], alone))
    return Plot(title, about, sizes, Axis("F1", 0, 1, SHARES), lines, rule=rule)
