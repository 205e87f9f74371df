"""Recorded timings: what is missing is an error that says how to record it."""

import pytest

from figures import measurements


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(measurements.MissingMeasurementError, match="make measure"):
        measurements.load("answer", tmp_path / "measurements.json")


def test_a_missing_name_says_what_there_is_and_how_to_record_it(tmp_path):
    file = tmp_path / "measurements.json"
    file.write_text('{"present": {}}')
    with pytest.raises(measurements.MissingMeasurementError, match=r"there are: present.*in benchmarks/measure"):
        measurements.load("absent", file)
