"""The fonts of the rendered book: STIX for text and STIX Two for mathematics, on screen and on paper.

Pages carry their mathematics as MathML, which needs one OpenType font with a MATH table and no script. The
whole font weighs 1.5 MB; the glyphs that a book uses, with the taller and wider forms that brackets and
accents stretch to, make a WOFF2 file of some 50 kB. The same input gives the same bytes. Both come out of packages
that the book needs anyway: STIX as Matplotlib ships it for its figures, STIX Two Math as ziamath does.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from functools import cache
from html import unescape
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # it takes half a second to import, and most renders make no font
    from fontTools.ttLib import TTFont

MATH_FONT_NAME = "stix-two-math.woff2"
"""The file name under which `assets/book.css` looks for the font, in `assets/fonts`."""

ALWAYS = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("−∂∇∑∏∫√∞→∈≤≥≈≠·×⋯…′⟨⟩‖⊤ℝαβγδεηθλμσφψω⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
"""What every page gets, so that a formula written by a script (a slider's label, say) is not a patchwork."""

REPERTOIRE = ALWAYS | frozenset(
    chr(code)
    for first, last in [
        (0xA0, 0xFF),  # Latin-1
        (0x0300, 0x0338),  # combining accents
        (0x0391, 0x03F6),  # Greek
        (0x2010, 0x205F),  # dashes, primes, spaces
        (0x2100, 0x214F),  # letterlike symbols
        (0x2190, 0x21FF),  # arrows
        (0x2200, 0x22FF),  # operators and relations
        (0x2308, 0x230B),  # ceilings and floors
        (0x27E8, 0x27EB),  # angle brackets
        (0x1D400, 0x1D7FF),  # mathematical alphabets
    ]
    for code in range(first, last + 1)
)
"""All that a formula may reasonably hold, for a renderer that does not say which characters occurred."""

_MATH_SOURCE = Path(str(distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")))

_TEXT_FOLDER = Path(str(distribution("matplotlib").locate_file("matplotlib/mpl-data/fonts/ttf")))

TEXT_FACES = {
    "stix-regular.woff2": _TEXT_FOLDER / "STIXGeneral.ttf",
    "stix-italic.woff2": _TEXT_FOLDER / "STIXGeneralItalic.ttf",
    "stix-bold.woff2": _TEXT_FOLDER / "STIXGeneralBol.ttf",
    "stix-bold-italic.woff2": _TEXT_FOLDER / "STIXGeneralBolIta.ttf",
}
"""The faces of the text font, by the file names under which `assets/book.css` looks for them in `assets/fonts`."""

PROSE = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2060)]))
"""What the text font is cut down to: Latin letters with accents, dashes, quotation marks (the rest is mathematics)."""

_LAYOUT_FEATURES = ["ccmp", "dtls", "flac", "kern", "locl", "mark", "mkmk", "ssty"]

NOT_SET = re.compile(r"<(script|style|pre|code)\b.*?</\1>", re.DOTALL)
"""What is not set in the text font and that of mathematics."""
MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
NAME = re.compile(r"<mi\b[^>]*>\s*([^<]*?)\s*</mi>")
TAG = re.compile(r"<[^>]*>")

_ITALIC_RANGES = [("A", "Z", "𝐴"), ("a", "z", "𝑎"), ("Α", "Ω", "𝛢"), ("α", "ω", "𝛼")]
_ITALIC_OTHERS = dict(zip("hıȷϴ∇∂ϵϑϰϕϱϖ", "ℎ𝚤𝚥𝛳𝛻𝜕𝜖𝜗𝜘𝜙𝜚𝜛", strict=True))


def math_italic(letter: str) -> str:
    """The italic form in which browsers draw a one-letter `<mi>`; other characters stay as they are.

    >>> math_italic("x"), math_italic("h"), math_italic("θ"), math_italic("∂"), math_italic("+")
    ('𝑥', 'ℎ', '𝜃', '𝜕', '+')
    """
    if letter in _ITALIC_OTHERS:
        return _ITALIC_OTHERS[letter]
    for first, last, italic in _ITALIC_RANGES:
        if first <= letter <= last:
            return chr(ord(italic) + ord(letter) - ord(first))
    return letter


def characters_of(pages: Iterable[str]) -> frozenset[str]:
    """The characters that the mathematics font is asked for by pages of HTML.

    Those are the characters of formulas, and of prose the ones beyond ASCII, which the text font may lack.

    >>> sorted(characters_of(["<p>let <math><mi>x</mi><mo>∈</mo><mi>ℝ</mi></math> → y <code>é</code></p>"]))
    ['x', 'ℝ', '→', '∈', '𝑥']
    """
    found: set[str] = set()
    for page in pages:
        shown = NOT_SET.sub("", page)
        for formula in MATH.findall(shown):
            found.update(unescape(TAG.sub("", formula)))
            found.update(math_italic(letter) for letter in map(unescape, NAME.findall(formula)) if len(letter) == 1)
        found.update(character for character in unescape(TAG.sub("", MATH.sub("", shown))) if character > "\x7f")
    return frozenset(found)


def _offer_script_forms_everywhere(font: TTFont) -> None:
    """Let every script reach the features that the font keeps for the script `math`.

    Browsers lay out each symbol of a formula as ordinary text, never as `math`, so they would not find the
    forms that the font has for superscripts (`ssty`), and a prime would be a speck.
    """
    scripts = {record.ScriptTag: record.Script for record in font["GSUB"].table.ScriptList.ScriptRecord}
    for script in scripts.values():
        script.DefaultLangSys = scripts["math"].DefaultLangSys


@cache
def math_font(characters: frozenset[str] = REPERTOIRE) -> bytes:
    """STIX Two Math as WOFF2 with the glyphs for `characters` (and for `ALWAYS`), its MATH table kept."""
    mend = _offer_script_forms_everywhere
    return _cut_down(_MATH_SOURCE, characters | ALWAYS, mend, layout_features=_LAYOUT_FEATURES, desubroutinize=True)


@cache
def text_fonts() -> dict[str, bytes]:
    """The faces of the text font as WOFF2, by file name."""
    return {name: _cut_down(source, PROSE, drop_tables=["FFTM"]) for name, source in TEXT_FACES.items()}


def _cut_down(
    source: Path, characters: frozenset[str], mend: Callable[[TTFont], None] = lambda font: None, **options: Any
) -> bytes:
    """A font as WOFF2 with the glyphs for some characters; ``options`` are those of fontTools' subsetter."""
    from fontTools import subset

    wanted = subset.Options(flavor="woff2", hinting=False, **options)
    font = subset.load_font(str(source), wanted)
    subsetter = subset.Subsetter(wanted)
    subsetter.populate(text="".join(sorted(characters)))
    subsetter.subset(font)
    mend(font)
    packed = io.BytesIO()
    subset.save_font(font, packed, wanted)
    return packed.getvalue()


def fonts_for_press(folder: Path) -> None:
    """Lay down in `folder` what Typst sets the PDF with: the text font and STIX Two Math, whole."""
    for source in (*TEXT_FACES.values(), _MATH_SOURCE):
        (folder / source.name).write_bytes(source.read_bytes())
