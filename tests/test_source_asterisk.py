"""Asterisk: the CDR in its forms, alone and beside queue_log."""

import pytest
from exports import adds_up

from toolkit import metrics
from toolkit.errors import MissingColumn
from toolkit.load import open_data
from toolkit.load.detect import recognise

TAIL = {
    16: "",
    17: ',"1700000000.17"',
    18: ',"1700000000.18","note"',
    19: ',"","1700000000.1","7"',
    20: ',"1700000000.2","","1700000000.1","7"',
    21: ',"1700000000.2","note","","1700000000.1","7"',
}


def leg(
    start="09:00:00",
    answer="09:00:10",
    end="09:00:40",
    app="Dial",
    reached="PJSIP/ann-0000000a",
    told="ANSWERED",
    tail="",
    **more,
):
    """A line of cdr_csv: the account first, the start as 10th field."""
    answered = f"2024-03-04 {answer}" if answer else ""
    billed = sum(unit * int(part) for unit, part in zip((3600, 60, 1), end.split(":"), strict=True)) - sum(
        unit * int(part) for unit, part in zip((3600, 60, 1), (answer or end).split(":"), strict=True)
    )
    return (
        f'"","{more.get("src", "555")}","100","from-trunk","""Ann"" <555>","PJSIP/trunk-00000001","{reached}","{app}",'
        f'"{more.get("data", "")}","2024-03-04 {start}","{answered}","2024-03-04 {end}",40,{billed},"{told}","DOCUMENTATION"{tail}\n'
    )


def ids(unique, linked):
    return f',"{unique}","","","{linked}","1"'


def read(folder, **files):
    for name, text in files.items():
        (folder / name.replace("_dot_", ".")).write_text(text)
    return open_data(folder, source="asterisk")


class TestReal:
    def test_master_csv(self, real_data):
        data = open_data(real_data / "asterisk_cdr" / "Master.csv", source="asterisk")
        calls = data.calls.execute()
        assert calls["disposition"].value_counts().to_dict() == {"ANSWERED": 11, "NO ANSWER": 3}
        assert calls["outcome"].value_counts().to_dict() == {"answered": 11, "abandoned": 3}
        assert calls["talk_seconds"].sum() == 13 + 13 + 18 + 8 + 8 + 7 + 3 + 2 + 2 + 2 + 2
        assert set(calls["agent"].dropna()) == {"PJSIP/client1", "PJSIP/client2"}
        assert adds_up(data) and data.ledger.empty

    def test_events_of_the_manager_within_a_log(self, real_data):
        data = open_data(real_data / "asterisk_cdr" / "ami_cdr_events.log")
        calls = data.calls.execute()
        assert calls["disposition"].value_counts().to_dict() == {"ANSWERED": 24, "NO ANSWER": 6}
        queued = calls[calls["queue"].notna()]
        assert queued[["queue", "outcome"]].values.tolist() == [
            ["40004", "abandoned"]
        ]  # answered by the queue, by nobody else
        assert calls["talk_seconds"].sum() == 200 - 6  # its 6 billable seconds were spent waiting
        assert data.ledger["rule"].tolist() == ["set aside on purpose"] * 38 and adds_up(data)

    def test_both_forms_together(self, real_data):
        data = open_data(real_data / "asterisk_cdr", source="asterisk")
        assert data.calls.count().execute() == 44 and adds_up(data)
        assert "no time in the queue" in str(data.notes)
        # without a queue_log nothing is known of queues: not that everybody was answered at once
        assert "queued_at" not in data.calls.columns
        with pytest.raises(MissingColumn, match="queued_at"):
            metrics.service_level(data.calls)

    def test_queue_log_as_ever(self, real_data):
        data = open_data(real_data / "asterisk", source="asterisk")
        outcomes = data.calls.outcome.execute().fillna("-").value_counts().to_dict()
        assert outcomes == {"abandoned": 12, "answered": 8, "-": 1}
        told = data.ledger["value"].str.split("|").str[4].value_counts().to_dict()
        assert told == {"CONFIGRELOAD": 7, "QUEUESTART": 2}  # the 221 RINGNOANSWER are part of the calls that rang
        assert adds_up(data)


