"""Drawing: a graph as a picture, its operations in layers, numbers at its nodes.

Three steps: what stands in each box (`_boxes`), where the boxes stand (`_placed`), and the SVG (`_svg`). The layers are
those of igraph's Sugiyama layout, which puts the nodes of each layer in an order with few crossings; within that order
each node moves to where its neighbours are. Long edges pass through a place of their own in each layer, so no edge
crosses a box. Labels are formulas, set by ziamath as outlines. The same graph gives the same bytes.
"""

import importlib.util
import itertools
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np

from . import modes
from .algebra import Expression, expression_of, symbol
from .algebra import node as expression_node
from .arrays import as_array, getitem, name_of, untraced
from .errors import AutodiffError, AutodiffValueError
from .graph import Graph
from .notation import latex, symbol_latex
from .recording import Node, evaluated, guard, nodes_in, part, shown, statement
from .source import index_text
from .tables import CONSTANT, PARTIALS
from .trees import flatten

# The inks of the book's figures on light paper; its pages have others for them on dark paper.
INK = {"ink": "#23211d", "muted": "#625d53", "paper": "#fffefa", "blue": "#0072b2", "vermilion": "#d55e00"}

LABEL, NUMBER = 15, 13  # sizes of type
PADDING, BESIDE, BETWEEN, MARGIN = 9, 22, 34, 10  # inside boxes, between them, between layers, around all


class Drawing(str):
    """An SVG as text, which a notebook shows as a picture."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)


def draw(graph: Graph, values: Any = None, tangents: Any = None, adjoints: Any = None) -> Drawing:
    """A graph as a drawing; see `Graph.draw`."""
    igraph, ziamath = _tools()
    return _svg(_placed(_boxes(graph, numbers_of(graph, values, tangents, adjoints), ziamath), igraph))


def _tools() -> tuple[Any, Any]:
    try:
        import igraph
        import ziamath
    except ImportError as error:
        raise AutodiffError(
            f"Graph.draw needs igraph and ziamath; {error.name} is not installed: pip install igraph ziamath"
        ) from error
    return igraph, ziamath


def picture(graph: Graph) -> Drawing | None:
    """The drawing for a notebook; None of a graph too large to look at, or where the tools for it are missing."""
    if len(graph.nodes) > 40 or not all(map(importlib.util.find_spec, ("igraph", "ziamath"))):
        return None
    return draw(graph)


# --- Numbers at the nodes -----------------------------------------------------------------------------------


def numbers_of(graph: Graph, values: Any, tangents: Any, adjoints: Any) -> list[dict[Node, Any]]:
    """The value, the tangent and the adjoint of every node that has one, for the arguments of `Graph.draw`."""
    if values is None:
        if tangents is not None or adjoints is not None:
            raise AutodiffValueError("draw: tangents and adjoints belong to a point; give it by values=(…), too")
        return [{}, {}, {}]
    found = graph.values(*values)
    smooth = [x for x in graph.nodes if x.shape is not None and x.dtype.kind in "fc"]
    dots, bars = {}, {}
    if tangents is not None:
        run = lambda *args: list(map(graph.values(*args).get, smooth))
        dots = dict(zip(smooth, modes.jvp(run, values, tangents)[1], strict=True))
    if adjoints is not None:

        def moved(shifts: list) -> Any:
            """The results where each node's value is moved by a shift: their derivatives at 0 are the adjoints."""
            by, now = dict(zip(smooth, shifts, strict=True)), dict(found)
            for x in graph.nodes:
                y = found[x] if x.function is None else evaluated(x, now)
                now[x] = y + by[x] if x in by else y
            return [now[x] if type(x) is Node else x for x in graph.outputs]

        zeros = [np.zeros(x.shape, x.dtype)[()] for x in smooth]
        (found_bars,) = modes.vjp(moved, zeros)[1](flatten(adjoints)[0])
        bars = dict(zip(smooth, found_bars, strict=True))
    return [found, dots, bars]


# --- What stands in the boxes -------------------------------------------------------------------------------


