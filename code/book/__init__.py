"""The embedded renderer: a Quarto book to HTML, PDF, EPUB and notebooks, with nothing but Python packages.

The rooms, in the order in which a source passes through them:

=============  ==================================================================================
``project``    reads ``_quarto.yml``: the chapters, the formats, the defaults
``includes``, ``ipynb``   the lines of a chapter: other files pasted in, a notebook unrolled
``notebook``   those lines → pandoc's syntax tree, its cells, its inline expressions
``execute``    runs the cells of every chapter, in parallel, and remembers the results
``outputs``    a cell and its outputs → blocks of the tree
``supported``, ``keys``   the tables of what a source and its YAML may hold; everything else is refused, with its place
``fragments``  the Markdown that is not in the text itself
``notes``      annotated lines of code and the lists that explain them
``markup``     Quarto's constructs → one canonical form
``survey``     what a chapter labels, cites, refers to and shows
``crossref``   Quarto's numbering, and the words of a reference
``citations``  pandoc's citeproc, once for the whole book
``addresses``  what HTML and SVG ask for, which no book takes from elsewhere
``formulas``   the formulas that pandoc cannot convert
``html``, ``pdf``, ``epub``, ``notebooks``   the canonical form → what readers open
``press``      Typst at work, and what it complains of
``site``       the pages together: navigation, style, fonts, search
``publish``    the finished folder, which appears in one step
``render``     the order of all this; ``check`` its questions alone; ``cli`` the commands
=============  ==================================================================================

Between them: ``manuscript`` keeps each chapter as far as it has come; ``edition`` and ``lowering`` are what the
formats share. Below them: ``tree`` (pandoc's JSON), ``pandoc`` (the program), ``settings`` (YAML), ``people`` and
``dates`` (of the title page), ``store`` (results by content), ``progress`` and ``errors``. SUPPORTED.md, beside this
file, sets what Quarto offers against what is done here.
The renderer knows Quarto's format. It knows nothing of the book's subject and imports nothing else of ours.
"""