QUEUE_LOG = """\
1709542801|done|sales|NONE|ENTERQUEUE||391|1
1709542821|done|sales|Ann|CONNECT|20|x|5
1709542880|done|sales|Ann|COMPLETECALLER|20|59|1
1709543000|late|sales|NONE|ENTERQUEUE||393|1
1709543060|late|sales|NONE|EXITWITHTIMEOUT|1|1|60
1709543100|key|sales|NONE|ENTERQUEUE||394|1
1709543110|key|sales|NONE|EXITWITHKEY|2|1|1|10
1709543450|gone|sales|NONE|ENTERQUEUE||398|1
1709543455|gone|sales|NONE|EXITEMPTY|1|1|5
1709543200|bridge|sales|NONE|ENTERQUEUE||395|1
1709543210|bridge|sales|Ann|CONNECT|10|x|3
1709543270|bridge|sales|Ann|ATTENDEDTRANSFER|BRIDGE|7b1a-uuid|10|60|1
1709543201|link|sales|NONE|ENTERQUEUE||395|1
1709543211|link|sales|Ann|CONNECT|10|x|3
1709543272|link|sales|Ann|ATTENDEDTRANSFER|LINK|Local/1|Local/2|10|61|1
1709543280|link|help|NONE|ENTERQUEUE||395|1
1709543290|link|help|NONE|ABANDON|1|1|10
1709543300|blind|sales|NONE|ENTERQUEUE||396|1
1709543310|blind|sales|Ann|CONNECT|10|x|3
1709543372|blind|sales|Ann|BLINDTRANSFER|205|from-internal|10|62|1
1709543300|old|sales|NONE|ENTERQUEUE||396|1
1709543310|old|sales|Ann|CONNECT|10|x|3
1709543373|old|sales|Ann|TRANSFER|206|from-internal|10|63|1
1709543400|empty|sales|NONE|JOINEMPTY|
1709543401|full|sales|NONE|FULL|
1709543402|full|sales|NONE|FULL|
1709542800|NONE|NONE|NONE|QUEUESTART|
1709542800|7.1|sales|Ann|ADDMEMBER|
1709542815|done|sales|Bob|RINGNOANSWER|5000
soon|late in|sales|NONE|ENTERQUEUE||391|1
1709543403|late in|sales|Ann|CONNECT|1|x|1
1709543403|lost|sales|Ann|COMPLETEAGENT|1|2|1
"""


def test_events_of_queue_log(tmp_path):
    data = read(tmp_path, queue_log=QUEUE_LOG)
    calls = data.calls.execute().set_index("call_id")
    assert calls["outcome"].to_dict() == {
        "done": "answered",
        **dict.fromkeys(("late", "key", "gone"), "overflow"),
        **dict.fromkeys(("bridge", "link", "blind", "old"), "answered"),
        "link/2": "abandoned",
        **dict.fromkeys(("empty/turned away", "full/turned away", "full/turned away 2"), "failed"),
    }
    assert calls["talk_seconds"].dropna().to_dict() == {"done": 59, "bridge": 60, "link": 61, "blind": 62, "old": 63}
    assert calls["transferred_to"].dropna().to_dict() == {
        "bridge": "not known",
        "link": "help",
        "blind": "205",
        "old": "206",
    }
    assert metrics.abandonment_rate(data.calls)["n"].tolist() == [9]  # none of those turned away
    assert adds_up(data)
    told = {value.split("|")[4]: reason for value, reason in data.ledger[["value", "reason"]].values}
    assert {event: reason.split("(")[1].rstrip(")") for event, reason in told.items()} == {
        "QUEUESTART": "an event of the queue or of an agent, of no call",
        "ADDMEMBER": "an event of the queue or of an agent, of no call",
        "ENTERQUEUE": "its time can't be read",
        "CONNECT": "when its call entered the queue can't be read",
        "COMPLETEAGENT": "its call entered the queue before the log begins",
    }


def test_a_log_of_much_else_is_known_by_the_few_lines_that_tell_of_calls(tmp_path):
    event = '[2025-02-08T22:18:11.747] [INFO] New CDR: {"event":"Cdr","channel":"PJSIP/1-00000001","disposition":"ANSWERED"}\n'
    (tmp_path / "app.log").write_text("".join(["[2025-02-08T22:18:00.439] [INFO] Server running\n"] * 4 + [event]) * 3)
    assert recognise(tmp_path / "app.log")[0] == "asterisk"


def test_what_follows_the_sixteenth_field_is_told_by_its_count(tmp_path):
    lines = [leg(f"{hour:02}:00:00", f"{hour:02}:00:10", f"{hour:02}:00:40", tail=TAIL[hour]) for hour in TAIL]
    data = read(tmp_path, Master_dot_csv="".join(lines))
    rows = data.calls.execute().set_index("call_id")
    assert rows["outcome"].eq("answered").all() and rows["agent"].eq("PJSIP/ann").all()
    # the linkedid where there is one, else the uniqueid, else what is one of a kind all the same
    assert set(rows.index) == {
        "PJSIP/trunk-00000001 2024-03-04 16:00:00",
        "1700000000.17",
        "1700000000.18",
        "1700000000.1",
    }
    linked = rows.loc["1700000000.1"]
    assert linked["talk_seconds"] == 90
    assert [str(linked[name]) for name in ("started_at", "ended_at")] == [
        "2024-03-04 19:00:00+00:00",
        "2024-03-04 21:00:40+00:00",
    ]
    assert adds_up(data)


OUTCOMES = [
    ({}, "answered"),
    ({"told": "NO ANSWER", "answer": ""}, "abandoned"),
    ({"told": "BUSY", "answer": ""}, "failed"),
    ({"told": "FAILED", "answer": ""}, "failed"),
    ({"told": "CONGESTION", "answer": ""}, "failed"),
    ({"app": "Queue", "reached": "", "data": "sales,t"}, "abandoned"),
    ({"app": "Queue", "data": "sales,t"}, "answered"),
    ({"app": "VoiceMail", "reached": ""}, "voicemail"),
    ({"app": "BackGround", "reached": ""}, "contained"),
]