class Box:
    """A node with its lines of type, or a place (without node) where a long edge passes through a layer."""

    def __init__(self, node: Node | None = None, lines: Sequence = (), border: str = ""):
        self.node, self.lines, self.border = node, lines, border
        self.width = max((line.width for line in lines), default=-BESIDE / 2) + 2 * PADDING if node else 0.0
        self.height = sum(line.height for line in lines) + 2 * PADDING if node else 0.0
        self.before: list[Box] = []
        self.after: list[Box] = []
        self.layer, self.x, self.y = 0, 0.0, 0.0


class Line:
    """One line of type; `rise` is how far below its top the baseline stands."""

    def __init__(self, formula: Any, size: int):
        self.formula, self.width = formula, formula.getsize()[0]
        box = formula.node.bbox
        extra = max(box.ymax - size, 0) + max(-box.ymin - 0.4 * size, 0)  # of fractions and the like
        self.height = 1.45 * size + extra
        self.rise = 1.05 * size + max(box.ymax - size, 0)


def _boxes(graph: Graph, numbers: Sequence[dict[Node, Any]], ziamath: Any) -> list[list[Box]]:
    """The layers of boxes, joined by edges from layer to layer."""

    def line(text: str, size: int, ink: str) -> Line:
        return Line(ziamath.Latex(text, size=size, color=INK[ink], inline=True), size)

    outputs = set(nodes_in(graph.outputs))
    boxes: dict[Node, Box] = {}
    for node in graph.nodes:
        lines = [line(label(node), LABEL, "ink")]
        if node in numbers[0] and node.shape is not None:
            lines.append(line(number_latex(numbers[0][node]), NUMBER, "muted"))
        elif node.shape:
            lines.append(line(shape_latex(node.shape), NUMBER, "muted"))
        for accent, found, ink in (("dot", numbers[1], "blue"), ("bar", numbers[2], "vermilion")):
            if node in found:
                text = f"{symbol_latex(f'{node.name}_{accent}')} = {{{number_latex(found[node])}}}"
                lines.append(line(text, NUMBER, ink))
        border = "input" if node.function is None else "output" if node in outputs else ""
        boxes[node] = Box(node, lines, border)
    _set_layers(graph, boxes)
    layers: list[list[Box]] = [[] for _ in range(1 + max((box.layer for box in boxes.values()), default=0))]
    for node, box in boxes.items():
        layers[box.layer].append(box)
        for operand in node.operands:
            last = boxes[operand]
            for layer in range(last.layer + 1, box.layer):
                passing = Box()
                passing.layer = layer
                layers[layer].append(passing)
                _join(last, passing)
                last = passing
            _join(last, box)
    return layers


def _join(above: Box, below: Box) -> None:
    above.after.append(below)
    below.before.append(above)


def _set_layers(graph: Graph, boxes: dict[Node, Box]) -> None:
    """Operations below their operands; what has no operands directly above its first use."""
    for node in graph.nodes:
        boxes[node].layer = 1 + max((boxes[x].layer for x in node.operands), default=-1)
    for node in graph.nodes:
        uses = [boxes[user].layer for user in graph.operations if node in user.operands]
        if uses and not node.operands:
            boxes[node].layer = min(uses) - 1


SHORT = {
    np.matmul: r"{} \, {}",
    np.transpose: r"{}^{{\top}}",
    np.linalg.inv: "{}^{{-1}}",
    np.where: r"\operatorname{{where}}({}, {}, {})",
}
"""Functions of arrays that have a sign in formulas."""


def label(node: Node) -> str:
    """A node's operation as LaTeX, with its name before it."""
    name = symbol_latex(node.name)
    if node.function is None:
        return name
    if node.function is guard:
        return r"\operatorname{assert}" + ("" if node.args[1] else r"\;\lnot") + rf"\; {operand_latex(node.args[0])}"
    if node.function is part:
        return f"{name} = {operand_latex(node.args[0])}[{node.args[1]}]"
    if node.function is getitem:
        index = index_text(node.args[1], lambda x: r"\mathtt{None}" if x is None else operand_latex(x))
        return f"{name} = {operand_latex(node.args[0])}[{index}]"
    if node.function in SHORT and len(node.args) == SHORT[node.function].count("{}") and not node.kwargs:
        return f"{name} = {SHORT[node.function].format(*map(operand_latex, node.args))}"
    known = node.function in PARTIALS or node.function in CONSTANT
    if known and isinstance(node.function, np.ufunc) and not node.kwargs:
        return f"{name} = {latex(expression_node(node.function, *map(_operand, node.args)))}"
    operands = ", ".join(operand_latex(x) for x in nodes_in(node.args))
    word = name_of(node.function).rpartition(".")[2].replace("_", r"\_")
    return rf"{name} = \operatorname{{{word}}}({operands})"


