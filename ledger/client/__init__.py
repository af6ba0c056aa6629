"""What agencies import: signing, sending, waiting, and checking every promise that comes back.

`ledger.client.gongzhi.GongzhiClient` is the way in.
"""
