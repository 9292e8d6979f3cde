"""Genesys Cloud: conversation details, on a real file and on small ones with every trap."""

import json

import pytest
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData
from toolkit.load import open_data


def at(second):
    """An instant of the morning of the made-up conversations."""
    return f"2024-03-04T09:{second // 60:02}:{second % 60:02}.000Z"


def session(media, *segments, direction="inbound", **more):
    """A leg: segments are (type, begin, end) in seconds from nine; metrics=[(name, ms, second)]."""
    listed = [
        {"segmentType": kind, "segmentStart": at(begin)}
        | ({} if end is None else {"segmentEnd": at(end)})
        | ({"queueId": more["queue"]} if more.get("queue") else {})
        | ({"wrapUpCode": more["code"]} if kind == "wrapup" else {})
        for kind, begin, end in segments
    ]
    told = [{"name": name, "value": value, "emitDate": at(second)} for name, value, second in more.get("metrics", ())]
    kept = {key: more[key] for key in ("flow", "messageType", "ani", "addressFrom") if key in more}
    return {"mediaType": media, "direction": direction, "segments": listed, "metrics": told} | kept


def party(purpose, *sessions, **more):
    return {"purpose": purpose, "sessions": list(sessions)} | more


def conversation(key, *parties, begin=0, end=600, direction="inbound"):
    ended = {} if end is None else {"conversationEnd": at(end)}
    return {
        "conversationId": key,
        "conversationStart": at(begin),
        "originatingDirection": direction,
        "divisionIds": ["home"],
        "participants": list(parties),
    } | ended


def caller(begin, end, **more):
    return party("customer", session("voice", ("interact", begin, end), ani="tel:+1555", **more))


def queue(begin, end, *extra, name="sales", media="voice"):
    told = [("nOffered", 1, begin), ("tAcd", (end - begin) * 1000, end)] if end else [("nOffered", 1, begin)]
    return party("acd", session(media, ("interact", begin, end), queue=name, metrics=[*told, *extra]))


def agent(who, alert, answered, end, *extra, name="sales", media="voice", direction="inbound", code="bill"):
    talk = [] if end is None else [("tTalkComplete", (end - answered) * 1000, end), ("tHandle", 1, end)]
    segments = [("alert", alert, answered), ("interact", answered, end)]
    if end is not None:
        segments.append(("wrapup", end, end + 5))
    told = [("tAnswered", 1, answered), *talk, *extra]
    leg = session(media, *segments, queue=name, metrics=told, direction=direction, code=code)
    return party("agent", leg, userId=who)