def _operand(x: Any) -> Expression:
    if type(x) is Node:
        return symbol(x.name)
    x = untraced(x)
    return expression_of(x) if np.ndim(x) == 0 and np.isrealobj(x) else symbol("□")


DOTS = r"\ldots"


def operand_latex(x: Any) -> str:
    """What stands in a formula for an operand: its name, a number, or a square for an array that is constant."""
    return latex(_operand(x))


def number_latex(x: Any) -> str:
    """A value to three digits; of an array its entries if they are few, the shape if it has several axes."""
    x = as_array(untraced(x))
    if x.ndim > 1:
        return rf"[{shape_latex(x.shape)}]"
    if x.ndim:
        entries = [rf"{{{number_latex(entry)}}}" for entry in x]
        return rf"({', '.join(entries if x.size <= 4 else [*entries[:2], DOTS, entries[-1]])})"
    plain = x.item()
    if isinstance(plain, complex):
        return rf"\mathtt{{{plain:.3g}}}"
    return latex(expression_of(plain if isinstance(plain, bool) else float(f"{plain:.3g}")))


def shape_latex(shape: tuple[int, ...]) -> str:
    """The lengths of an array's axes: 3 × 2."""
    return r" \times ".join(map(str, shape))


# --- Where the boxes stand ----------------------------------------------------------------------------------


def _placed(layers: list[list[Box]], igraph: Any) -> list[list[Box]]:
    """The boxes with their places, each layer from left to right."""
    boxes = list(itertools.chain(*layers))
    number = {id(box): i for i, box in enumerate(boxes)}
    edges = [(number[id(box)], number[id(below)]) for box in boxes for below in box.after]
    picture = igraph.Graph(len(boxes), edges, directed=True)
    found = picture.layout_sugiyama(layers=[box.layer for box in boxes], maxiter=200)
    for box, (x, _) in zip(boxes, found.coords, strict=False):
        box.x = x * 80
    for layer in layers:
        layer.sort(key=lambda box: box.x)
    for sweep in range(100):
        for layer in layers if sweep % 2 else layers[::-1]:
            _spread(layer)
    left = min((box.x - box.width / 2 for box in boxes), default=0)
    top = float(MARGIN)
    for layer in layers:
        height = max(box.height for box in layer)
        for box in layer:
            box.x += MARGIN - left
            box.y = top + height / 2
            box.height = box.height or height
        top += height + BETWEEN
    return layers


def _pull(a: Box, b: Box) -> float:
    """How much an edge wants to be upright: long ones most, those from inputs least."""
    if a.node is None or b.node is None:
        return 4.0 if a.node is b.node else 1.0
    return 0.2 if "input" in (a.border, b.border) else 1.0


def _spread(layer: list[Box]) -> None:
    """The places of a layer's boxes that bring their edges nearest to upright while none touches another.

    Least squares, by pooling: boxes that would touch form a block, which stands where its edges on average want it.
    """
    blocks: list[tuple[float, float, int]] = []  # weight, where the first box is to stand, how many boxes
    offsets = [0.0]
    for a, b in itertools.pairwise(layer):
        offsets.append(offsets[-1] + (a.width + b.width) / 2 + BESIDE)
    for box, offset in zip(layer, offsets, strict=True):
        near = [(_pull(box, other), other.x) for other in (*box.before, *box.after)] or [(0.1, box.x)]
        weight, count = sum(w for w, _ in near), 1
        start = sum(w * x for w, x in near) / weight - offset
        while blocks and blocks[-1][1] >= start:
            other_weight, other_start, more = blocks.pop()
            start = (weight * start + other_weight * other_start) / (weight + other_weight)
            weight, count = weight + other_weight, count + more
        blocks.append((weight, start, count))
    starts = itertools.chain(*([start] * count for _, start, count in blocks))
    for box, offset, start in zip(layer, offsets, starts, strict=True):
        box.x = start + offset


