"""Exclusive roles exclude each other for the officer, and nobody co-signs his own emergency: judged by whom keys name.

The registry refuses a second key that would join such roles while the first is live. What no contract refuses is that
an officer opens an emergency, gives his key back, gets one with SUPERVISE and co-signs: that shows here.
"""

from collections import defaultdict

from ledger.core.access_facts import EmergencyFacts
from ledger.core.audit.checks import Tally
from ledger.core.codes import Role, excluded_pairs
from ledger.core.hexadecimal import to_hex
from ledger.core.history import AsOf, History, KeyFacts
from ledger.core.officers import needs_officer, roles_together


def check_officers(tally: Tally, history: History) -> None:
    """Check `key.officer` and `emergency.supervisor`; both blame the agency whose ADMIN said who holds the keys."""
    held: defaultdict[tuple[int, bytes], list[tuple[str, KeyFacts]]] = defaultdict(list)
    for key, facts in history.keys.items():
        if facts.officer is not None:
            _judge_key(tally, key, facts, held[facts.agency, facts.officer])
        elif needs_officer(facts.roles):
            tally.notices["a key whose roles exclude others names no officer: who holds it is not judged"] += 1
    for emergency in history.emergencies.values():
        if emergency.co_signer:
            _judge_emergency(tally, history, emergency)


def _judge_key(tally: Tally, key: str, facts: KeyFacts, before: list[tuple[str, KeyFacts]]) -> None:
    at = AsOf(facts.bound.time, facts.bound)
    together = roles_together([facts.roles, *(other.roles for _, other in before if other.is_live(at))])
    found = " ".join(role.name for role in Role if together & role.bit)
    expected = "no two roles that exclude each other on live keys of its officer"
    holds = not excluded_pairs(together)
    tally.judge("key.officer", holds, f"key {key}", expected, found, f"agency {facts.agency}")
    before.append((key, facts))


def _judge_emergency(tally: Tally, history: History, emergency: EmergencyFacts) -> None:
    opener, supervisor = (history.keys.get(key) for key in (emergency.key, emergency.co_signer))
    if opener is None or supervisor is None or opener.officer is None:
        return
    is_another = (opener.agency, opener.officer) != (supervisor.agency, supervisor.officer)
    subject = f"emergency {to_hex(emergency.id)}"
    expected, found = "co-signed by another officer than its opener", "opener and supervisor are one officer"
    tally.judge("emergency.supervisor", is_another, subject, expected, found, f"agency {emergency.agency}")
