"""Signers and key providers: where keys live. Nothing here shows one in an error, a log or a repr."""
