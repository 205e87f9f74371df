"""One small program in three systems: value, gradient, products, rules, batches, compilation.

    python -m benchmarks.phrasebook        run every system that is installed, write down what its pieces print
    python benchmarks/phrasebook/companion.py        a program by itself

`figures.phrasebook` cuts the programs at their marks `# %% name`, and shows the pieces in the chapter on
choosing a method. A build without the extra `peers` shows what record.json holds.
"""
