"""3CX: the CDR log, whose fields an administrator chose."""

from exports import adds_up

from toolkit.load import open_data

FIELDS = [
    "historyid",
    "callid",
    "duration",
    "time-start",
    "time-answered",
    "time-end",
    "reason-terminated",
    "from-no",
    "to-no",
    "from-dn",
    "to-dn",
    "dial-no",
    "reason-changed",
    "final-number",
    "final-dn",
    "bill-code",
    "bill-rate",
    "bill-cost",
    "bill-name",
    "chain",
    "from-type",
    "to-type",
    "final-type",
    "from-dispname",
    "to-dispname",
    "final-dispname",
    "missed-queue-calls",
]


def leg(history="1", begin="09:00:00", answered="09:00:10", end="09:01:00", **more):
    """A line with all 27 fields."""
    told = {
        "historyid": f"Call {history}",
        "callid": "0000018D_1",
        "duration": "00:00:50",
        "time-start": f"2024/03/04 {begin}",
        "time-answered": answered and f"2024/03/04 {answered}",
        "time-end": f"2024/03/04 {end}",
        "reason-terminated": "TerminatedBySrc",
        "from-no": "+1555",
        "to-no": "Ext.100",
        "from-type": "Provider",
        "to-type": "Extension",
        "to-dispname": "Ann Ash",
        "chain": "Chain: +1555;Ext.100;",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    return ",".join(told.get(name, "") for name in FIELDS) + "\n"


def read(folder, text, name="cdr.log"):
    (folder / name).write_text(text)
    return open_data(folder, source="threecx")


def test_the_real_line(real_data):
    data = open_data(real_data / "threecx", source="threecx")
    row = data.calls.execute().iloc[0]
    told = ["call_id", "queue", "agent", "outcome", "direction", "reason_terminated"]
    assert row[told].tolist() == ["612504", "Ext.960", "Ext.504", "answered", "inbound", "TerminatedBySrc"]
    assert (row["ended_at"] - row["started_at"]).total_seconds() == 5 * 60 + 37  # 00:05:36, cut to whole seconds
    assert str(row["answered_at"]) == "NaT"  # the queue answered, at once
    assert adds_up(data) and data.ledger.empty


OUTCOMES = [
        ({}, "answered", True),
        ({"answered": ""}, "abandoned", False),
        ({"to_type": "Queue", "to_no": "Ext.800", "answered": "09:00:00", "final_type": "Queue"}, "abandoned", False),
        ({"to_type": "Queue", "to_no": "Ext.800", "answered": "09:00:00", "final_number": "Ext.100", "final_type": "Extension"}, "answered", False),
        ({"to_type": "ivr", "to_no": "Ext.700", "answered": "09:00:00"}, "contained", False),
        ({"to_type": "VMail", "answered": "09:00:00"}, "voicemail", False),
        ({"from_no": "Ext.100", "from_type": "extension", "to_no": "0611", "to_type": "external_line"}, "answered", True),
        ({"from_no": "Ext.100", "from_type": "extension", "to_no": "0611", "to_type": "external_line", "answered": ""}, "failed", False),
    ]  # fmt: skip


def test_outcomes(tmp_path):
    data = read(tmp_path, "".join(leg(str(n), **told) for n, (told, _, _) in enumerate(OUTCOMES)))
    rows = data.every("calls").order_by("call_id").execute()
    assert rows["outcome"].tolist() == [outcome for _, outcome, _ in OUTCOMES]
    assert rows["answered_at"].notna().tolist() == [is_known for _, _, is_known in OUTCOMES]
    assert rows["direction"].tolist() == ["outbound" if "from_no" in told else "inbound" for told, _, _ in OUTCOMES]
    assert rows["abandoned_at"].notna().tolist() == [outcome == "abandoned" for _, outcome, _ in OUTCOMES]
    assert adds_up(data)


def test_legs_of_one_history_id_are_one_call(tmp_path):
    text = (
        leg(begin="09:00:00", answered="09:00:00", end="09:00:30", to_no="Ext.800", to_type="Queue", to_dispname="Sales",
            final_number="Ext.100", final_type="Extension", final_dispname="Ann Ash", reason_changed="ReplacedDst")
        + leg(begin="09:00:20", answered="09:00:30", end="09:02:00")
        + leg("2", from_no="Ext.100", from_type="Extension", to_no="Ext.101", to_dispname="Bob Birch")
        + leg("3") + leg("3")
    )  # fmt: skip
    data = read(tmp_path, text)
    row = data.calls.order_by("call_id").execute().iloc[0]
    assert row[["call_id", "queue", "agent", "talk_seconds"]].tolist() == ["1", "Sales", "Ann Ash", 90]
    assert (row["answered_at"] - row["queued_at"]).total_seconds() == 30
    assert data.ledger["row"].tolist() == [3, 5]
    assert data.ledger["reason"].str.contains("between extensions|there twice").all() and adds_up(data)


def test_fields_as_the_administrator_chose(tmp_path):
    text = (
        "Call 7,2024/03/04 09:00:00,2024/03/04 09:00:10,2024/03/04 09:01:00,TerminatedByDst,+1555,Ext.100;\n"  # fewer
        "2024/03/04 10:00:00,,2024/03/04 10:01:00,+1555,Ext.100\n"  # no ids, no reason
        "Call 8,00:00:50,2024/03/04 11:00:00,2024/03/04 11:01:00,+1555,Ext.100\n"  # no time of answer
        "hello, world\n"
    )
    data = read(tmp_path, text)
    rows = data.calls.order_by("started_at").execute()
    assert rows["call_id"].tolist() == ["7", "2024/03/04 10:00:00 +1555 Ext.100", "8"]
    assert rows["outcome"].tolist() == ["answered", "abandoned", "abandoned"]
    assert rows["customer_id"].tolist() == ["+1555"] * 3
    assert data.ledger["row"].tolist() == [4] and adds_up(data)


def test_with_a_line_of_names(tmp_path):
    text = "time-start,time-answered,time-end,historyid,to-no,from-no\n2024/03/04 09:00:00,2024/03/04 09:00:10,2024/03/04 09:01:00,Call 9,Ext.100,+1555\n"
    data = read(tmp_path, text, "cdr.csv")
    row = data.calls.execute().iloc[0]
    assert row[["call_id", "customer_id", "agent", "talk_seconds"]].tolist() == ["9", "+1555", "Ext.100", 50]
    assert adds_up(data)


def test_times_are_of_the_pbx_and_a_broken_one_is_told(tmp_path):
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"')
    data = read(tmp_path, leg() + leg("2", begin="31:00:00"))
    assert str(data.calls.started_at.execute().iloc[0]) == "2024-03-04 08:00:00+00:00"
    assert data.ledger[["rule", "value"]].values.tolist() == [["not a time", "2024/03/04 31:00:00"]] and adds_up(data)
