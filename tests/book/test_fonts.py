"""The mathematics font holds what pages show, keeps what stretches brackets, comes out the same each time."""

from __future__ import annotations

import io
import string
import unicodedata

import pytest
import typst
from fontTools.ttLib import TTFont

from book.fonts import (
    REPERTOIRE,
    TEXT_FACES,
    characters_of,
    fonts_for_press,
    math_font,
    math_italic,
    text_fonts,
)


def opened(packed: bytes) -> TTFont:
    return TTFont(io.BytesIO(packed))


def test_holds_the_characters_of_the_pages_and_their_italics_and_little_else():
    page = "<p>⟶ in prose</p><math><mi>x</mi><mo>⊗</mo><mi>ϕ</mi><mo>&#x2207;</mo></math>"
    font = opened(math_font(characters_of([page])))
    known = set(map(chr, font.getBestCmap()))
    assert {"⟶", "x", "𝑥", "⊗", "ϕ", "𝜙", "∇"} <= known
    assert "⊚" not in known


def test_keeps_the_tables_that_lay_formulas_out():
    font = opened(math_font(frozenset("()√")))
    variants = font["MATH"].table.MathVariants
    assert "parenleft" in variants.VertGlyphCoverage.glyphs
    assert {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord} >= {"ssty"}


def test_browsers_reach_the_forms_for_scripts():
    table = opened(math_font(frozenset("′")))["GSUB"].table
    for record in table.ScriptList.ScriptRecord:
        offered = record.Script.DefaultLangSys.FeatureIndex
        assert "ssty" in {table.FeatureList.FeatureRecord[index].FeatureTag for index in offered}


def test_same_characters_same_bytes():
    characters = frozenset("abc∂")
    assert math_font.__wrapped__(characters) == math_font.__wrapped__(characters)


def test_a_book_s_font_is_a_small_download():
    assert len(math_font(frozenset(string.printable + "∂∇⊤ℝ"))) < 120_000


@pytest.mark.parametrize("letter", string.ascii_letters + "αβγδεζηθικλμνξοπρςστυφχψωΑΔΩ∇ϵϑϕ")
def test_italics_are_named_so_by_unicode(letter):
    plain, italic = unicodedata.name(letter), unicodedata.name(math_italic(letter))
    assert italic == "PLANCK CONSTANT" if letter == "h" else italic.startswith("MATHEMATICAL ITALIC")
    assert letter == "h" or plain.split()[-1] == italic.split()[-1]


def test_the_repertoire_has_what_chapters_write():
    assert set("𝑥𝜃𝐹𝒪ℒ𝔼ℝ∂∇⊤⋆⟨⟩‖≤≈∘⊙⌊⌋𝐱") <= REPERTOIRE


def test_the_press_gets_fonts_that_it_can_read(tmp_path):
    fonts_for_press(tmp_path)
    known = typst.Fonts(include_system_fonts=False, font_paths=[tmp_path]).fonts()
    assert {"STIXGeneral", "STIX Two Math"} <= {font.family for font in known}


def test_the_text_font_is_a_small_download_and_has_four_faces():
    faces = text_fonts()
    assert list(faces) == list(TEXT_FACES)
    assert sum(map(len, faces.values())) < 200_000
    for face in faces.values():
        assert set("Aéß—“”") <= set(map(chr, TTFont(io.BytesIO(face)).getBestCmap()))
