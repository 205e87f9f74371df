"""Quarto's pre-render step: the mathematics font, where the style sheet looks for it.

The embedded renderer cuts the font to the pages that it has made. Quarto has made none yet, so it gets every
character that a formula may reasonably hold.
"""

from pathlib import Path

from book.fonts import MATH_FONT_NAME, math_font

if __name__ == "__main__":
    Path("assets", "fonts", MATH_FONT_NAME).write_bytes(math_font())
