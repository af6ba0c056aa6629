"""`python -m ledger.cli` is `gongzhi`."""

from ledger.cli.main import main

main()
