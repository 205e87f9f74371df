"""A reader of the LaTeX that formulas are written in: what a formula says, as numbers.

It knows the grammar (sums of products of atoms with what stands behind them) and the meaning that each sign is said to
have; nothing of derivatives, and nothing of the module. So it can say whether a formula means what a rule computes.
"""

import re

import numpy as np
import pypandoc

SPACE = re.compile(r"\\(?:left|right|quad)\b|\\,|\s")
TOKENS = re.compile(r"\\operatorname\{(?P<call>[^{}]*)\}(?P<part>_[a-z])?|\\(?P<word>[A-Za-z]+)|"
                    r"(?P<number>\d+\.?\d*)|(?P<letter>[A-Za-z])|(?P<sign>\S)")  # fmt: skip
RELATIONS = {
    ">": np.greater, "<": np.less, "=": np.equal, r"\le": np.less_equal, r"\ge": np.greater_equal, r"\ne": np.not_equal,
}  # fmt: skip
CONNECTIVES = {r"\lor": np.logical_or, r"\land": np.logical_and}


def is_matrix(x):
    return np.ndim(x) == 2


def skew(x):
    return (x - x.conj().T) / 2


def triangle(x):
    return np.tril(x, -1) + np.diag(np.diag(x)) / 2


def gaps(w):
    return w[None, :] - w[:, None]


def diag(x):
    return np.diagonal(x) if is_matrix(x) else np.diag(x)


def corner(a):
    m, n = a.shape
    return np.block([[np.zeros((m, m)), a], [a.conj().T, np.zeros((n, n))]])


