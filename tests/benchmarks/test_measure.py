"""The file of measurements: what `measure` writes is what chapters load."""

import json

import pytest

from benchmarks import measure
from figures import measurements


@pytest.fixture
def one(monkeypatch):
    def answer() -> measure.Recorded:
        """The answer."""
        return measure.Recorded(42.0, {"n": 1})

    monkeypatch.setattr(measure, "MEASUREMENTS", {"answer": measure.Measurement(answer, "none")})


@pytest.mark.usefixtures("one")
def test_what_is_recorded_is_what_is_loaded(tmp_path):
    file = tmp_path / "measurements.json"
    file.write_text(json.dumps({"answer": measure.record("answer")}))
    loaded = measurements.load("answer", file)
    assert (loaded.value, loaded.unit, loaded.sizes, loaded.says) == (42.0, "none", {"n": 1}, "The answer.")
    assert "numpy" in loaded.versions
    assert loaded.date in loaded.source


def test_every_measurement_says_what_it_is():
    assert all(entry.says and entry.unit for entry in measure.MEASUREMENTS.values())
