"""python -m innodivide.cli is the command innodivide."""

from innodivide.cli import main

main()
