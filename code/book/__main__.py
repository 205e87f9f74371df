"""``python -m book``."""

from book.cli import main

if __name__ == "__main__":
    main()
