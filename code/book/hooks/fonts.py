"""Quarto's pre-render step: the fonts, where the style sheet looks for them.

The embedded renderer cuts the mathematics font to the pages that it has made. Quarto has made none yet, so it
gets every character that a formula may reasonably hold.
"""

from pathlib import Path

from book.fonts import MATH_FONT_NAME, math_font, text_fonts

if __name__ == "__main__":
    folder = Path("assets", "fonts")
    folder.mkdir(exist_ok=True)
    for name, font in {**text_fonts(), MATH_FONT_NAME: math_font()}.items():
        (folder / name).write_bytes(font)
