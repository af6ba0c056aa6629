"""The client's own outbox: nothing is lost, nothing is sent twice, whatever answer is missing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ledger.client.attaching import AttachedFile
from ledger.client.gongzhi import GongzhiClient
from ledger.client.outbox import ClientOutbox, _attempts_text
from ledger.client.submissions import contents, new_record, request_body
from ledger.core.canonical import decode
from ledger.errors import FormatError, GatewayUnreachable, PromiseBroken, StaleStatement, UsageError
from tests.unit.client.simulated_gateway import ITEM, SCHEMA, VERSION, SimulatedGateway, originals

pytestmark = pytest.mark.unit
MakeClient = Callable[..., GongzhiClient]


class Line(httpx.BaseTransport):
    """The connection to a gateway, with faults by call number: `down`, `lost` (request) or `deaf` (answer)."""

    def __init__(self, gateway: SimulatedGateway, faults: dict[int, str]) -> None:
        self._gateway, self._faults, self.calls = gateway, faults, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        fault = self._faults.get(self.calls)
        if fault == "down":
            raise httpx.ConnectError("refused", request=request)
        if fault == "lost":
            raise httpx.ReadError("reset", request=request)
        if fault and fault.isdigit():
            return httpx.Response(int(fault), content=b"{}", headers={"retry-after": "7"})
        answer = self._gateway.respond(request)
        if fault == "deaf":
            raise httpx.RemoteProtocolError("closed", request=request)
        return answer


def put(client: GongzhiClient, *names: str) -> None:
    for number, name in enumerate(names):
        made = contents(SCHEMA, ITEM, VERSION, [new_record(originals(number))])
        client.outbox.put(name, next(iter(made)))


def records_at(gateway: SimulatedGateway) -> int:
    return sum(len(taken.records) for taken in gateway.taken.values())


@pytest.mark.parametrize("fault", ["down", "lost", "deaf", "429", "502", "503", "504"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_one_fault_of_any_sort_is_overcome_without_sending_twice(
    gateway: SimulatedGateway, make_client: MakeClient, fault: str, call: int
) -> None:
    client = make_client(Line(gateway, {call: fault}))
    put(client, "a", "b")
    assert [name for name, _ in client.send_pending()] == ["a", "b"]
    assert records_at(gateway) == 2
    assert client.outbox.pending() == []


def test_while_the_gateway_is_away_everything_stays_and_is_sent_later(
    gateway: SimulatedGateway, make_client: MakeClient
) -> None:
    away = make_client(Line(gateway, dict.fromkeys(range(1, 100), "down")))
    put(away, "a", "b")
    with pytest.raises(GatewayUnreachable) as caught:
        list(away.send_pending())
    assert not caught.value.outcome_unknown
    assert away.outbox.pending() == ["a", "b"]
    gateway.now += 100_000
    assert len(list(make_client().send_pending())) == 2
    assert {taken.message["signedAt"] for taken in gateway.taken.values()} == {gateway.now}


def test_after_an_unknown_outcome_the_gateway_is_asked_before_anything_is_signed_anew(
    gateway: SimulatedGateway, make_client: MakeClient
) -> None:
    deaf = make_client(Line(gateway, {1: "deaf", **dict.fromkeys(range(2, 100), "down")}))
    put(deaf, "a")
    with pytest.raises(GatewayUnreachable):
        list(deaf.send_pending())
    gateway.calls.clear()
    gateway.now += 10
    assert len(list(make_client().send_pending())) == 1
    assert [call.split("/")[0] for call in gateway.calls] == ["GET "]
    assert records_at(gateway) == 1


def test_a_first_attempt_that_arrives_late_is_recognized(gateway: SimulatedGateway, make_client: MakeClient) -> None:
    client = make_client()
    put(client, "a")
    first = client.publishing.sign(client.outbox.content("a"))
    gateway.now += 5
    original = gateway._submissions

    def arrives_late(parts: list[str], body: dict[str, object]) -> dict[str, object]:
        if len(parts) == 1 and not gateway.taken:
            late = decode(request_body(client.outbox.content("a"), first))
            assert isinstance(late, dict)
            original(["submissions"], late)
        return original(parts, body)

    gateway._submissions = arrives_late
    (client.outbox.folder / "a.attempts.json").write_bytes(_attempts_text([first]))
    ((_, accepted),) = client.send_pending()
    assert records_at(gateway) == 1
    assert accepted.accepted_at == gateway.now


def test_a_stale_signature_is_made_anew_under_the_same_id(gateway: SimulatedGateway, make_client: MakeClient) -> None:
    client = make_client()
    put(client, "a")
    sign, delays = client.publishing.sign, iter([1000, 0])

    def sign_slowly(content, domain):
        delay = next(delays)
        gateway.now -= delay
        try:
            return sign(content, domain)
        finally:
            gateway.now += delay

    client.publishing.sign = sign_slowly
    assert len(list(client.send_pending())) == 1
    assert len(gateway.taken) == 1


def test_a_clock_that_is_always_wrong_ends_with_the_gateways_word(
    gateway: SimulatedGateway, make_client: MakeClient
) -> None:
    client = make_client()
    put(client, "a")
    sign = client.publishing.sign

    def sign_long_ago(content, domain):
        gateway.now -= 1000
        try:
            return sign(content, domain)
        finally:
            gateway.now += 1000

    client.publishing.sign = sign_long_ago
    with pytest.raises(StaleStatement):
        list(client.send_pending())
    assert client.outbox.pending() == ["a"]


def test_a_crash_between_acceptance_and_tidying_sends_nothing_again(
    gateway: SimulatedGateway, make_client: MakeClient
) -> None:
    client = make_client()
    put(client, "a")
    content = (client.outbox.folder / "a.content.ndjson").read_bytes()
    list(client.send_pending())
    (client.outbox.folder / "a.content.ndjson").write_bytes(content)
    assert client.outbox.pending() == []
    put(client, "a", "b")
    list(client.send_pending())
    assert records_at(gateway) == 2
    assert sorted(path.name for path in client.outbox.folder.glob("*.content.*")) == []


def test_someone_elses_content_under_our_id_is_a_broken_promise(
    gateway: SimulatedGateway, make_client: MakeClient
) -> None:
    client = make_client()
    put(client, "a")
    content = client.outbox.content("a")
    other = next(iter(contents(SCHEMA, ITEM, VERSION, [new_record(originals(9))])))
    forged = replace(other, submission_id=content.submission_id)
    client.publishing.send(forged, [client.publishing.sign(forged)])
    gateway.now += 1
    with pytest.raises(PromiseBroken):
        list(client.send_pending())


def test_the_outbox_is_for_its_owner_only_and_for_one_sender(
    gateway: SimulatedGateway, make_client: MakeClient
) -> None:
    client = make_client()
    put(client, "a", "b")
    assert client.outbox.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in client.outbox.folder.glob("*.content.*")} == {0o600}
    sending = client.send_pending()
    next(sending)
    with pytest.raises(UsageError):
        next(make_client().send_pending())
    assert len(list(sending)) == 1


def test_damaged_or_misnamed_contents_are_refused(tmp_path: Path, make_client: MakeClient) -> None:
    client = make_client()
    with pytest.raises(UsageError):
        put(client, "../a")
    put(client, "a")
    path = client.outbox.folder / "a.content.ndjson"
    path.write_bytes(path.read_bytes().split(b"\n")[0])
    with pytest.raises(FormatError):
        client.outbox.content("a")
    assert not ClientOutbox(tmp_path / "other").pending()


def test_files_wait_in_the_outbox_with_their_record(tmp_path: Path) -> None:
    outbox = ClientOutbox(tmp_path / "outbox")
    [content] = contents(SCHEMA, ITEM, VERSION, [new_record(originals(1))])
    files = (AttachedFile(bytes(32), "image/png", bytes(range(256)) * 9), AttachedFile(b"\x01" * 32, "image/jpeg", b""))
    content = replace(content, attachments=files)
    outbox.put("with-files", content)
    assert ClientOutbox(tmp_path / "outbox").content("with-files") == content
    path = tmp_path / "outbox" / "with-files.content.ndjson"
    lines = path.read_bytes().splitlines(keepends=True)
    for spoiled in (
        lines[:-1],
        lines[:2] + lines[1:],
        [*lines[:-1], lines[-1].replace(b'"content":"', b'"content":"%')],
    ):
        path.write_bytes(b"".join(spoiled))
        with pytest.raises(FormatError):
            outbox.content("with-files")
    outbox.discard("with-files")
    assert not outbox.holds("with-files")
