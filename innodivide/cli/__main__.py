from innodivide.cli import main

main()
