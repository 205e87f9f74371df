"""The rules appendix holds everything that is in the tables, and what it says of it is so."""

import re
from pathlib import Path

import numpy as np
import pytest

from autodiff.coverage import coverage
from autodiff.tables import COMPOSED, RULES
from figures import appendix_rules as rules

CHAPTER = (Path(__file__).parents[2] / "chapters" / "appendix-rules.qmd").read_text()


def shown(what):
    return set(re.findall(rf'rules\.{what}\("(\w+)"\)', CHAPTER))


def rooms(groups):
    return {room for group in groups for room in rules.GROUPS.get(group, (group,))}


def test_every_rule_and_every_composed_function_has_its_place():
    assert {rules.home(f) for f in RULES} - {None} <= rooms(shown("operators"))
    assert {rules.home(f) for f in COMPOSED} - {None} <= rooms(shown("composed"))


@pytest.mark.parametrize("group", sorted(shown("operators")))
def test_operators_have_their_formulas(group):
    text = rules.operators(group).data
    for function in RULES:
        if rules.home(function) in rooms([group]):
            assert f"`{rules.called(function)}`" in text
    assert text.count("$") % 2 == 0
    assert "$ " not in re.sub(r"\$[^$]+\$", "", text)


def test_tables_keep_their_columns():
    """A bar in a formula would begin a new column."""
    for made in (rules.ufuncs(), rules.ufuncs(rules.scipys()), rules.signs(), rules.kinks(), rules.counts(),
                 rules.mended("refused"), rules.mended("unreachable"), rules.unreachable(),
                 rules.composed("linalg")):  # fmt: skip
        head, *rows = made.data.splitlines()
        assert rows
        assert {row.count("|") for row in rows} == {head.count("|")}


def test_a_derivative_at_a_kink_lies_between_the_slopes_but_for_jumps():
    for line in rules.kinks().data.splitlines()[2:]:
        program, _, *cells = (cell.strip() for cell in line.strip("| ").split("|"))
        left, derivative, right = (
            float(cell.strip("$").replace(r"\infty", "inf")) if cell != "none" else None for cell in cells
        )
        jump = program in ("`np.sign(x)`", "`np.floor(x)`")
        slopes = [slope for slope in (left, right) if slope is not None]
        assert (derivative == 0) if jump else not slopes or min(slopes) <= derivative <= max(slopes), line


def test_formulas_are_cut_between_terms_only():
    assert rules.pieces(r"y = \frac{a + b}{c} + \langle a - b, c \rangle") == [
        r"y = \frac{a + b}{c}", r"+\: \langle a - b, c \rangle",
    ]  # fmt: skip


def test_every_name_of_numpy_stands_on_the_page():
    calls = re.findall(r"^(rules\.\w+\(.*\))$", CHAPTER, re.M)
    page = " ".join(eval(call, {"rules": rules}).data for call in calls)
    assert coverage().keys() <= set(re.findall(r"\bnp(?:\.\w+)+", page))


def test_scipys_functions_have_scipys_name():
    assert {rules.called(f).rpartition(".")[0] for f in rules.scipys()} == {"scipy.special"}
    assert rules.called(np.sin) == "np.sin"
