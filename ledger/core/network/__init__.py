"""Files of a chain that several members run together: who proposes what, who is in it, and what each node reads.

Pure: the same documents give the same bytes to everybody, so two members who compute them can compare.
"""