EVERY = [
    conversation(
        "answered",
        caller(0, 100),
        party("ivr", session("voice", ("ivr", 0, 10), flow={"flowName": "Main menu"})),
        queue(10, 20),
        agent("ann", 15, 20, 100, ("tHeldComplete", 7000, 100), ("tTalk", 3000, 50), ("tTalk", 4000, 60)),
        # a third party whose leg was never closed
        party("external", session("voice", ("interact", 50, None), direction="outbound")),
        end=3500,
    ),
    conversation("abandoned", caller(0, 40), queue(5, 40, ("tAbandon", 35000, 40))),
    conversation(
        "voicemail",
        caller(0, 70),
        queue(5, 35, ("tFlowOut", 30000, 35)),
        party("voicemail", session("voice", ("interact", 35, 70))),
    ),
    conversation(
        "passed",
        caller(0, 90),
        queue(5, 35, ("tFlowOut", 30000, 35)),
        queue(35, 50, name="rescue"),
        agent("bob", 45, 50, 90, name="rescue"),
    ),
    conversation("menu", caller(0, 30), party("ivr", session("voice", ("ivr", 0, 30)))),
    conversation("dialled", caller(0, 60), party("user", session("voice", ("alert", 1, 9), ("interact", 9, 60),
                 metrics=[("tAnswered", 1, 9), ("tTalkComplete", 51000, 60)]), userId="ann")),
    conversation("rang", caller(0, 30), party("user", session("voice", ("alert", 1, 30)), userId="ann")),
    conversation("open", caller(500, None), queue(505, None), begin=500, end=None),
    conversation("talking", caller(500, None), queue(505, 510), agent("bob", 505, 510, None), begin=500, end=None),
    conversation(
        "made",
        party("user", session("voice", ("dialing", 20, 25), ("interact", 25, 55), direction="outbound",
                              metrics=[("tTalkComplete", 30000, 55)]), userId="bob"),
        party("customer", session("voice", ("dialing", 20, 25), ("interact", 25, 56), direction="outbound")),
        direction="outbound",
    ),
    conversation(
        "back",
        caller(0, 20),
        party("ivr", session("voice", ("ivr", 0, 20))),
        queue(20, 200, media="callback"),
        party("agent", session("callback", ("interact", 200, 260), direction="outbound", metrics=[("tAnswered", 1, 200)]),
              session("voice", ("dialing", 205, 210), ("interact", 210, 250), direction="outbound",
                      metrics=[("tTalkComplete", 40000, 250)]), userId="bob"),
        party("customer", session("callback", ("interact", 20, 260), direction="outbound"),
              session("voice", ("interact", 210, 250), direction="outbound")),
    ),
    # a callback that nobody took until it expired
    conversation("expired", party("customer", session("callback", ("interact", 0, 3000), direction="outbound")),
                 queue(0, 3000, media="callback"), direction="outbound", end=3000),
    conversation("asked", caller(0, 200), queue(5, 15), agent("ann", 12, 15, 200), agent("bob", 55, 60, 120, name=None, code="other")),
    conversation("handed", caller(0, 200), queue(5, 15), agent("ann", 12, 15, 100), agent("bob", 75, 80, 200, name=None)),
    conversation("given", caller(0, 200), queue(5, 15), agent("ann", 12, 15, 100), agent("bob", 100, 102, 200, name=None)),
    conversation("colleagues", party("user", session("voice", ("interact", 0, 20), direction="outbound"), userId="ann"),
                 party("user", session("voice", ("interact", 0, 20)), userId="bob")),
    conversation("screen", party("customer", session("screenshare", ("interact", 0, 20)))),
    conversation("nobody"),
    conversation("mail", party("customer", session("email", ("interact", 0, 500), addressFrom="a@b.org")),
                 queue(1, 60, media="email"), agent("ann", 50, 60, 400, media="email")),
    conversation(
        "app",
        party("customer", session("message", ("interact", 0, 300), messageType="whatsapp", flow={"startingLanguage": "es-es"})),
        party("workflow", session("message", ("interact", 0, 30), messageType="whatsapp")),
        queue(30, 40, media="message"),
        agent("ann", 35, 40, 290, media="message"),
    ),
    conversation("campaign", party("customer", session("message", ("interact", 0, 10), messageType="sms", direction="outbound")),
                 direction="outbound"),
]  # fmt: skip
USERS = {"entities": [{"id": "ann", "name": "Ann Ash", "department": "Desk"}, {"id": "bob", "name": "Bob Birch"}]}
QUEUES = {"entities": [{"id": "sales", "name": "Sales"}, {"id": "rescue", "name": "Rescue"}]}
CODES = {"entities": [{"id": "bill", "name": "About a bill"}]}


def write(folder, name, content):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    folder = tmp_path_factory.mktemp("genesys")
    write(folder, "conversations-1.json", {"conversations": EVERY, "totalHits": len(EVERY)})
    for name, content in (("users", USERS), ("queues", QUEUES), ("wrapupcodes", CODES)):
        write(folder, f"{name}.json", content)
    return open_data(folder, source="genesys")


@pytest.fixture(scope="module")
def calls(every):
    return every.every("calls").execute().set_index("call_id")


@pytest.fixture(scope="module")
def real(real_data):
    return open_data(real_data / "genesys", source="genesys")


