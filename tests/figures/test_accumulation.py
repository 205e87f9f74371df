"""The figures of the chapter on the order of accumulation, and the data that they are drawn from."""

import json

import numpy as np
import pytest

from autodiff.accumulation import bracketings, work
from autodiff.elimination import accumulate, linear_graph, tangled
from figures import accumulation as figures

CHAINS = {
    "running example": [(4, 5), (4,), (3, 4), (1, 3)],
    "bottleneck": [(20, 40), (2, 20), (20, 2), (40, 20)],
    "diagonals only": [(3,), (3,), (3,)],
}
chains = pytest.mark.parametrize("shapes", CHAINS.values(), ids=CHAINS)
RULES = ["forward", "reverse", "markowitz", "optimal"]


@chains
def test_multiplications_add_up_to_the_work_of_the_bracketing(shapes):
    for bracketing in bracketings(len(shapes)):
        steps = figures.multiplications(bracketing, shapes)
        assert sum(taken["multiply_adds"] for taken in steps) == work(bracketing, shapes).multiply_adds
        corners = [taken["corners"] for taken in steps]
        assert all(i < k < j for i, k, j in corners)
        assert len({(i, j) for i, _, j in corners}) == len(shapes) - 1  # every product is made once
        assert corners[-1][0] == 0
        assert corners[-1][2] == len(shapes)


@chains
def test_the_data_of_the_bracketings_is_plain_and_names_the_best(shapes):
    data = figures.bracketing_data(shapes)
    assert json.loads(json.dumps(data)) == data
    named = {name: row for row in data["bracketings"] for name in row["names"]}
    assert set(named) == {"forward", "reverse", "best"}
    assert named["best"]["multiply_adds"] == min(row["multiply_adds"] for row in data["bracketings"])


def test_every_triangulation_shows_its_costs():
    shapes = CHAINS["bottleneck"]
    made = figures.triangulations(figures.bracketing_data(shapes))
    _, *panels = made.axes
    for axes, bracketing in zip(panels, bracketings(4), strict=True):
        steps = figures.multiplications(bracketing, shapes)
        written = {text.get_text() for text in axes.texts}
        assert {f"{taken['multiply_adds']:,}" for taken in steps} <= written
        assert axes.get_xlabel() == f"{work(bracketing, shapes).multiply_adds:,} multiply-adds"


def test_the_chains_to_bracket_by_hand_teach_what_the_chapter_says():
    data = figures.chain_data()
    assert json.loads(json.dumps(data)) == data
    bottleneck, one_output, one_input, two = ({row["written"]: row for row in chain["bracketings"]} for chain in data)
    first = [20, 2], [2, 20]  # C by B, the cheapest on offer: it leads to the dearest orders
    lured = [row for row in bottleneck.values() if any((step["left"], step["right"]) == first for step in row["steps"])]
    assert {row["multiply_adds"] for row in lured} == {max(row["multiply_adds"] for row in bottleneck.values())}
    assert one_output["((DC)B)A"]["names"] == ["reverse", "best"]
    assert one_input["D(C(BA))"]["names"] == ["forward", "best"]
    cost = {name: row["multiply_adds"] for row in two.values() for name in row["names"]}
    assert min(cost["forward"], cost["reverse"]) > 5 * cost["best"]


def test_the_sweep_is_plain_and_crosses_where_it_says():
    data = figures.sweep_data()
    assert json.loads(json.dumps(data)) == data
    gap = np.log(data["times"]["forward"]) - np.log(data["times"]["reverse"])
    before = np.array(data["ratio"]) < data["crossover"]
    assert (gap[before] > 0).all()
    assert (gap[~before] < 0).all()
    for ratio, forward, reverse in zip(data["ratio"], *data["counted"].values(), strict=True):
        assert forward / reverse == pytest.approx(1 / ratio)  # both modes start from an identity: n S and m S


def test_eliminations_cost_what_the_module_counts_and_are_plain():
    graph = linear_graph(tangled, 0.5, 1.5)
    data = figures.elimination_data(graph, RULES)
    assert json.loads(json.dumps(data)) == data
    for rule, states in data["runs"].items():
        assert sum(state["multiply_adds"] for state in states) == accumulate(graph, rule)[1].multiply_adds
        assert sorted(state["eliminated"] for state in states) == graph.intermediate
    costs = figures.order_costs(graph)
    assert len(costs) == 24
    assert costs[0] == accumulate(graph, "optimal")[1].multiply_adds
