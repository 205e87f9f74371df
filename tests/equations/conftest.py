"""Every numbered equation of the book has a test here, marked with its label: `@pytest.mark.equation("eq-forward")`."""


def pytest_configure(config):
    config.addinivalue_line("markers", "equation(*labels): the test checks these numbered equations of the book")
