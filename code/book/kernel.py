"""What the executor's hidden first cell does inside of a kernel. Its text is sent there; nothing here imports it.

It makes figures that pyplot does not know of come out as SVG, as those of pyplot do, and it gives the executor two
functions: one publishes the values of inline expressions, as text the way that Quarto prints it; the other tells which
files were read since.
"""


def set_up(values_type, memory):
    """Prepare the kernel; return the two functions.

    Published values have the MIME type ``values_type``. A cell that asks for more than ``memory`` bytes in all gets a
    MemoryError. The kernel ends with the process that started it, however that ends.
    """
    import contextlib
    import ctypes
    import os
    import signal
    import sys

    from IPython import get_ipython
    from IPython.display import display

    if sys.platform == "linux":
        import resource

        with contextlib.suppress(ValueError):  # there is a lower limit already
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        end_with_parent = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(end_with_parent, signal.SIGKILL)

    shell = get_ipython()
    opened = set()

    def draw(figure):
        from IPython.core.pylabtools import print_figure

        metadata = {"Date": None, "Creator": None}
        return print_figure(figure, fmt="svg", bbox_inches="tight", metadata=metadata)

    formatter = shell.display_formatter.formatters["image/svg+xml"]
    formatter.for_type_by_name("matplotlib.figure", "Figure", draw)

    def publish(values):
        display({values_type: values}, raw=True)

    def value(thunk):
        try:
            data, _ = shell.display_formatter.format(thunk(), include=["text/plain", "text/markdown"])
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}
        text = data.get("text/plain", "")
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
        return {"markdown": data.get("text/markdown"), "text": text[1:-1] if quoted else text}

    def watch(event, arguments):
        if event == "open" and isinstance(arguments[0], str) and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            opened.add(os.path.abspath(arguments[0]))

    sys.addaudithook(watch)
    return lambda *thunks: publish([value(thunk) for thunk in thunks]), lambda: publish(sorted(opened))
