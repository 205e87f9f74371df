"""Mathematics on paper: every symbol that people write must come through pandoc and Typst, without a warning."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import typst

from book import html, pandoc
from book.press import NAMES

MATHML = {"m": "http://www.w3.org/1998/Math/MathML"}
SYMBOLS = r"""
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau upsilon
phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
pm mp times div cdot ast star circ bullet oplus ominus otimes oslash odot dagger cap cup uplus sqcap sqcup vee wedge
setminus diamond triangleleft triangleright boxplus boxtimes boxdot
leq geq neq ll gg prec succ preceq succeq sim simeq approx cong equiv propto subset supset subseteq supseteq in ni notin
mid parallel perp vdash models asymp doteq triangleq coloneqq lesssim gtrsim
leftarrow rightarrow to Leftarrow Rightarrow leftrightarrow Leftrightarrow longrightarrow mapsto longmapsto
hookrightarrow uparrow downarrow nearrow searrow implies iff multimap
sum prod coprod int oint bigcap bigcup bigvee bigwedge bigoplus bigotimes bigodot bigsqcup
partial nabla infty forall exists emptyset varnothing Re Im hbar ell top bot ldots cdots vdots ddots dots
langle rangle lfloor rfloor lceil rceil lVert rVert lvert rvert Vert
"""
EXPRESSIONS = [
    r"\hat{a}", r"\bar v^\top", r"\dot{a}", r"\ddot a", r"\tilde a", r"\widehat{ab}", r"\vec a", r"\overline{ab}",
    r"\overbrace{ab}^{c}", r"\underbrace{ab}_{c}", r"\mathbb R^{m\times n}", r"\mathcal L", r"\mathbf x", r"x^\star",
    r"\operatorname{tr}", r"\sqrt[3]{x}", r"\binom{n}{k}", r"\overset{a}{=}", r"\xrightarrow{f}", r"\lim_{x\to0}",
    r"\arg\min_x", r"\left\langle a,b\right\rangle", r"\left\lVert a\right\rVert", r"\boldsymbol x", r"\|x\|",
    r"\begin{pmatrix}a&b\\c&d\end{pmatrix}", r"\begin{cases}a&b\\c&d\end{cases}", r"\text{if }x", r"a\quad b\,c",
    r"\begin{aligned}a&=b\\&=c\end{aligned}", r"f''", r"|x|", r"\mathsf{T}", r"\tfrac12", r"\bigl( x\bigr)",
    r"a \bmod b", r"\frac{\partial y}{\partial x}",
]  # fmt: skip
FORMULAS = [f"\\{name}" for name in SYMBOLS.split()] + EXPRESSIONS


def compiled(text: str, folder) -> list[str]:
    """The warnings of Typst."""
    (folder / "names.typ").write_bytes(NAMES.read_bytes())
    (folder / "main.typ").write_text(text)
    _, warnings = typst.compile_with_warnings(folder / "main.typ", format="pdf")
    return [warning.message for warning in warnings]


def test_all_formulas_come_through(tmp_path):
    blocks = [{"t": "Para", "c": [{"t": "Math", "c": [{"t": "InlineMath"}, formula]}]} for formula in FORMULAS]
    text, warnings = pandoc.write(blocks, "typst")
    assert warnings == []
    assert compiled('#import "names.typ": *\n' + text, tmp_path) == []


@pytest.mark.parametrize("name", ["times.circle", "minus.circle", "dot.circle", "sect"])
def test_the_names_are_still_needed(name, tmp_path):
    """Where this fails, pandoc and Typst agree again: the line goes from names.typ."""
    tex = {"times.circle": r"\otimes", "minus.circle": r"\ominus", "dot.circle": r"\odot", "sect": r"\cap"}[name]
    text, _ = pandoc.write([{"t": "Para", "c": [{"t": "Math", "c": [{"t": "InlineMath"}, tex]}]}], "typst")
    assert name in text
    with pytest.raises(typst.TypstError):
        compiled(text, tmp_path)


def test_dots_stand_over_their_letters_on_pages():
    """Browsers draw the combining dot, which has no width, beside its letter."""
    math = {"t": "Math", "c": [{"t": "InlineMath"}, r"\dot x"]}
    text, _ = pandoc.write([{"t": "Para", "c": [math]}], "html5", "--mathml")
    assert "\N{COMBINING DOT ABOVE}</mo></mover>" in text  # else pandoc has learnt it, and the mend may go
    assert '<mi>x</mi><mo accent="true">˙</mo></mover>' in html.spoken(text)


def test_bars_of_a_norm_do_not_tower_over_brackets():
    math = {"t": "Math", "c": [{"t": "InlineMath"}, r"\lVert r(v)\rVert"]}
    text, _ = pandoc.write([{"t": "Para", "c": [math]}], "html5", "--mathml")
    assert text.count('stretchy="true"') == 2  # else pandoc has learnt it, and the mend may go
    assert 'stretchy="true"' not in html.spoken(text)
    assert html.spoken(text).count("‖</mo>") == 2


@pytest.mark.parametrize(
    ("formula", "spaced"),
    [
        (r"\sin x", "sin_x"),
        (r"\cos\sqrt x", "cos_x"),
        (r"\sin^2\varphi", "sin2_φ"),
        (r"\sin^{-1} x", "sin−1_x"),
        (r"\log_2 n", "log2_n"),
        (r"\max_i x_i", "maxi_xi"),
        (r"\sin^2\alpha\cos^2\frac\beta2", "sin2_α_cos2_β2"),
        (r"2\sin^{k+1}_n x^2", "2_sinnk+1_x2"),
        (r"x^{\sin y}", "xsin_y"),
        (r"\sin^2(x)", "sin2(x)"),
        (r"a\sin^2", "a_sin2"),
        (r"e\sin x", "e_sin_x"),
        (r"\frac{x}{\sin y}", "xsin_y"),
        (r"1+\cos t", "1+cos_t"),
    ],
)
def test_a_named_function_stands_apart_and_keeps_its_scripts(formula, spaced):
    """`_` for the space. A script element has its base and its scripts, and no space among them."""
    math = {"t": "Math", "c": [{"t": "InlineMath"}, formula]}
    text, _ = pandoc.write([{"t": "Para", "c": [math]}], "html5", "--mathml")
    drawn = ElementTree.fromstring(html.spoken(text).strip()).find(".//m:semantics/*", MATHML)
    children = {"msub": 2, "msup": 2, "msubsup": 3, "mfrac": 2}
    for element in drawn.iter():
        name = element.tag.partition("}")[2]
        assert len(element) == children.get(name, len(element))
        if name == "mspace":
            element.text = "_"
    assert "".join(drawn.itertext()).replace("\N{FUNCTION APPLICATION}", "") == spaced
