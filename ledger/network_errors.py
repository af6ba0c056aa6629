"""Errors of setting up a chain of several members' nodes: branches of the tree in `ledger/errors.py`.

├── FormatError ── NodeFileForged
└── UsageError ── NetworkMembersDiffer, OtherNetwork
"""

from ledger.errors import FormatError, UsageError


class NodeFileForged(FormatError):
    code = "node_file_forged"
    when = "a member's node file was changed after its node key signed it"
    remedy = "fetch the file anew from its member, who makes it with `gongzhi admin network key`"


class NetworkMembersDiffer(UsageError):
    code = "network_members_differ"
    when = "the node files are not one of each member of the network file, or two of them share a key or a place"
    remedy = "collect exactly one node file of each member that the network file names"


class OtherNetwork(UsageError):
    code = "network_other"
    when = "a folder holds the network file, node key or genesis of another network; none of them is ever overwritten"
    remedy = "compare the network file with the other members, or give an empty folder"
