"""Amazon Connect: contact records and Contact Lens transcripts, real ones and small ones with every trap."""

import json

import pytest
from exports import adds_up

from toolkit import metrics
from toolkit.errors import BadData
from toolkit.load import open_data


def at(second):
    return f"2024-03-04T09:{second // 60:02}:{second % 60:02}Z"


def record(key, method="INBOUND", channel="VOICE", begin=0, end=100, queue=None, connected=None, changed=1000, **more):
    """A contact record: queue=(enqueued, dequeued), connected=second."""
    queued = queue and {
        "Name": "Sales",
        "EnqueueTimestamp": at(queue[0]),
        "DequeueTimestamp": at(queue[1]),
        "Duration": queue[1] - queue[0],
    }
    agent = connected and {
        "Username": "ann",
        "ConnectedToAgentTimestamp": at(connected),
        "AgentInteractionDuration": end - connected - 5,
        "CustomerHoldDuration": 5,
        "AfterContactWorkDuration": 9,
        "HierarchyGroups": {"Level1": {"GroupName": "Company"}, "Level2": {"GroupName": "Desk"}, "Level3": None},
    }
    return {
        "ContactId": key,
        "Channel": channel,
        "InitiationMethod": method,
        "InitiationTimestamp": at(begin),
        "DisconnectTimestamp": end and at(end),
        "ConnectedToSystemTimestamp": at(begin),
        "LastUpdateTimestamp": at(changed),
        "CustomerEndpoint": {"Address": "+1555", "Type": "TELEPHONE_NUMBER"},
        "Queue": queued,
        "Agent": agent,
        "InitialContactId": None,
        "PreviousContactId": None,
        "NextContactId": None,
    } | more


def transcript(key, channel, *turns):
    """A Contact Lens file: turns are (role, text, sentiment, second)."""
    listed, groups = [], []
    for number, (role, text, sentiment, second) in enumerate(turns):
        turn = {"Id": f"t{number}", "Content": text, "ParticipantId": role}
        if channel == "VOICE":
            turn |= {"BeginOffsetMillis": second * 1000, "Sentiment": sentiment}
        else:
            turn |= {"AbsoluteTime": at(second), "Type": "MESSAGE" if text else "EVENT", "ParticipantRole": role}
            groups.append({"Sentiment": sentiment, "TranscriptItems": [{"Id": f"t{number}"}]})
        listed.append(turn)
    return {
        "Channel": channel,
        "CustomerMetadata": {"ContactId": key},
        "LanguageCode": "en-US",
        "Participants": [{"ParticipantId": role, "ParticipantRole": role} for role in ("CUSTOMER", "AGENT")],
        "ConversationCharacteristics": {"Sentiment": {"DetailsByTranscriptItemGroup": groups}},
        "Transcript": listed,
    }


RECORDS = [
    record("answered", queue=(10, 20), connected=20),
    record("abandoned", queue=(10, 60), end=60),
    record("menu", end=30),
    record("passed", queue=(10, 40), end=40, NextContactId="passed-2"),
    record("passed-2", "QUEUE_TRANSFER", begin=40, queue=(40, 50), connected=50, InitialContactId="passed", PreviousContactId="passed"),
    record("waiting", queue=(10, 20), end=None),
    record("made", "OUTBOUND", connected=10),
    record("unreached", "API", ConnectedToSystemTimestamp=None),
    record("back", "CALLBACK", begin=50, queue=(50, 60), connected=60, InitialContactId="menu", PreviousContactId="menu"),
    record("made-2", "TRANSFER", begin=40, connected=50, InitialContactId="made", PreviousContactId="made"),
    record("heard", "MONITOR", connected=10),
    record("after", "DISCONNECT", begin=100, end=110),
    record("job", "API", "TASK"),
    # delivered again: changed later, in an earlier line
    record("again", queue=(10, 20), connected=20, changed=2000),
    record("again", queue=(10, 20), end=None, changed=1000),
    record("chat", "API", "CHAT", queue=(5, 15), connected=15, end=90, CustomerId="cara"),
    record("chat-2", "TRANSFER", "CHAT", begin=80, queue=(80, 90), connected=95, end=200, InitialContactId="chat", PreviousContactId="chat"),
    record("plain", "API", "CHAT", queue=(5, 15), connected=15, end=90),
    record("mail", "INBOUND", "EMAIL", queue=(5, 15), connected=15, end=500),
    record("mail-2", "AGENT_REPLY", "EMAIL", begin=400, end=410, RelatedContactId="mail"),
]  # fmt: skip
CHAT = transcript(
    "chat", "CHAT",
    ("CUSTOMER", None, None, 0),
    ("SYSTEM", "Welcome", None, 1),
    ("CUSTOMER", "It broke", "NEGATIVE", 10),
    ("AGENT", "Sorry", "NEUTRAL", 30),
    ("CUSTOMER", "Thanks", "POSITIVE", 60),
)  # fmt: skip
VOICE = transcript("answered", "VOICE", ("AGENT", "Hello", "NEUTRAL", 21), ("CUSTOMER", "Finally", "MIXED", 25))
LOST = transcript("gone", "VOICE", ("AGENT", "Hello", "NEUTRAL", 1))


