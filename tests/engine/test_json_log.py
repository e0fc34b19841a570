"""A log that was cut off anywhere goes on, and loses nothing but the line that was cut."""

from hinet_tf.engine.json_log import JsonLog


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path):
    log = JsonLog(tmp_path / "runs" / "log.jsonl")
    assert log.records() == []
    log.append({"step": 1, "kind": "train"})
    with log.path.open("a") as file:
        file.write('{"step": 2, "ki')
    log.append({"step": 3, "kind": "train"})
    log.append({"step": 4, "kind": "validation"})
    assert [record["step"] for record in log.records()] == [1, 3, 4]
    log.rename("train", "earlier")
    assert [record["kind"] for record in log.records()] == ["earlier", "earlier", "validation"]
    log.rewind(3)
    assert log.path.read_text() == (
        '{"step": 1, "kind": "earlier"}\n{"step": 3, "kind": "earlier"}\n'
    )
