"""Drawings of graphs wear the inks of the figures, so that pages can map them to their themes."""

import re

import numpy as np

import autodiff as ad
from autodiff import drawing
from figures import style


def test_drawings_use_the_inks_of_the_figures():
    assert drawing.INK.items() <= style.INK.items()
    made = ad.trace(lambda x: np.sin(x) / x, 1.0).draw(values=(1.0,), tangents=(1.0,), adjoints=1.0)
    assert set(re.findall(r"#[0-9a-fA-F]{6}\b", made)) == set(drawing.INK.values())
    assert set(re.findall(r'(?:fill|stroke)="([^"#]*)"', made)) == {"none"}
