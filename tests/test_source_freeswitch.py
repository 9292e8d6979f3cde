"""FreeSWITCH: Master.csv of mod_cdr_csv."""

from exports import adds_up

from toolkit.load import open_data


def record(
    key, start="09:00:00", answer="09:00:10", end="09:00:40", cause="NORMAL_CLEARING", other="", day="2024-03-04"
):
    times = [f"{day} {time}" if time else "" for time in (start, answer, end)]
    return (
        ",".join(
            f'"{part}"'
            for part in ("Ann", "555", "100", "public", *times, "40", "30", cause, key, other, "", "PCMU", "PCMU")
        )
        + "\n"
    )


def test_the_real_file(real_data):
    data = open_data(real_data / "freeswitch")  # told from Asterisk's file of the same name by what is in it
    rows = data.calls.execute()
    assert data.source == "freeswitch" and len(rows) == 8
    assert rows["hangup_cause"].value_counts().to_dict() == {
        "NORMAL_CLEARING": 6,
        "NO_USER_RESPONSE": 1,
        "RECOVERY_ON_TIMER_EXPIRE": 1,
    }
    assert data.ledger[["rule", "row"]].values.tolist() == [["duplicate id", 9], ["duplicate id", 10]]
    assert rows["outcome"].value_counts().to_dict() == {"answered": 7, "abandoned": 1}
    assert rows["talk_seconds"].sum() == 9 + 61 + 21 + 327 + 20 + 32 + 20
    # the spreadsheet cut the seconds: they come from duration and billsec
    lasts = (rows["ended_at"] - rows["started_at"]).dt.total_seconds()
    assert sorted(lasts) == [2, 11, 24, 31, 32, 43, 64, 329]
    assert adds_up(data)


def test_outcomes_second_legs_and_another_order(tmp_path):
    (tmp_path / "Master.csv").write_text(
        record("a", other="b")
        + record("b")
        + record("c", answer="", cause="ORIGINATOR_CANCEL")
        + record("d", answer="", cause="USER_BUSY")
        + "a,b,c\n"
        + record("e", start="soon at 99:99")
    )
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"')
    data = open_data(tmp_path, source="freeswitch")
    rows = data.calls.order_by("call_id").execute()
    assert rows[["call_id", "outcome"]].values.tolist() == [["a", "answered"], ["c", "abandoned"], ["d", "failed"]]
    assert str(rows["answered_at"].iloc[0]) == "2024-03-04 08:00:10+00:00"
    assert str(rows["abandoned_at"].iloc[1]) == "2024-03-04 08:00:40+00:00"
    assert sorted(data.ledger["row"]) == [2, 5, 6] and adds_up(data)


def test_with_a_line_of_names(tmp_path):
    (tmp_path / "cdr.csv").write_text(
        "uuid,start_stamp,answer_stamp,end_stamp,hangup_cause,caller_id_number,destination_number,billsec\n"
        "a,2024-03-04 09:00:00,2024-03-04 09:00:10,2024-03-04 09:00:40,NORMAL_CLEARING,555,100,30\n"
    )
    data = open_data(tmp_path, source="freeswitch")
    assert data.calls.execute()[["call_id", "customer_id", "talk_seconds"]].values.tolist() == [["a", "555", 30]]
    assert adds_up(data)