def write(folder, **files):
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text)
    return folder


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    folder = tmp_path_factory.mktemp("connect")
    users = {"Users": [{"Username": "ann", "IdentityInfo": {"FirstName": "Ann", "LastName": "Ash"}}]}
    # records follow one another without a line break: that is how Firehose writes them
    write(folder, contacts="".join(json.dumps(one) for one in RECORDS), users=users)
    return open_data(
        write(folder, contact_lens_1=CHAT, contact_lens_2=VOICE, contact_lens_3=LOST), source="amazon_connect"
    )


@pytest.fixture(scope="module")
def calls(every):
    return every.every("calls").execute().set_index("call_id")


class TestReal:
    def test_a_contact_record(self, real_data):
        data = open_data(real_data / "amazon_connect" / "ctr_sample.json", source="amazon_connect")
        row = data.calls.execute().iloc[0]
        assert row[["queue_seconds", "talk_seconds", "wrap_up_seconds", "hold_seconds"]].tolist() == [7, 33, 32, 0]
        assert row[["outcome", "queue", "agent", "direction"]].tolist() == [
            "answered",
            "BasicQueue",
            "admin1",
            "inbound",
        ]
        assert data.call_stages.order_by("position").stage.execute().tolist() == ["flow", "queue", "agent"]
        assert adds_up(data) and data.ledger.empty

    def test_transcripts_with_their_own_sentiment(self, real_data):
        data = open_data(real_data / "amazon_connect", source="amazon_connect")
        messages = data.messages.order_by("sent_at").execute()
        # 35 turns a chat, 4 of them events; the second file is the same chat with its names taken out
        assert messages["conversation_id"].unique().tolist() == ["b49644f6-672f-445c-b209-f76b36482830"]
        assert messages["sender"].value_counts().to_dict() == {"agent": 15, "customer": 13, "system": 3}
        assert messages["sentiment"].value_counts().to_dict() == {"neutral": 20, "positive": 5, "negative": 3}
        told = data.ledger.groupby("reason").size()
        assert told[told.index.str.contains("contact record isn't there")].tolist() == [10]  # the call's turns
        assert told[told.index.str.contains("another file")].tolist() == [35]  # turn by turn
        assert told[told.index.str.contains("event of the chat")].tolist() == [4]
        assert adds_up(data) and data.counts.set_index("table").loc["messages", "rows_in"] == 35 + 35 + 10
        chat = data.conversations.execute().iloc[0]
        assert (chat["first_response_at"] - chat["created_at"]).total_seconds() == pytest.approx(12.727)


