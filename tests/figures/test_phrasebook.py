"""The phrase book: the systems say the same, the record belongs to the pieces, and a stale one is refused."""

import json
import re

import numpy as np
import pytest

from figures import phrasebook

NUMBER = re.compile(r"-?\d+\.\d*(?:e[-+]?\d+)?")
PIECES = list(phrasebook.pieces("companion"))
PEERS = [system for system in phrasebook.SYSTEMS if system != "companion"]


def numbers(text):
    return [float(number) for number in NUMBER.findall(text)]


@pytest.mark.parametrize("system", phrasebook.SYSTEMS)
def test_the_record_is_of_the_pieces_as_they_are(system):
    entry = phrasebook.recorded(system)
    assert list(entry["pieces"]) == PIECES == list(phrasebook.pieces(system))
    assert entry["versions"]
    assert entry["date"]


@pytest.mark.parametrize("system", phrasebook.SYSTEMS)
@pytest.mark.parametrize("name", PIECES)
def test_what_is_recorded_is_what_the_companion_says_now(system, name):
    now = numbers(phrasebook.run("companion")[name])
    then = numbers(phrasebook.recorded(system)["pieces"][name]["output"])
    np.testing.assert_allclose(then, now, rtol=0, atol=2e-8)
    assert bool(now) == (name != "program"), "every piece but the first prints a number"


@pytest.mark.parametrize("system", PEERS)
def test_an_installed_peer_says_what_was_recorded(system):
    pytest.importorskip(phrasebook.SYSTEMS[system].package)
    for name, printed in phrasebook.run(system).items():
        then = numbers(phrasebook.recorded(system)["pieces"][name]["output"])
        np.testing.assert_allclose(numbers(printed), then, rtol=0, atol=2e-8)


def test_a_changed_piece_is_named(tmp_path):
    record = json.loads(phrasebook.located(phrasebook.RECORD).read_text())
    record["jax"]["pieces"]["JVP"]["digest"] = "of an older piece"
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record))
    with pytest.raises(
        phrasebook.StaleRecordError, match=r"with_jax\.py has changed .*\(JVP\).*benchmarks\.phrasebook"
    ):
        phrasebook.recorded("jax", file)
    with pytest.raises(phrasebook.StaleRecordError, match="nothing of PyTorch"):
        phrasebook.recorded("torch", tmp_path / "absent.json")


@pytest.mark.parametrize("system", phrasebook.SYSTEMS)
def test_pieces_fit_the_page(system):
    lines = [line for code in phrasebook.pieces(system).values() for line in code.splitlines()]
    assert max(map(len, lines)) <= 66


def test_a_piece_is_shown_with_what_it_prints():
    shown = phrasebook.show("companion", "Jacobian").data
    assert phrasebook.pieces("companion")["Jacobian"] in shown
    for line in phrasebook.run("companion")["Jacobian"].splitlines():
        assert f"# {line}\n" in shown


@pytest.mark.parametrize("present", [True, False])
def test_the_text_says_where_output_comes_from(present, monkeypatch):
    monkeypatch.setattr(phrasebook, "installed", lambda system: present)
    assert ("run in this build" if present else "recorded on") in phrasebook.source("jax")
