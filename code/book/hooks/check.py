"""Quarto's pre-render step: what the embedded renderer would refuse, Quarto shall not drop in silence."""

from book.cli import check_here

if __name__ == "__main__":
    raise SystemExit(check_here())