FUNCTIONS = {
    "log": np.log, "det": np.linalg.det, "max": np.maximum, "min": np.minimum, "Re": np.real, "Im": np.imag,
    "diag": diag, "skew": skew, "Phi": triangle, "Omega": lambda x: 2 * skew(triangle(x)), "Delta": gaps,
    "cof": lambda a: np.linalg.det(a) * np.linalg.inv(a).T, "corner": corner, "fft": np.fft.fft, "ifft": np.fft.ifft,
    "flip": lambda x: np.flip(x, -1), "cumsum": lambda x: np.cumsum(x, -1), "triu": np.triu, "tril": np.tril,
    "sum": lambda x: x.sum(0), "qr": np.linalg.qr, "eigh": np.linalg.eigh, "eig": np.linalg.eig,
    "cholesky": np.linalg.cholesky, "svd": np.linalg.svd, "where": np.where,
    "concatenate": lambda a, b: np.concatenate([a, b]), "stack": lambda a, b: np.stack([a, b]), "roots": np.roots,
    "cases": lambda value, condition, other: np.where(condition, value, other),
}  # fmt: skip
TRANSPOSED = {
    "Omega": lambda x: 2 * triangle(skew(x)),
    "Delta": lambda x: x.sum(0) - x.sum(1),
    "corner": lambda x: x[: len(x) // 2, len(x) // 2 :] + x[len(x) // 2 :, : len(x) // 2].conj().T,
}


EXPONENTS = {
    (r"\top",): lambda x: x.T,
    ("*",): np.conj,
    (r"\mathsf", "{", "H", "}"): lambda x: np.conj(x).T,
    ("-", "1"): np.linalg.inv,
    ("-", r"\top"): lambda x: np.linalg.inv(x).T,
    ("-", "*"): lambda x: np.conj(np.linalg.inv(x)),
    ("-", r"\mathsf", "{", "H", "}"): lambda x: np.conj(np.linalg.inv(x)).T,
    ("+",): np.linalg.pinv,
}
"""What stands behind a matrix, high."""
REDUCTIONS = {r"\sum": np.sum, r"\max": np.max, r"\min": np.min}


class Reader:
    """Reads formulas where letters and functions have these values; `matrices` says what side by side means."""

    def __init__(self, letters, functions=None, matrices=False):
        self.letters, self.functions, self.matrices = letters, {**FUNCTIONS, **(functions or {})}, matrices

    def read(self, text):
        text = text.replace(r"\mathrm{", r"\operatorname{")
        text = text.replace(r"\begin{cases}", r"\operatorname{cases}(").replace(r"& \text{otherwise} \end{cases}", ")")
        text = text.replace("&", ",").replace(r"\\", ",")  # the value, where it holds, the other value
        text = text.replace(r"\#\{k : x_k = y\}", r"\operatorname{count}(x = y)").replace(r"\_", "_")
        self.tokens = []
        for found in TOKENS.finditer(SPACE.sub(" ", text)):
            kind, token = found.lastgroup, found[found.lastgroup]
            if kind == "part":
                kind, token = "call", found["call"] + token
            self.tokens.append((kind, rf"\{token}" if kind == "word" else token))
        self.tokens.append(("end", ""))
        self.at, self.bars = 0, 0
        value = self.proposition()
        assert self.tokens[self.at][0] == "end", f"{text}: {self.tokens[self.at :]} is left"
        return value

    @property
    def token(self):
        return self.tokens[self.at][1]

    def take(self, *tokens):
        """Whether these come next; they are passed by."""
        here = tuple(token for _, token in self.tokens[self.at : self.at + len(tokens)])
        self.at += len(tokens) * (here == tokens)
        return here == tokens

    def need(self, *tokens):
        assert self.take(*tokens), f"{tokens} instead of {self.token!r} in {self.tokens}"

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1][1]

    def enclosed(self, left, right):
        self.need(left)
        value = self.proposition()
        self.need(right)
        return value

    def proposition(self):
        if self.take(r"\lnot"):
            return np.logical_not(self.proposition())
        value = self.sum()
        if self.token in RELATIONS:
            value = RELATIONS[self.next()](value, self.sum())
        while self.token in CONNECTIVES:
            value = CONNECTIVES[self.next()](value, self.proposition())
        return value

    def sum(self):
        value = -self.product() if self.take("-") else self.product()
        while self.token in ("+", "-"):
            value = value + self.product() if self.next() == "+" else value - self.product()
        return value

    def product(self):
        value = self.factor()
        while self.begins():
            entrywise = self.take(r"\odot") or self.take(r"\cdot")
            other = self.factor()
            through = self.matrices and not entrywise and np.ndim(value) and is_matrix(other)
            value = value @ other if through else value * other
        return value

    def begins(self):
        """Whether one more factor comes next."""
        kind, token = self.tokens[self.at]
        if kind == "sign":
            return token in ("(", "[") or (token == "|" and not self.bars)
        return kind != "end" and token not in {**RELATIONS, **CONNECTIVES, r"\rangle": 0, r"\rfloor": 0}

    def factor(self):
        if self.token in REDUCTIONS and self.tokens[self.at + 1][1] == "_":
            reduce = REDUCTIONS[self.next()]
            self.need("_", "i")
            return reduce(self.product(), axis=0)
        value = self.atom()
        while self.token in ("^", "_", "["):
            if self.take("_", "i"):
                continue
            if self.take("^", "{"):
                value = self.raised(value)
            elif self.token == "[" and self.tokens[self.at + 1][1] == "i":
                self.need("[")
                value = value[self.letters[self.index()][0]]
                self.need("]")
            else:
                break
        return value

    def raised(self, value):
        for exponent, meaning in EXPONENTS.items():
            if (self.matrices or "-" not in exponent) and self.take(*exponent, "}"):
                return meaning(value)
        value = value ** self.proposition()
        self.need("}")
        return value

    def index(self):
        """i, or i with a letter below."""
        self.need("i")
        return f"i_{self.next()}" if self.take("_") else "i"

    def atom(self):
        kind, token = self.tokens[self.at]
        if token in BRACKETS:
            return BRACKETS[token](self)
        if kind == "call" or (token, self.tokens[self.at + 1][1]) == ("I", "_"):
            return self.called()
        if kind == "word" and token not in (r"\dot", r"\bar", r"\pi", r"\omega"):
            return self.called()
        self.at += 1
        if kind == "number":
            return float(token)
        if token in (r"\dot", r"\bar"):
            self.need("{")
            name = self.next()
            self.need("}")
            return self.letters[f"{token[1:]} {name}"]
        return self.letters[token]

    def called(self):
        name = self.next().removeprefix("\\")
        table = TRANSPOSED if self.take("^", "{", r"\top", "}") else self.functions
        if name == "I":  # a Bessel function, of an order
            self.need("_")
            order = self.enclosed("{", "}")
            return table[name](order, self.enclosed("(", ")"))
        if self.token == "|":
            return table[name](self.atom())
        self.need("(")
        operands = [self.operand()]
        while self.take(","):
            operands.append(self.operand())
        self.need(")")
        return table[name](*operands)

    def operand(self):
        return self.letters[self.index()] if self.token == "i" else self.proposition()

    def magnitude(self):
        self.need("|")
        self.bars += 1
        value = self.proposition()
        self.bars -= 1
        self.need("|")
        return np.abs(value)

    def fraction(self):
        self.need(r"\frac")
        above = self.enclosed("{", "}")
        below = self.enclosed("{", "}")
        return np.divide(above, below, out=np.zeros_like(above / (below + 1)), where=below != 0)

    def surd(self):
        self.need(r"\sqrt")
        if self.take("[", "3", "]"):
            return np.cbrt(self.enclosed("{", "}"))
        return np.sqrt(self.enclosed("{", "}"))

    def pairing(self):
        self.need(r"\langle")
        left = self.proposition()
        self.need(",")
        value = np.sum(left * self.proposition())
        self.need(r"\rangle")
        return value


BRACKETS = {
    "(": lambda reader: reader.enclosed("(", ")"),
    "[": lambda reader: reader.enclosed("[", "]"),
    "|": Reader.magnitude,
    r"\lfloor": lambda reader: np.floor(reader.enclosed(r"\lfloor", r"\rfloor")),
    r"\frac": Reader.fraction,
    r"\sqrt": Reader.surd,
    r"\langle": Reader.pairing,
}


def mathml(latex):
    """What pandoc makes of it; a formula that it cannot read would stay as it is written."""
    made = pypandoc.convert_text(f"${latex}$", "html", "markdown", extra_args=["--mathml", "--fail-if-warnings"])
    assert "<math" in made
    return made