# --- The picture --------------------------------------------------------------------------------------------


def _svg(layers: list[list[Box]]) -> Drawing:
    boxes = list(itertools.chain(*layers))
    width = max((box.x + box.width / 2 for box in boxes), default=0) + MARGIN
    height = max((box.y + box.height / 2 for box in boxes), default=0) + MARGIN
    size = {"width": _text(width), "height": _text(height), "viewBox": f"0 0 {_text(width)} {_text(height)}"}
    root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
    paper = {"width": _text(width), "height": _text(height), "rx": "6", "fill": INK["paper"]}
    ElementTree.SubElement(root, "rect", paper)
    for box in boxes:
        if box.node is not None:
            for port, above in enumerate(sorted(box.before, key=lambda above: above.x)):
                _draw_edge(root, box, port, above)
    for box in boxes:
        if box.node is not None:
            _draw_box(root, box, box.node)
    _share_glyphs(root)
    return Drawing(ElementTree.tostring(root, encoding="unicode"))


def _share_glyphs(root: ElementTree.Element) -> None:
    """Keep one outline of each letter."""
    seen: set[str] = set()
    for parent in list(root.iter()):
        for glyph in parent.findall("symbol"):
            if glyph.get("id", "") in seen:
                parent.remove(glyph)
            seen.add(glyph.get("id", ""))


def _draw_edge(root: ElementTree.Element, box: Box, port: int, above: Box) -> None:
    """An arrow into a box, from its operand through the places that the edge passes."""
    spread = min(16.0, box.width / (len(box.before) + 1))
    x, y = box.x + spread * (port - (len(box.before) - 1) / 2), box.y - box.height / 2 - 2
    steps = [(x, y)]
    while above.node is None:
        steps += [(above.x, above.y + above.height / 2), (above.x, above.y - above.height / 2)]
        (above,) = above.before
    steps.append((above.x, above.y + above.height / 2))
    path = [f"M{_text(steps[-1][0])} {_text(steps[-1][1])}"]
    for (x0, y0), (x1, y1) in itertools.pairwise(reversed(steps)):
        y_half = (y0 + y1) / 2
        curve = (x0, y_half, x1, y_half, x1, y1)
        path.append(f"L{_text(x1)} {_text(y1)}" if x0 == x1 else f"C{' '.join(map(_text, curve))}")
    stroke = {"fill": "none", "stroke": INK["muted"], "stroke-width": "1.1"}
    ElementTree.SubElement(root, "path", {"d": " ".join(path), **stroke})
    tip = f"M{_text(x - 3.5)} {_text(y - 6)}L{_text(x)} {_text(y + 1)}L{_text(x + 3.5)} {_text(y - 6)}z"
    ElementTree.SubElement(root, "path", {"d": tip, "fill": INK["muted"]})


BORDERS = {"": {"stroke-width": "0.8"}, "input": {"stroke-width": "0.8", "rx": "14"}, "output": {"stroke-width": "2"}}


def _draw_box(root: ElementTree.Element, box: Box, node: Node) -> None:
    group = ElementTree.SubElement(root, "g")
    title = ElementTree.SubElement(group, "title")
    where = f" ({shown(node.line)})" if node.line else ""
    title.text = f"{node.name if node.function is None else statement(node)}: {node.space}{where}"
    left, top = box.x - box.width / 2, box.y - box.height / 2
    place = {"x": _text(left), "y": _text(top), "width": _text(box.width), "height": _text(box.height), "rx": "4"}
    look = {"fill": INK["paper"], "stroke": INK["ink"], **BORDERS[box.border]}
    ElementTree.SubElement(group, "rect", {**place, **look})
    at = top + PADDING
    for line in box.lines:
        line.formula.drawon(group, box.x, at + line.rise, halign="center", valign="base")
        at += line.height


def _text(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")
