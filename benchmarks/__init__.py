"""What gradients cost: ten workloads, the same program in every system, timed side by side.

    python -m benchmarks                    the table of ratios, the overheads, the memory
    python -m benchmarks.measure [NAME …]   the figures that the chapters quote, into measurements.json

Rooms: `machine` (a quiet, described machine), `timing` (interleaved rounds), `workloads` (the ten programs
and their gradients by hand), `systems` (how each library differentiates), `overhead` (cost and memory of one
operation), `report` (tables), `measure` (what the book records).
"""
