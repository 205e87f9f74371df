"""Control flow on values, kept in the graph: `cond` and `while_loop`.

A trace of ordinary Python keeps the branch that was taken and unrolls loops. Here both branches, and a loop's body,
become graphs of their own, and the node that holds them decides while it runs. Where no graph is being recorded
there is nothing to keep, and both simply run Python. `autodiff.nested` has these nodes and their
derivatives.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import modes
from .arrays import Traced, as_array, untraced
from .errors import AutodiffValueError
from .graph import Graph, leaf_names, recorded
from .nested import Branch, Loop
from .recording import Node, StandIns, is_recorded, replaced
from .trees import Structure, flatten, unflatten

# --- For users ----------------------------------------------------------------------------------------------


def cond(condition: Any, then: Callable, otherwise: Callable, *operands: Any) -> Any:
    """`then(*operands)` where `condition` holds, else `otherwise(*operands)`; in a graph, both are kept.

    condition : one number or boolean. then, otherwise : functions that give results alike, in containers, shapes
    and dtypes. operands : arrays or nested containers of them; the functions may use other traced values too.

    Raises `AutodiffValueError` where the two results differ in kind, in a graph.

    >>> import numpy as np, autodiff as ad
    >>> x = ad.placeholder(name="x")
    >>> root = ad.Graph([x], ad.cond(x > 0, np.sqrt, lambda x: 0 * x, x))
    >>> root(4.0), root(-4.0), root.grad()(4.0)
    (np.float64(2.0), np.float64(-0.0), np.float64(0.25))
    """
    if not is_recorded(condition):
        return then(*operands) if condition else otherwise(*operands)
    leaves, structure = flatten(operands)
    values = [as_array(x) for x in leaves]
    sides = [enclosed(side, values, structure) for side in (then, otherwise)]
    if sides[0].kind != sides[1].kind:
        raise AutodiffValueError(
            f"the two sides of cond must give results alike: {sides[0].kind} from the first, {sides[1].kind} from the "
            "second"
        )
    captured = captured_by(sides)
    branch = Branch(*(side.graph(name, captured) for name, side in zip(("then", "otherwise"), sides, strict=True)))
    return unflatten(sides[0].structure, branch(condition, *captured, *values))


def while_loop(test: Callable, body: Callable, init: Any) -> Any:
    """`state = body(state)`, from `init`, as long as `test(state)` holds; in a graph, the loop is kept.

    init : array or nested container of arrays; in a graph, every leaf keeps its shape and dtype from step to step
    (write 0.0 for what becomes a float). test, body : functions of the state; they may use other traced values.

    Raises `AutodiffValueError` where the body changes the kind of the state, in a graph.

    >>> import numpy as np, autodiff as ad
    >>> x = ad.placeholder(name="x")
    >>> halvings = ad.while_loop(lambda s: s[0] > 1, lambda s: (s[0] / 2, s[1] + 1), (x, 0))
    >>> ad.Graph([x], halvings)(10.0)
    (np.float64(0.625), np.int64(4))
    """
    state = init
    while not any(map(is_recorded, flatten(state)[0])):
        goes_on = test(state)
        if is_recorded(goes_on):
            break
        if not goes_on:
            return state
        state = body(state)
    leaves, structure = flatten((state,))
    values = [as_array(x) for x in leaves]
    step, going = enclosed(body, values, structure), enclosed(test, values, structure)
    taken = Kind(structure.children[0], [space(x) for x in values])
    if step.kind != taken:
        raise AutodiffValueError(
            f"the body of while_loop must give a state like the one it takes: it takes {taken}, it gives {step.kind}"
        )
    if going.kind.spaces != ["bool ()"]:
        raise AutodiffValueError(f"the test of while_loop must give one boolean, not {going.kind}")
    captured = captured_by([going, step])
    loop = Loop(going.graph("test", captured), step.graph("body", captured), (len(captured), len(values)))
    return unflatten(structure.children[0], loop(*captured, *values))


# --- Branches and bodies as graphs --------------------------------------------------------------------------


class Kind(NamedTuple):
    """What a function gives: how it is packed, and dtype and shape of each leaf."""

    structure: Structure
    spaces: list[str]

    def __str__(self) -> str:
        return f"{self.structure} of {', '.join(self.spaces)}"


def space(x: Any) -> str:
    """Dtype and shape, in words."""
    return f"{x.dtype} {x.shape}"


class Enclosed(StandIns):
    """The trace of a branch or a body: traced values that it uses from outside become inputs of its own."""

    __slots__ = ("captured",)

    def __init__(self, origin: str = ""):
        super().__init__(origin)
        self.captured: dict[int, tuple[Traced, Traced]] = {}  # by identity: the value outside, the input for it

    def capture(self, x: Traced) -> Traced:
        if id(x) not in self.captured:
            self.captured[id(x)] = x, self.input(untraced(x), "")
        return self.captured[id(x)][1]

    def adopted(self, args: Any) -> Any:
        return replaced(args, lambda x: self.capture(x) if type(x) is Traced and x.owner is not self else x)

    def bind(self, function: Any, args: tuple, kwargs: dict) -> Any:
        return super().bind(function, self.adopted(args), {key: self.adopted(x) for key, x in kwargs.items()})


class Part(NamedTuple):
    """A recorded branch or body, before it is known what the other parts capture."""

    trace: Enclosed
    inputs: list[Node]
    outputs: list
    structure: Structure

    @property
    def kind(self) -> Kind:
        return Kind(self.structure, [space(x) for x in self.outputs])

    def graph(self, name: str, captured: Sequence[Traced]) -> Graph:
        """The graph of (captured values, own operands)."""
        outer = [self.trace.capture(x).payload for x in captured]
        for i, (x, node) in enumerate(zip(captured, outer, strict=True)):
            node.name = getattr(x.payload, "name", "") or f"outer{i}"
        return Graph((*outer, *self.inputs), tuple(self.outputs), name, self.trace.nodes)


def enclosed(f: Callable, values: Sequence, structure: Structure) -> Part:
    """The record of `f`, on arguments of this structure with leaves like these values."""
    trace = Enclosed(modes.origin("a graph", f))
    leaves = [trace.input(untraced(x), name) for x, name in zip(values, leaf_names(f, structure), strict=True)]
    result, found = flatten(recorded(trace, f, unflatten(structure, leaves)))
    outputs = trace.link([as_array(trace.adopted(x)) for x in result])
    return Part(trace, [x.payload for x in leaves], outputs, found)


def captured_by(parts: Sequence[Part]) -> list[Traced]:
    """The values from outside that any of these parts uses."""
    return list({key: x for part in parts for key, (x, _) in part.trace.captured.items()}.values())
