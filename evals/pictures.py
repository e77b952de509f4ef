"""The curves as SVG, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from evals.curves import Bin, Point

NO_METADATA = {"Date": None, "Creator": None}
SIZE = (6.4, 4.0)
# inches
COLOURS = ("#0b5394", "#cc6600")


def risk_coverage(curves: Mapping[str, Sequence[Point]], told_from: float, path: Path) -> None:
    """The risk at every coverage, one line a catalogue, with a dot where the assistant answers today."""

    def draw(axes: Axes) -> None:
        for colour, (name, points) in zip(COLOURS, curves.items(), strict=False):
            axes.plot(
                [100 * point.coverage for point in points],
                [100 * point.risk for point in points],
                color=colour,
                label=name,
            )
            told = [point for point in points if point.confidence >= told_from]
            if told:
                axes.plot(100 * told[-1].coverage, 100 * told[-1].risk, "o", color=colour)
        axes.set(xlabel="questions answered, surest first (%)", ylabel="of these wrong (%)", xlim=(0, 100))
        axes.set_ylim(bottom=0)
        axes.legend()

    _write(draw, path)


def reliability(bins: Mapping[str, Sequence[Bin]], path: Path) -> None:
    """What the confidence says against what is true."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="#999999", linestyle="--", label="as it should be")
        for colour, (name, found) in zip(COLOURS, bins.items(), strict=False):
            axes.plot(
                [item.confidence for item in found], [item.right for item in found], "o-", color=colour, label=name
            )
        axes.set(xlabel="confidence of the first candidate", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend()

    _write(draw, path)


def styles(hits: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """hit@1 of each style, one bar a catalogue; hits: catalogue -> style -> share."""

    def draw(axes: Axes) -> None:
        names = list(next(iter(hits.values())))
        height = 0.8 / len(hits)
        for number, (colour, (name, shares)) in enumerate(zip(COLOURS, hits.items(), strict=False)):
            places = [place + (number - (len(hits) - 1) / 2) * height for place in range(len(names))]
            values = [100 * shares.get(style, 0.0) for style in names]
            axes.bar_label(
                axes.barh(places, values, height, color=colour, label=name), fmt="%.1f", padding=2, fontsize=7
            )
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set(xlabel="right procedure first (%)", xlim=(50, 105))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(hits))
        # above: inside it would hide a bar

    _write(draw, path)


def lines(points: Mapping[str, Sequence[tuple[float, float]]], across: str, up: str, path: Path) -> None:
    """One line a name over a shared axis, from nought."""

    def draw(axes: Axes) -> None:
        for colour, (name, some) in zip(COLOURS, points.items(), strict=False):
            axes.plot([x for x, _ in some], [y for _, y in some], "o-", markersize=3, color=colour, label=name)
        axes.set(xlabel=across, ylabel=up)
        axes.set_ylim(bottom=0)
        axes.legend()

    _write(draw, path)


def _write(draw: Callable[[Axes], None], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "mot-cua", "svg.fonttype": "none"}):
        # a fixed salt for the ids; letters stay letters, so that the file is small and can be searched
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        axes.grid(color="#dddddd", linewidth=0.5)
        axes.set_axisbelow(True)
        draw(axes)
        figure.savefig(path, format="svg", metadata=NO_METADATA)