def test_outcomes(tmp_path):
    data = read(
        tmp_path,
        Master_dot_csv="".join(leg(**told, tail=ids(f"{n}.1", f"{n}.1")) for n, (told, _) in enumerate(OUTCOMES)),
    )
    rows = data.calls.order_by("call_id").execute()
    assert rows["outcome"].tolist() == [outcome for _, outcome in OUTCOMES]
    assert rows["abandoned_at"].notna().tolist() == [outcome == "abandoned" for _, outcome in OUTCOMES]
    queued = rows[rows["queue"] == "sales"]  # answered by the queue: how long the wait for an agent was isn't known
    assert len(queued) == 2 and queued["answered_at"].isna().all() and queued["talk_seconds"].isna().all()


def test_legs_of_one_call(tmp_path):
    legs = (
        leg(app="Queue", reached="Local/ann@q-0000000a;1", data="sales,t", answer="09:00:00", tail=ids("1.1", "1.1"))
        + leg(
            start="09:00:05",
            told="NO ANSWER",
            answer="",
            end="09:00:15",
            reached="PJSIP/bob-0000000b",
            tail=ids("1.2", "1.1"),
        )
        + leg(start="09:00:15", answer="09:00:20", end="09:00:40", tail=ids("1.3", "1.1"))
        + leg(start="10:00:00", answer="10:00:05", end="10:00:40", tail=ids("2.1", "2.1"))
    )
    data = read(tmp_path, Master_dot_csv=legs, **{"service.toml": 'time_zone = "Europe/Rome"'})
    rows = data.calls.order_by("started_at").execute()
    assert rows["call_id"].tolist() == ["1.1", "2.1"]
    assert rows[["queue", "agent", "talk_seconds", "outcome"]].iloc[0].tolist() == [
        "sales",
        "PJSIP/ann",
        20,
        "answered",
    ]
    assert (
        str(rows["answered_at"].iloc[0]) == "2024-03-04 08:00:20+00:00"
    )  # of the leg that knows it, in the server's zone
    assert adds_up(data)


def test_queue_log_wins_for_the_calls_that_it_tells(tmp_path):
    log = (
        "1709542800|1.1|sales|NONE|ENTERQUEUE||555|1\n1709542830|1.1|sales|PJSIP/ann|CONNECT|30|1.3|5\n"
        "1709542860|1.1|sales|PJSIP/ann|COMPLETECALLER|30|30|1\n"
    )
    legs = (
        leg(tail=ids("1.1", "1.1"))
        + leg(tail=ids("1.3", "1.1"))
        + leg(start="10:00:00", answer="10:00:05", end="10:00:40", tail=ids("2.1", "2.1"))
    )
    data = read(tmp_path, queue_log=log, Master_dot_csv=legs)
    rows = data.calls.order_by("started_at").execute()
    assert rows["call_id"].tolist() == ["1.1", "2.1"]
    assert rows["queued_at"].notna().tolist() == [True, False]
    assert data.ledger["reason"].str.contains("queue_log tells of this call").tolist() == [True, True]
    assert adds_up(data)


def test_the_table_of_a_database(tmp_path):
    header = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,did,linkedid\n"
    row = '2024-03-04 09:00:00,"""Ann"" <555>",555,100,ext-group,PJSIP/t-00000001,PJSIP/ann-0000000a,Dial,x,40,30,ANSWERED,3,,1.1,,0612345,1.1\n'
    data = read(tmp_path, cdr_dot_csv=header + row + row)
    calls = data.calls.execute()
    assert calls[["call_id", "direction", "talk_seconds"]].values.tolist() == [["1.1", "inbound", 30]]
    assert (str(calls["answered_at"].iloc[0]), str(calls["ended_at"].iloc[0])) == (
        "2024-03-04 09:00:10+00:00",
        "2024-03-04 09:00:40+00:00",
    )
    assert data.ledger["reason"].str.contains("there twice").tolist() == [True] and adds_up(data)


def test_lines_of_another_order_go_to_the_ledger(tmp_path):
    data = read(tmp_path, Master_dot_csv=leg(tail=TAIL[17]) + "a,b,c\n" + "2024-03-04 09:00:00,555,100\n")
    assert data.ledger["row"].tolist() == [2, 3] and data.ledger["reason"].str.contains("neither the 9th").all()
    assert adds_up(data)


def test_a_log_with_broken_json(tmp_path):
    event = '[10:00] New CDR: {"event":"Cdr","source":"555","destination":"100","starttime":"2024-03-04 09:00:00","answertime":"","endtime":"2024-03-04 09:00:10","billableseconds":"0","disposition":"NO ANSWER","lastapplication":"Dial","channel":"a","destinationchannel":"b","uniqueid":"1.1"}\n'
    data = read(
        tmp_path, cdr_dot_log=event + '{"event":"Cdr", "sou\n' + '{"event":"Hangup"}\n' + "'; DROP TABLE calls; --\n"
    )
    assert data.calls.outcome.execute().tolist() == ["abandoned"]
    assert data.ledger["row"].tolist() == [2, 3, 4] and adds_up(data)
