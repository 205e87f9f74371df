"""An explorable on a page: its data come back out of the HTML, whatever words are in them."""

import json
import re

import pytest

from figures.explorables import explorable

DATA = {"words": "</script><script>alert(1)</script> <!-- & é", "numbers": [0.1, 1e-300, 3]}


def test_the_data_are_read_back_and_end_no_script():
    written = explorable("step-size", DATA, 'A "label" & <more>')._repr_html_()
    (found,) = re.findall(r'<script type="application/json">(.*?)</script>', written)
    assert json.loads(found) == DATA
    assert "<" not in found
    assert 'data-label="A &quot;label&quot; &amp; &lt;more&gt;"' in written
    assert written.startswith('<step-size id="step-size" class="explorable"')
    assert written.endswith("</step-size>")


@pytest.mark.parametrize(("data", "error"), [([float("nan")], ValueError), ({"a": {1}}, TypeError)])
def test_what_json_has_no_form_for_is_refused(data, error):
    with pytest.raises(error):
        explorable("step-size", data, "label")._repr_html_()


def test_the_plain_form_of_a_large_one_is_short():
    assert repr(explorable("step-size", list(range(1000)), "label")) == "Explorable(name='step-size', label='label')"
