"""Drawings of graphs: every node once, nothing overlaps, numbers that are right, the same bytes each time."""

import itertools
import re
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import autodiff as ad
from autodiff import drawing
from autodiff.recording import statement

SVG = "{http://www.w3.org/2000/svg}"


def chain(x):
    for f in (np.sin, np.exp, np.sqrt, np.tanh, np.log):
        x = f(x)
    return x


def worked(x, y):
    u = x * y
    return (u + np.sin(x)) * u / y


def fan(x):
    return np.stack([np.sin(x), np.cos(x), x * x, np.exp(x) / x, np.where(x > 0, x, 0)])


def network(w, b, v, x):
    return np.sum((v @ np.tanh(w @ x + b) - 1) ** 2)


def twisted(x, y):
    for _ in range(4):
        x, y = np.sin(x) * y + x, np.hypot(x, y) - 0.25 * x
    return x * y


def branching(x):
    return np.sqrt(x) if x > 0 else x


def several(A):
    q, r = np.divmod(A[0], 2.0)
    return {"q": q, "norm": np.linalg.norm(np.linalg.inv(A) @ A.T), "r": r * 1e-9}


PROGRAMS = {
    "chain": (chain, (0.5,)),
    "worked": (worked, (1.0, 3.0)),
    "fan": (fan, (0.7,)),
    "network": (network, (np.ones((3, 2)), np.ones(3), np.ones((2, 3)), np.ones(2))),
    "twisted": (twisted, (0.7, 0.2)),
    "branching": (branching, (2.0,)),
    "several": (several, (np.eye(2) + 1,)),
    "constant": (lambda x: 1.0, (2.0,)),
    "choice": (lambda x: ad.cond(x > 0, np.sin, np.cos, x), (2.0,)),
    "interpolated": (lambda x: np.interp(x, np.arange(3.0), np.array([0.0, 3.0, 1.0])), (np.array([0.2, 1.7]),)),
    "order": (lambda x: x[np.argmax(x, axis=None)] * np.round(x[np.any(x > 0)], 1), (np.array([0.2, 1.7]),)),
    "complex": (lambda x: np.abs(x * 1j), (1.0 + 2j,)),
}


GRAPHS = [pytest.param(ad.trace(f, *args), args, id=name) for name, (f, args) in PROGRAMS.items()]
GRAPHS.append(
    pytest.param(
        ad.trace(network, *PROGRAMS["network"][1]).grad((0, 1, 2)).simplify(), PROGRAMS["network"][1], id="gradient"
    )
)


@pytest.mark.parametrize(("graph", "args"), GRAPHS)
def test_every_node_is_drawn_once_and_nothing_overlaps(graph, args):
    made = graph.draw(values=args)
    root = ElementTree.fromstring(made)
    titles = [title.text for title in root.iter(f"{SVG}title")]
    names = [node.name if node.function is None else statement(node) for node in graph.nodes]
    assert sorted(title.rpartition(": ")[0] for title in titles) == sorted(names)
    boxes = [group.find(f"{SVG}rect") for group in root.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]
    places = [[float(box.get(key)) for key in ("x", "y", "width", "height")] for box in boxes]
    width, height = float(root.get("width")), float(root.get("height"))
    for x, y, w, h in places:
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
    for (x, y, w, h), (x2, y2, w2, h2) in itertools.combinations(places, 2):
        assert x + w < x2 or x2 + w2 < x or y + h < y2 or y2 + h2 < y
    for x, y in edge_points(root):
        assert not any(left < x < left + w and top < y < top + h for left, top, w, h in places)


def edge_points(root):
    """Points along every edge; the ends, at the borders of boxes, left out."""
    for path in root.findall(f"{SVG}path"):
        if path.get("fill") != "none":
            continue
        steps = re.findall(r"([MCL])([^MCL]*)", path.get("d"))
        at = None
        for kind, numbers in steps:
            points = np.array(numbers.split(), float).reshape(-1, 2)
            t = np.linspace(0, 1, 41)[1:-1, None]
            if kind == "L":
                yield from at + t * (points[-1] - at)
            if kind == "C":
                a, b, c = points
                yield from (1 - t) ** 3 * at + 3 * (1 - t) ** 2 * t * a + 3 * (1 - t) * t**2 * b + t**3 * c
            at = points[-1]


@pytest.mark.parametrize(("graph", "args"), GRAPHS[:3])
def test_the_same_bytes_each_time(graph, args):
    assert graph.draw(values=args) == graph.draw(values=args)
    assert "(test_drawing.py:" in graph.draw()  # the file without its folders


def test_numbers_at_the_nodes():
    graph = ad.trace(worked, 1.0, 3.0)
    values, dots, bars = drawing.numbers_of(graph, (1.0, 3.0), (1.0, 0.0), 1.0)
    assert values == graph.values(1.0, 3.0)
    assert dots[graph.outputs[0]] == pytest.approx(ad.jvp(worked, (1.0, 3.0), (1.0, 0.0))[1])
    assert [bars[x] for x in graph.inputs] == pytest.approx(ad.grad(worked, (0, 1))(1.0, 3.0))
    for node in graph.nodes:
        assert np.shape(bars[node]) == np.shape(dots[node]) == node.shape
    assert sum(bars[x] * dots[x] for x in graph.inputs) == pytest.approx(dots[graph.outputs[0]])


def test_adjoints_of_several_results():
    graph = ad.trace(lambda x: (np.sin(x), {"y": x * x}), 0.5)
    bars = drawing.numbers_of(graph, (0.5,), None, (2.0, {"y": 3.0}))[2]
    assert bars[graph.inputs[0]] == pytest.approx(2 * np.cos(0.5) + 3.0)


@pytest.mark.parametrize(
    ("value", "latex"),
    [
        (1234.5678, "1230"), (-0.0000123456, r"-1.23 \cdot 10^{-5}"), (True, r"\text{true}"),
        (np.ones((2, 3)), r"[2 \times 3]"),
        (np.array([1.0, -2.0]), "({1}, {-2})"), (np.arange(9.0), r"({0}, {1}, \ldots, {8})"), (np.nan, "nan"),
        (1 + 2j, r"\mathtt{1+2j}"),
    ],
)  # fmt: skip
def test_values_in_labels(value, latex):
    assert drawing.number_latex(value) == latex


def test_a_notebook_shows_small_graphs():
    small = ad.trace(chain, 0.5)
    assert small._repr_svg_().startswith("<svg")
    assert small.draw()._repr_svg_() == small.draw()
    assert ad.trace(lambda x: sum(x[i] for i in range(30)), np.ones(30))._repr_svg_() is None


def test_what_is_missing_is_named(monkeypatch):
    graph = ad.trace(chain, 0.5)
    with pytest.raises(ad.AutodiffError, match="values="):
        graph.draw(tangents=(1.0,))
    monkeypatch.setitem(sys.modules, "igraph", None)
    with pytest.raises(ad.AutodiffError, match=r"igraph.*pip install igraph ziamath"):
        graph.draw()
