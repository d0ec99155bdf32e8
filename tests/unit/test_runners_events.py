import json
import threading

import pytest

from runners.errors import RunDirError
from runners.events import EventWriter, LineWriter, read_last_lines, read_lines


def test_events_are_numbered_without_gaps_and_carry_attempt_and_time(tmp_path):
    writer = EventWriter(tmp_path / "events.jsonl", attempt=3)
    writer.emit("phase", {"phase": "load", "total": None})
    writer.emit("heartbeat")
    rows, _ = read_lines(tmp_path / "events.jsonl", 0)
    assert [(row["attempt"], row["seq"], row["type"]) for row in rows] == [(3, 1, "phase"), (3, 2, "heartbeat")]
    assert rows[0]["at"].endswith("Z")
    assert len(rows[0]["at"]) == len("2026-11-23T18:45:00.123Z")


def test_an_event_is_readable_the_moment_it_is_emitted(tmp_path):
    writer = EventWriter(tmp_path / "events.jsonl", attempt=1)
    writer.emit("warning", {"message": "— voilà \u2028 one line"})
    rows, offset = read_lines(tmp_path / "events.jsonl", 0)
    assert rows[0]["message"] == "— voilà \u2028 one line"
    assert offset == (tmp_path / "events.jsonl").stat().st_size


@pytest.mark.parametrize(
    ("type", "fields"),
    [("metrics", {}), ("metric", {"step": 1}), ("metric", {"step": 1, "values": {}, "lr": 1}), ("heartbeat", {"x": 1})],
)
def test_an_event_that_is_not_documented_is_refused(tmp_path, type, fields):
    writer = EventWriter(tmp_path / "events.jsonl", attempt=1)
    with pytest.raises(ValueError):
        writer.emit(type, fields)
    assert (tmp_path / "events.jsonl").read_bytes() == b""


def test_an_event_that_could_not_be_written_takes_no_number(tmp_path):
    writer = EventWriter(tmp_path / "events.jsonl", attempt=1)
    with pytest.raises(ValueError):
        writer.emit("metric", {"step": 1, "values": {"loss": float("inf")}})
    writer.emit("heartbeat")
    rows, _ = read_lines(tmp_path / "events.jsonl", 0)
    assert [row["seq"] for row in rows] == [1]


def test_threads_that_emit_at_once_neither_mix_lines_nor_share_numbers(tmp_path):
    writer = EventWriter(tmp_path / "events.jsonl", attempt=1)

    def speak():
        for _ in range(200):
            writer.emit("warning", {"message": "x" * 300})

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows, _ = read_lines(tmp_path / "events.jsonl", 0)
    assert [row["seq"] for row in rows] == list(range(1, 801))


def test_a_writer_that_starts_again_cuts_a_torn_line_off_and_counts_on(tmp_path):
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path, attempt=1)
    writer.emit("heartbeat")
    writer.close()
    with path.open("ab") as file:
        file.write(b'{"attempt": 1, "seq": 2, "ty')
    EventWriter(path, attempt=1).emit("heartbeat")
    rows, _ = read_lines(path, 0)
    assert [row["seq"] for row in rows] == [1, 2]


def test_a_torn_first_line_longer_than_a_read_is_cut_off_whole(tmp_path):
    path = tmp_path / "samples.jsonl"
    path.write_bytes(b'{"text": "' + b"x" * 200_000)
    LineWriter(path).write({"a": 1})
    assert path.read_bytes() == b'{"a": 1}\n'


def test_a_name_that_is_not_utf8_does_not_stop_the_writer(tmp_path):
    LineWriter(tmp_path / "x").write({"path": "caf\udce9"})
    assert read_lines(tmp_path / "x", 0)[0] == [{"path": "caf?"}]


def test_a_file_that_is_not_there_yet_has_no_lines(tmp_path):
    assert read_lines(tmp_path / "events.jsonl", 0) == ([], 0)


def test_a_torn_last_line_waits_until_it_is_whole(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"seq": 1}\n{"se')
    rows, offset = read_lines(path, 0)
    assert (rows, offset) == ([{"seq": 1}], 11)
    assert read_lines(path, offset) == ([], 11)
    with path.open("ab") as file:
        file.write(b'q": 2}\n')
    assert read_lines(path, offset) == ([{"seq": 2}], 22)


def test_reading_in_pieces_gives_every_line_once(tmp_path):
    path = tmp_path / "events.jsonl"
    whole = b"".join(json.dumps({"n": n, "text": "ü" * n}, ensure_ascii=False).encode() + b"\n" for n in range(20))
    offset, seen = 0, []
    for end in range(0, len(whole) + 1, 7):
        path.write_bytes(whole[:end])
        rows, offset = read_lines(path, offset)
        seen += rows
    path.write_bytes(whole)
    rows, offset = read_lines(path, offset)
    assert [row["n"] for row in seen + rows] == list(range(20))
    assert offset == len(whole)


@pytest.mark.parametrize("broken", [b"nonsense", b"[1]", b'{"loss": NaN}', b"\xff\xfe", b""])
def test_a_broken_line_is_named_with_its_byte_after_the_lines_before_it_were_given(tmp_path, broken):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"seq": 1}\n' + broken + b'\n{"seq": 3}\n')
    rows, offset = read_lines(path, 0)
    assert rows == [{"seq": 1}]
    with pytest.raises(RunDirError, match=r"events\.jsonl: the line at byte 11 is broken"):
        read_lines(path, offset)


def test_a_file_that_became_shorter_than_what_was_read_is_named(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"seq": 1}\n')
    with pytest.raises(RunDirError, match="500 bytes of it were read before, now it has 11"):
        read_lines(path, 500)


@pytest.mark.parametrize("within", [0, 1, 9, 10, 11, 20, 29, 30, 31, 1000])
def test_the_last_lines_are_those_that_begin_in_the_last_bytes(tmp_path, within):
    path = tmp_path / "events.jsonl"
    assert read_last_lines(path, within) == []
    lines = [f'{{"seq":{number}}}\n'.encode() for number in (1, 2, 3)]
    path.write_bytes(b"".join(lines) + b'{"to')
    begins = 34 - within
    expected = [number for number, start in ((1, 0), (2, 10), (3, 20)) if start >= begins]
    assert [row["seq"] for row in read_last_lines(path, within)] == expected
