"""python -m innodivide.cli is the command innodivide."""

from innodivide.cli.main import main

main()