class TestReal:
    def test_five_voice_legs_all_answered(self, real):
        calls = real.every("calls").execute()
        offered = calls[calls["queued_at"].notna() & ~calls["is_callback"]].sort_values("started_at")
        assert offered["outcome"].tolist() == ["answered"] * 5
        assert sorted(offered["queue_seconds"]) == [1.670, 1.899, 2.417, 2.746, 10.389]
        assert offered["abandoned_at"].isna().all()
        assert offered["contact_id"].str[:8].value_counts().to_dict() == {
            "e8896b7b": 2,
            "bb57d3c0": 1,
            "0aecc65e": 1,
            "3950b7b9": 1,
        }
        wait = (offered["answered_at"] - offered["queued_at"]).dt.total_seconds()
        assert (wait - offered["queue_seconds"]).abs().max() < 0.02

    def test_complete_metrics_by_conversation(self, real):
        calls = real.every("calls").execute()
        summed = calls.groupby(calls["contact_id"].str[:8])[["talk_seconds", "hold_seconds", "wrap_up_seconds"]].sum()
        assert summed.loc["e8896b7b"].tolist() == pytest.approx([6239.797, 4.601, 142.679], abs=1e-9)
        assert summed.loc["bb57d3c0"].tolist() == pytest.approx([2634.951, 891.089, 32.413], abs=1e-9)
        assert summed.loc["0aecc65e"].tolist() == pytest.approx([1728.122, 7.530, 51.620], abs=1e-9)
        assert summed.loc["3950b7b9"].tolist() == pytest.approx([1986.693, 629.995, 10.282], abs=1e-9)

    def test_voicemail_callback_and_outbound(self, real):
        calls = real.every("calls").execute()
        voicemail = calls[calls["outcome"] == "voicemail"].iloc[0]
        assert (voicemail["contact_id"][:8], voicemail["queued_at"], voicemail["direction"]) == (
            "232a4f22",
            None,
            "inbound",
        ) or (voicemail["contact_id"][:8] == "232a4f22" and str(voicemail["queued_at"]) == "NaT")
        stages = (
            real.call_stages.filter(real.call_stages.call_id == voicemail["call_id"]).order_by("position").execute()
        )
        assert stages["stage"].tolist() == ["Master Flow", "voicemail"]
        seconds = (stages["left_at"] - stages["entered_at"]).dt.total_seconds()
        assert seconds.iloc[1] == pytest.approx(54.461, abs=0.1)
        callback = calls[calls["is_callback"]].iloc[0]
        assert (callback["contact_id"][:8], callback["direction"]) == ("232a4f22", "outbound")
        outbound = calls[(calls["direction"] == "outbound") & ~calls["is_callback"]]
        assert outbound["talk_seconds"].tolist() == [72.291]
        assert outbound["contact_id"].str[:8].tolist() == ["2af4bc9a"]

    def test_no_call_lasts_two_months(self, real):
        calls = real.every("calls").execute()
        lasts = (calls["ended_at"] - calls["started_at"]).dt.total_seconds()[~calls["is_callback"]]
        assert lasts.max() < 7200

    def test_chats_one_of_them_open_with_a_day_that_lacks_its_zero(self, real):
        rows = real.conversations.order_by("created_at").execute()
        assert rows["channel"].tolist() == ["chat", "chat"]
        assert rows["status"].tolist() == ["closed", "open"]
        assert rows["closed_at"].isna().tolist() == [False, True]
        wait = (rows["first_response_at"] - rows["team_assigned_at"]).dt.total_seconds()
        assert wait.tolist() == pytest.approx(
            [11.181, 6.387], abs=1e-6
        )  # tAnswered 11.179 and 6.384, and the agent's own clock
        assert str(rows["first_response_at"].iloc[1]) == "2021-04-02 15:30:57.809000+00:00"

    def test_every_row_is_accounted_for(self, real):
        assert adds_up(real) and real.ledger.empty


class TestEveryTrap:
    def test_outcomes(self, calls):
        told = calls["outcome"].fillna("-").to_dict()
        assert told == {
            "answered": "answered",
            "abandoned": "abandoned",
            "voicemail": "voicemail",
            "passed": "overflow",
            "passed/2": "answered",
            "menu": "contained",
            "dialled": "answered",
            "rang": "abandoned",
            "open": "-",
            "talking": "answered",
            "made": "answered",
            "back": "contained",
            "back/callback": "answered",
            "expired/callback": "failed",
            "asked": "answered",
            "handed": "answered",
            "given": "answered",
        }

    def test_a_call_ends_with_its_own_legs(self, calls):
        seconds = (calls["ended_at"] - calls["started_at"]).dt.total_seconds()
        assert seconds["answered"] == 100
        assert seconds[["open", "talking"]].isna().all()
        assert seconds["passed/2"] == 55

    def test_complete_metrics_not_their_parts(self, calls):
        assert calls.loc["answered", ["talk_seconds", "hold_seconds", "wrap_up_seconds", "queue_seconds"]].tolist() == [
            80,
            7,
            0,
            10,
        ]

    @pytest.mark.parametrize(
        "call, talk, consult",
        [("asked", 185, 60), ("handed", 85 + 100, 20), ("given", 85 + 98, 0), ("answered", 80, 0)],
    )
    def test_talk_with_the_caller_and_between_agents(self, calls, call, talk, consult):
        assert calls.loc[call, ["agent", "talk_seconds"]].tolist() == ["Ann Ash", talk]
        assert float(calls.loc[call, "consult_seconds"]) == consult
        assert calls.loc[call, "wrap_up_code"] == "About a bill"

    def test_names_in_place_of_ids(self, calls, every):
        assert calls.loc["answered", ["queue", "agent", "team", "wrap_up_code"]].tolist() == [
            "Sales",
            "Ann Ash",
            "Desk",
            "About a bill",
        ]
        assert calls.loc["passed/2", "queue"] == "Rescue"
        assert every.agents.count().execute() == 2

    def test_legs_share_their_contact(self, calls):
        assert calls.loc[["passed", "passed/2"], "contact_id"].tolist() == ["passed", "passed"]
        assert calls.loc["back/callback", "is_callback"] and not calls.loc["back", "is_callback"]

    def test_outbound_and_callbacks_are_apart(self, calls, every):
        assert set(calls.index[calls["direction"] == "outbound"]) == {"made", "back/callback", "expired/callback"}
        assert calls.loc["back/callback", ["agent", "talk_seconds"]].tolist() == ["Bob Birch", 40]
        # that nobody took it until it expired is no wait of a caller's
        assert calls["queue_seconds"][["back/callback", "expired/callback"]].fillna(-1).tolist() == [180, -1]
        assert metrics.abandonment_rate(every.calls)["abandoned_count"].tolist() == [2]

    def test_stages_in_the_order_of_time(self, every):
        stages = (
            every.every("call_stages").order_by("call_id", "position").execute().groupby("call_id")["stage"].agg(list)
        )
        assert stages["answered"] == ["Main menu", "queue", "agent"]
        assert stages["voicemail"] == ["queue", "voicemail"]
        assert stages["menu"] == ["menu"]
        assert stages["back/callback"] == ["queue", "agent", "agent"]

    def test_written_conversations(self, every):
        rows = every.every("conversations").execute().set_index("conversation_id")
        assert rows["channel"].to_dict() == {"mail": "email", "app": "whatsapp", "campaign": "sms"}
        assert rows["direction"].to_dict() == {"mail": "inbound", "app": "inbound", "campaign": "proactive"}
        answered = rows["first_response_at"].notna().to_dict()  # accepted is not answered, of an e-mail
        assert answered == {"mail": False, "app": True, "campaign": False}
        assert rows.loc["app", ["language", "bot_outcome", "team", "agent"]].tolist() == [
            "es",
            "handed_off",
            "Sales",
            "Ann Ash",
        ]

    def test_what_is_no_contact_goes_to_the_ledger_with_its_reason(self, every):
        told = {value.split(",")[0]: reason for value, reason in every.ledger[["value", "reason"]].values}
        assert set(told) == {"colleagues", "screen", "nobody"}
        assert "nobody from outside" in told["colleagues"] and "no participants" in told["nobody"]
        assert adds_up(every)