class TestEveryTrap:
    def test_outcomes(self, calls):
        assert calls["outcome"].fillna("-").to_dict() == {
            "answered": "answered",
            "abandoned": "abandoned",
            "menu": "contained",
            "passed": "overflow",
            "passed-2": "answered",
            "waiting": "-",
            "made": "answered",
            "unreached": "failed",
            "back": "answered",
            "made-2": "answered",
            "again": "answered",
        }
        assert calls["abandoned_at"].notna().sum() == 1

    def test_directions(self, calls, every):
        assert set(calls.index[calls["direction"] == "outbound"]) == {"made", "unreached", "back", "made-2"}
        assert calls.index[calls["is_callback"]].tolist() == ["back"]
        assert metrics.abandonment_rate(every.calls)["abandoned_count"].tolist() == [1]

    def test_the_newest_copy_is_used_and_told(self, calls, every):
        assert str(calls.loc["again", "ended_at"]) == "2024-03-04 09:01:40+00:00"
        older = every.ledger[every.ledger["rule"] == "older copy"]
        assert set(older["key"]) >= {"again"} and set(older["table"]) == {"calls", "call_stages"}

    def test_seconds_names_and_chain(self, calls):
        told = ["queue_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds", "agent", "team", "contact_id"]
        assert calls.loc["answered", told].tolist() == [10, 75, 5, 9, "Ann Ash", "Desk", "answered"]
        assert calls.loc["passed-2", "contact_id"] == "passed"

    def test_chats_and_mails(self, every):
        rows = every.every("conversations").execute().set_index("conversation_id")
        assert rows["channel"].to_dict() == {"chat": "chat", "plain": "chat", "mail": "email", "answered": "phone"}
        wait = (rows["first_response_at"] - rows["created_at"]).dt.total_seconds()
        # the agent's first word; accepted; the reply that is a contact of its own; picked up
        assert wait.to_dict() == {"chat": 30, "plain": 15, "mail": 400, "answered": 20}
        assert (rows.loc["chat", "closed_at"] - rows.loc["chat", "created_at"]).total_seconds() == 200

    def test_messages(self, every):
        rows = every.messages.order_by("sent_at").execute()
        assert rows["text"].tolist() == ["Welcome", "It broke", "Hello", "Finally", "Sorry", "Thanks"]
        assert rows["sender"].tolist() == ["system", "customer", "agent", "customer", "agent", "customer"]
        assert rows["sentiment"].fillna("-").tolist() == ["-", "negative", "neutral", "-", "neutral", "positive"]
        assert str(rows["sent_at"].iloc[2]) == "2024-03-04 09:00:21+00:00"  # 21 s after the call's record begins

    def test_the_ledger_says_why(self, every):
        unusable = every.ledger[every.ledger["rule"].isin(["unusable line", "set aside on purpose"])]
        told = {value.split(",")[0].split("/")[0]: reason for value, reason in unusable[["value", "reason"]].values}
        assert set(told) == {"heard", "after", "job", "chat-2", "mail-2", "gone", "chat"}
        assert "an event of the chat, no message" in told["chat"]
        assert "listened" in told["heard"] and "task" in told["job"] and "later part of contact chat" in told["chat-2"]
        assert every.ledger[every.ledger["rule"] == "unknown sentiment"]["value"].tolist() == ["mixed"]
        assert adds_up(every)


def test_records_as_a_list_as_lines_and_one_a_file(tmp_path):
    folder = tmp_path / "contacts"
    folder.mkdir()
    write(folder, a=RECORDS[:1], b="\n".join(json.dumps(one) for one in RECORDS[1:3]), c=RECORDS[3])
    data = open_data(tmp_path, source="amazon_connect")
    assert data.calls.order_by("call_id").call_id.execute().tolist() == ["abandoned", "answered", "menu", "passed"]
    assert data.calls.outcome.execute().notna().all() and adds_up(data)


def test_half_an_export(tmp_path):
    data = open_data(write(tmp_path, contact_lens_1=CHAT), source="amazon_connect")
    row = data.conversations.execute().iloc[0]
    assert (row["channel"], (row["first_response_at"] - row["created_at"]).total_seconds()) == ("chat", 30)
    assert data.messages.count().execute() == 4 and adds_up(data)


def test_every_turn_of_a_transcript_is_told(tmp_path):
    empty = transcript("void", "CHAT")
    joined = transcript("joined", "CHAT", ("CUSTOMER", None, None, 0))
    data = open_data(
        write(tmp_path, contact_lens_1=CHAT, contact_lens_2_redacted=CHAT, contact_lens_3=empty, contact_lens_4=joined),
        source="amazon_connect",
    )
    told = [(value, reason.split("(")[1].rstrip(")")) for value, reason in data.ledger[["value", "reason"]].values]
    again, event = "it is read from another file of the same contact", "an event of the chat, no message"
    assert sorted(told) == [
        ("CHAT, []", "its transcript has no turns"),
        ("chat/1", event),
        ("chat/1", again),
        ("chat/2: Welcome", again),
        ("chat/3: It broke", again),
        ("chat/4: Sorry", again),
        ("chat/5: Thanks", again),
        ("joined/1", event),
    ]
    assert data.messages.count().execute() == 4 and adds_up(data)


@pytest.mark.parametrize(
    "content, told",
    [
        (
            [{"contact": "c", "InitiationTimestamp": at(0), "InitiationMethod": "INBOUND", "Channel": "VOICE"}],
            "ContactId",
        ),
        ('{"ContactId": "c", "InitiationTime', "breaks off"),
    ],
)
def test_a_wrong_file_is_a_sentence(tmp_path, content, told):
    with pytest.raises(BadData, match=told) as error:
        open_data(write(tmp_path, contacts=content), source="amazon_connect")
    assert "contacts.json" in str(error.value)


def test_blocks_that_make_no_sense(tmp_path):
    odd = record("odd") | {"Agent": "nobody", "Queue": [1], "CustomerEndpoint": 5, "InitiationTimestamp": "soon"}
    data = open_data(write(tmp_path, contacts=[RECORDS[0], odd]), source="amazon_connect")
    assert data.calls.call_id.execute().tolist() == ["answered"]
    assert data.ledger["rule"].tolist()[0] == "not a time" and adds_up(data)
