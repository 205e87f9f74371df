"""Colouring: which columns of a sparse matrix fit into one product, and the matrix back from few of them.

Two columns that have no row in common can share a product: J (eⱼ + eₖ) holds the entries of both, and each of its
numbers belongs to one of the two. So a matrix that we can only multiply by costs as many products as its columns
need colours, where columns that meet in a row must differ. Its rows can be coloured instead; and of a symmetric
matrix each entry need be found on one side only (star colouring).

This room knows matrices and nothing of derivatives: the products may be tangents, cotangents or finite differences.

Source: Curtis, Powell & Reid (1974); Gebremedhin, Manne & Pothen (2005), "What Color Is Your Jacobian?".
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import AutodiffValueError


@dataclass(frozen=True, eq=False, repr=False)
class Coordinates:
    """A sparse matrix by coordinates: entry k is `values[k]`, in row `rows[k]` and column `columns[k]`.

    Sorted by row, then by column, no place twice. A pattern has True for every value. `toarray()` is the dense
    matrix, `T` the transpose.
    """

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    shape: tuple[int, int]

    def __repr__(self) -> str:
        return f"Coordinates(shape={self.shape}, {self.values.size} entries, {self.values.dtype})"

    def toarray(self) -> np.ndarray:
        dense = np.zeros(self.shape, self.values.dtype)
        dense[self.rows, self.columns] = self.values
        return dense

    @property
    def T(self) -> "Coordinates":
        order = np.argsort(self.columns, kind="stable")
        return Coordinates(self.columns[order], self.rows[order], self.values[order], self.shape[::-1])


def places(keys: np.ndarray, shape: tuple[int, int]) -> Coordinates:
    """The pattern of these keys, row · (number of columns) + column, which are sorted."""
    rows, columns = np.divmod(keys, max(shape[1], 1))
    return Coordinates(rows, columns, np.ones(keys.size, bool), shape)


def as_pattern(given: Any) -> Coordinates:
    """A pattern from `Coordinates`, from a SciPy sparse matrix, or from an array that is not zero where entries are.

    >>> as_pattern([[1, 0], [1, 1]])
    Coordinates(shape=(2, 2), 3 entries, bool)
    """
    if isinstance(given, Coordinates):
        return given
    sparse = given.tocoo() if hasattr(given, "tocoo") else None
    shape = np.shape(given)
    if len(shape) != 2:
        raise AutodiffValueError(f"a pattern is a matrix, not an array of shape {shape}")
    if sparse is None:
        return places(np.flatnonzero(given), shape)
    return places(np.unique(sparse.row.astype(int) * shape[1] + sparse.col), shape)


# --- Groups --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Colouring:
    """Groups of columns (or rows) that share a product: `groups[j]` is the group of column j.

    `passes` is the number of groups; `seeds`, of shape (passes, columns), what to multiply by: row g holds ones for
    the members of group g.
    """

    by: str
    groups: np.ndarray

    @property
    def passes(self) -> int:
        return int(self.groups.max(initial=-1)) + 1

    @property
    def seeds(self) -> np.ndarray:
        return (np.arange(self.passes)[:, None] == self.groups).astype(float)


def colour(pattern: Any, by: str = "columns") -> Colouring:
    """Groups of columns, greedily: largest first, each into the first group where it fits.

    pattern : what `as_pattern` takes.
    by : "columns": two of a group have no row in common (for tangents). "rows": the same for rows (for cotangents).
        "star", for symmetric matrices: of each two neighbours i, j, either j is alone among the neighbours of i in
        its group, or i among those of j. "auto": columns or rows, whichever needs fewer passes.

    Largest means most entries; ties go by number, so the result is always the same. Finding the fewest groups is
    graph colouring, which is NP-hard; the greedy ones are often as few.

    Raises `AutodiffValueError` for an unknown `by`, and for a star colouring of an unsymmetric pattern.

    >>> tridiagonal = abs(np.subtract.outer(range(6), range(6))) <= 1
    >>> colour(tridiagonal)
    Colouring(by='columns', groups=array([2, 0, 1, 2, 0, 1]))
    >>> arrow = np.eye(6, dtype=bool)
    >>> arrow[0] = arrow[:, 0] = True
    >>> colour(arrow).passes, colour(arrow, by="star").passes
    (6, 2)
    """
    where = as_pattern(pattern)
    if by == "auto":
        return min(colour(where, "columns"), colour(where, "rows"), key=lambda colouring: colouring.passes)
    if by not in COLOURINGS:
        raise AutodiffValueError(f"by must be {', '.join(COLOURINGS)} or auto, not {by!r}")
    return Colouring(by, np.array(COLOURINGS[by](where), int))


def _rows_by_column(where: Coordinates) -> list[list[int]]:
    turned = where.T
    ends = np.searchsorted(turned.rows, np.arange(where.shape[1] + 1)).tolist()
    rows = turned.columns.tolist()
    return [rows[a:b] for a, b in itertools.pairwise(ends)]


def _largest_first(lists: list[list[int]]) -> list[int]:
    return sorted(range(len(lists)), key=lambda j: -len(lists[j]))


# Sets of groups are the bits of an integer: one `|` joins them.


def _lowest_free(taken: int) -> int:
    """The first group that is not taken, as a bit."""
    return ~taken & (taken + 1)


def _column_groups(where: Coordinates) -> list[int]:
    lists = _rows_by_column(where)
    own, used = [0] * len(lists), [0] * where.shape[0]  # used[i]: the groups of the columns that meet row i
    for j in _largest_first(lists):
        taken = 0
        for i in lists[j]:
            taken |= used[i]
        own[j] = _lowest_free(taken)
        for i in lists[j]:
            used[i] |= own[j]
    return [bit.bit_length() - 1 for bit in own]


def _star_groups(where: Coordinates) -> list[int]:
    """Neighbours differ, and no path of four vertices has two groups only.

    On such a path v–w–x–y or w′–v–w–x, v would be in the group of x. So v avoids, for each neighbour w, the groups
    of those x next to w that have another neighbour in the group of w (`trapped[w]`); and the groups of all x next
    to w (`seen[w]`) where v itself has another neighbour in the group of w.
    """
    if not _symmetric(where):
        raise AutodiffValueError("a star colouring is for symmetric patterns, as of a Hessian: use columns or rows")
    lists = [[i for i in rows if i != j] for j, rows in enumerate(_rows_by_column(where))]
    own, seen, trapped = ([0] * len(lists) for _ in range(3))
    members: list[dict[int, list[int]]] = [{} for _ in lists]  # members[x]: its neighbours, by group
    for v in _largest_first(lists):
        taken = 0
        for group, same in members[v].items():
            taken |= group
            for w in same:
                taken |= seen[w] if len(same) > 1 else trapped[w]
        own[v] = _lowest_free(taken)
        for same in members[v].values():
            _trap(trapped, same, same, own[v])
        for x in lists[v]:
            seen[x] |= own[v]
            same = members[x].setdefault(own[v], [])
            same.append(v)
            _trap(trapped, same, same if len(same) == 2 else [v], own[x])
    return [bit.bit_length() - 1 for bit in own]


def _trap(trapped: list[int], same: list[int], news: list[int], group: int) -> None:
    """Take down for `news` that a neighbour, in `group`, has several neighbours in their group: `same`."""
    if len(same) > 1:
        for w in news:
            trapped[w] |= group


def _symmetric(where: Coordinates) -> bool:
    turned = where.T
    return (
        where.shape == turned.shape
        and np.array_equal(where.rows, turned.rows)
        and np.array_equal(where.columns, turned.columns)
    )


COLOURINGS: dict[str, Callable[[Coordinates], list[int]]] = {
    "columns": _column_groups,
    "rows": lambda where: _column_groups(where.T),
    "star": _star_groups,
}

# --- Back ------------------------------------------------------------------------------------------------------


def recover(pattern: Any, colouring: Colouring, compressed: Any) -> Any:
    """The matrix J of this pattern, from its products with the seeds of a colouring.

    compressed : shape (passes, rows) for "columns" and "star", J times each seed; shape (passes, columns) for
        "rows", each seed times J. Where they come from is all the same:

            compressed = [ad.finite.central(f, x, v=seed) for seed in colouring.seeds]

    Returns a `scipy.sparse.csr_array` where SciPy is installed, else `Coordinates`; both have `toarray()`. Raises
    `AutodiffValueError` where the shapes do not fit.

    >>> pattern = [[1, 0], [1, 1]]
    >>> recover(pattern, colour(pattern), [[5.0, 6.0], [0.0, 7.0]]).toarray()
    array([[5., 0.],
           [6., 7.]])
    """
    where = as_pattern(pattern)
    return sparse(where, entries(where, colouring, np.asarray(compressed)))


def entries(where: Coordinates, colouring: Colouring, compressed: np.ndarray) -> np.ndarray:
    """The value of each entry of a pattern: as `recover`, without the places."""
    rows, columns, (size, count) = where.rows, where.columns, where.shape
    if colouring.by == "rows":
        rows, columns, (count, size) = columns, rows, where.shape
    if colouring.groups.shape != (count,) or compressed.shape != (colouring.passes, size):
        raise AutodiffValueError(
            f"a pattern of shape {where.shape} and a colouring by {colouring.by} of {colouring.groups.size} into "
            f"{colouring.passes} groups do not fit products of shape {compressed.shape}: expected "
            f"{(colouring.passes, size)}"
        )
    if colouring.by == "star":  # where row i has several entries in the group of j, entry (j, i) is the one to read
        group = rows * max(colouring.passes, 1) + colouring.groups[columns]
        _, number, counts = np.unique(group, return_inverse=True, return_counts=True)
        crowded = counts[number] > 1
        rows, columns = np.where(crowded, columns, rows), np.where(crowded, rows, columns)
    return compressed[colouring.groups[columns], rows]


def sparse(where: Coordinates, values: np.ndarray) -> Any:
    """The matrix with these entries, as SciPy's if it is installed."""
    try:
        from scipy.sparse import csr_array
    except ImportError:
        return Coordinates(where.rows, where.columns, values, where.shape)
    return csr_array((values, (where.rows, where.columns)), shape=where.shape)