def test_the_same_conversation_in_two_files_is_one(tmp_path):
    early = [conversation("c", caller(0, None), queue(5, None), end=None)]
    write(tmp_path, "conversations-1.json", {"conversations": early})
    write(
        tmp_path,
        "conversations-2.json",
        {"conversations": [conversation("c", caller(0, 40), queue(5, 40, ("tAbandon", 35000, 40)))]},
    )
    data = open_data(tmp_path, source="genesys")
    assert data.calls.outcome.execute().tolist() == ["abandoned"]
    assert set(data.ledger["rule"]) == {"older copy"} and adds_up(data)
    assert "users.json" in str(data.notes)  # names are missing, and it is said where they are to be had


def test_one_conversation_a_file_and_times_that_can_t_be_read(tmp_path):
    odd = conversation("odd", caller(0, 40), queue(5, 40, ("tAbandon", 35000, 40)))
    odd["conversationStart"] = "2024-03-4T09:00:00Z"
    write(tmp_path, "conversation1.json", odd)
    write(tmp_path, "conversation2.json", EVERY[0] | {"conversationStart": "soon"})
    data = open_data(tmp_path, source="genesys")
    assert data.calls.call_id.execute().tolist() == ["odd"]
    assert str(data.calls.started_at.execute().iloc[0]) == "2024-03-04 09:00:00+00:00"
    rejected = data.ledger[data.ledger["action"] == "rejected"]
    assert rejected.loc[rejected["table"] == "calls", ["rule", "value"]].values.tolist() == [["not a time", "soon"]]
    assert adds_up(data)


@pytest.mark.parametrize(
    "content, told",
    [
        ([{"conversation_id": "c", "started": at(0), "participants": []}], "conversationId"),  # renamed
        ({"entities": [{"id": "u", "name": "Ann"}]}, "conversationId"),  # another list of the same API
        ('{"conversations": [{"conversationId": "c", "conversationSt', "breaks off"),
    ],
)
def test_a_wrong_file_is_a_sentence(tmp_path, content, told):
    write(tmp_path, "conversations.json", content)
    with pytest.raises(BadData, match=told) as error:
        open_data(tmp_path, source="genesys")
    assert "conversations.json" in str(error.value)


@pytest.mark.parametrize(
    "participants", ["a word", [], [1, None], [{"purpose": "acd", "sessions": "x"}], {"a": 1}, None]
)
def test_participants_that_make_no_sense_are_told(tmp_path, participants):
    write(
        tmp_path,
        "conversations.json",
        {"conversations": [EVERY[1], EVERY[0] | {"conversationId": "x", "participants": participants}]},
    )
    data = open_data(tmp_path, source="genesys")
    assert data.calls.call_id.execute().tolist() == ["abandoned"]
    assert data.ledger["rule"].tolist() == ["unusable line"] and adds_up(data)
