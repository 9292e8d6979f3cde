"""Zendesk: the API's pages, the account's exports, a warehouse's tables."""

import json

import pytest
from exports import adds_up, rows, set_aside, write, write_csv

from toolkit.errors import BadData
from toolkit.load import open_data


def ticket(number, **more):
    """A ticket as the API gives it."""
    return {
        "id": number, "url": f"https://x.zendesk.com/api/v2/tickets/{number}.json", "created_at": "2024-03-01T09:00:00Z",
        "updated_at": "2024-03-01T10:00:00Z", "status": "open", "priority": "normal", "type": None, "requester_id": 900,
        "submitter_id": 900, "assignee_id": 11, "group_id": 21, "organization_id": None, "brand_id": 31, "tags": [],
        "via": {"channel": "email", "source": {"rel": None}}, "satisfaction_rating": {"score": "unoffered"}, **more,
    }  # fmt: skip


def comment(number, ticket_id, author, at, **more):
    return {
        "id": number, "ticket_id": ticket_id, "author_id": author, "public": True, "created_at": f"2024-03-01T{at}Z", "body": "text",
        "via": {"channel": "email"}, **more,
    }  # fmt: skip


PEOPLE = [
    {"id": 11, "name": "Ada", "role": "agent", "updated_at": "2024-01-01T00:00:00Z", "default_group_id": 21},
    {"id": 12, "name": "Ada", "role": "admin", "updated_at": "2024-01-01T00:00:00Z", "default_group_id": None},
    {"id": 900, "name": "Customer", "role": "end-user", "updated_at": "2024-01-01T00:00:00Z"},
]
GROUPS = [{"id": 21, "name": "First line", "url": "https://x.zendesk.com/api/v2/groups/21.json"}]
MEASURED = {
    "solved_at": "2024-03-01T12:00:00Z", "reopens": 1, "initially_assigned_at": "2024-03-01T09:05:00Z",
    "reply_time_in_minutes": {"calendar": 30, "business": 3}, "first_resolution_time_in_minutes": {"calendar": 60, "business": 6},
    "agent_wait_time_in_minutes": {"calendar": 20, "business": 2},
}  # fmt: skip


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """An account's pages, each trap once."""
    folder = tmp_path_factory.mktemp("zendesk")
    write(
        folder,
        tickets_1={
            "tickets": [
                ticket(1),
                ticket(2),
                ticket(3, tags=["closed_by_merge"], status="closed"),
                ticket(4, merged_ticket_ids=[5], via={"channel": "voice", "source": {"rel": "outbound"}}, submitter_id=11),
                ticket(5, status="closed"),
                ticket(6, via={"channel": "whatsapp"}, status="solved", satisfaction_rating={"score": "bad", "id": 7, "comment": "slow"}),
            ],
            "after_cursor": "a", "end_of_stream": False,
        },
        # the cursor gives a ticket again that changed meanwhile
        tickets_2={
            "tickets": [
                ticket(1, updated_at="2024-03-02T10:00:00Z", status="solved", metric_set=MEASURED),
                ticket(2, updated_at="2024-03-02T10:00:00Z", status="deleted"),
            ],
            "after_cursor": None, "end_of_stream": True,
        },
        comments=[
            comment(101, 1, 900, "09:00:00", body="It&#39;s &amp;lt;broken&amp;gt; &amp; slow"),
            comment(102, 1, 11, "09:10:00", public=False),
            comment(103, 1, 12, "09:12:00", via={"channel": "rule"}),
            comment(104, 1, 12, "09:20:30"),
            comment(105, 4, 11, "09:00:00", body="we call you"),
            comment(106, 4, 11, "09:45:00"),
            comment(107, 2, 900, "09:00:00"),
            comment(108, 1, 901, "09:30:00"),
        ],
        users={"users": PEOPLE}, groups={"groups": GROUPS},
        satisfaction_ratings={
            "satisfaction_ratings": [
                {"id": 1, "ticket_id": 1, "score": "offered", "created_at": "2024-03-02T10:00:00Z", "updated_at": "2024-03-02T10:00:00Z"},
                {"id": 2, "ticket_id": 1, "score": "good", "created_at": "2024-03-03T10:00:00Z", "updated_at": "2024-03-03T11:00:00Z",
                 "requester_id": 900, "assignee_id": 12, "comment": "thanks"},
                {"id": 3, "ticket_id": 4, "score": "unoffered", "created_at": "2024-03-02T10:00:00Z"},
                {"id": 4, "ticket_id": 4, "score": "offered", "created_at": "2024-03-02T10:00:00Z"},
            ]
        },
    )  # fmt: skip
    return open_data(folder, source="zendesk")


def test_the_newest_copy_of_a_ticket_is_used(account):
    assert adds_up(account)
    found = rows(account, "conversations", "conversation_id", "channel", "status", "direction", "team", "project")
    assert found == [
        ["1", "email", "solved", "inbound", "First line", "31"],
        ["4", "phone", "open", "proactive", "First line", "31"],
        ["6", "whatsapp", "solved", "inbound", "First line", "31"],
    ]


def test_deleted_and_merged_tickets_are_in_the_ledger_with_that_reason(account):
    said = {
        (key, reason.rsplit("(", 1)[-1].rstrip(")"))
        for table, key, rule, reason in set_aside(account)
        if rule == "set aside on purpose"
    }
    assert {("2", "deleted in Zendesk"), ("3", "merged into another ticket"), ("5", "merged into ticket 4")} <= said
    # page 1 still has ticket 2 as open: both copies are set aside, and its comment with them
    assert [key for table, key, rule, _ in set_aside(account) if table == "conversations" and key == "2"] == ["2", "2"]
    assert ("messages", "107", "unknown parent") in {entry[:3] for entry in set_aside(account)}


def test_notes_triggers_and_the_opening_text_are_no_replies(account):
    assert rows(account, "conversations", "conversation_id", "first_response_at")[:2] == [
        ["1", "2024-03-01 09:20:30"],
        ["4", "2024-03-01 09:45:00"],
    ]
    found = {
        key: row for key, *row in rows(account, "messages", "message_id", "sender", "is_public", "agent", "customer_id")
    }
    assert found["101"] == ["customer", True, None, "900"]
    assert found["102"] == ["agent", False, "Ada (11)", None]
    assert found["103"][:2] == ["system", True]
    assert found["104"] == ["agent", True, "Ada (12)", None]


def test_a_text_is_read_as_it_was_written(account):
    assert rows(account, "messages", "text")[0] == ["It's <broken> & slow"]


def test_whose_author_is_not_known_is_told_apart(account):
    assert ("messages", "108, text", "unusable line") in {entry[:3] for entry in set_aside(account)}


def test_metrics_of_a_ticket_tell_its_closes(account):
    columns = ("first_closed_at", "closed_at", "reopen_count", "agent_assigned_at", "waiting_seconds")
    assert rows(account, "conversations", *columns)[0] == [
        "2024-03-01 10:00:00", "2024-03-01 12:00:00", 1, "2024-03-01 09:05:00", None,
    ]  # fmt: skip


def test_good_and_bad_are_a_scale_of_two_points(account):
    found = rows(
        account, "surveys", "survey_id", "score", "scale_min", "scale_max", "sent_at", "answered_at", "agent", "comment"
    )
    assert found == [
        ["1", 1, 0, 1, "2024-03-02 10:00:00", "2024-03-03 10:00:00", "Ada (12)", "thanks"],
        ["4", None, 0, 1, "2024-03-02 10:00:00", None, "Ada (11)", None],
        ["6", 0, 0, 1, "2024-03-01 10:00:00", "2024-03-01 10:00:00", "Ada (11)", "slow"],
    ]


def test_agents_are_those_whose_role_says_so(account):
    assert rows(account, "agents", "agent_id", "name", "team") == [["11", "Ada", "First line"], ["12", "Ada", None]]


CHANGES = [
    {"type": "Create", "field_name": "status", "value": "new"},
    {"type": "Create", "field_name": "group_id", "value": "21"},
    {"id": 201, "type": "Comment", "author_id": 900, "public": True, "body": "help"},
]


@pytest.mark.parametrize("form", ["audits", "ticket_events", "ticket_field_history"])
def test_every_form_of_a_history_tells_the_same(tmp_path, form):
    steps = [("2024-03-01 09:00:00", None, "new"), ("2024-03-01 10:00:00", "new", "pending"), ("2024-03-01 11:30:00", "pending", "solved"),
             ("2024-03-01 12:00:00", "solved", "open"), ("2024-03-01 13:00:00", "open", "closed")]  # fmt: skip
    if form == "ticket_field_history":
        table = [
            {"field_name": "status", "ticket_id": 1, "updated": at, "user_id": 11, "value": to} for at, _, to in steps
        ]
        known = ("id", "created_at", "updated_at", "status", "requester_id")
        write_csv(
            tmp_path,
            ticket_field_history=table,
            ticket=[{key: ticket(1)[key] for key in known} | {"via_channel": "email"}],
        )
    else:
        write(tmp_path, tickets=[ticket(1)])
    if form == "audits":
        events = [
            {"type": "Change", "field_name": "status", "value": to, "previous_value": before} for _, before, to in steps
        ]
    else:
        events = [{"event_type": "Change", "status": to, "previous_value": before, "id": 5} for _, before, to in steps]
    times = [at.replace(" ", "T") + "Z" for at, _, _ in steps]
    if form == "audits":
        pages = [{"id": n, "ticket_id": 1, "author_id": 11, "created_at": at, "events": [one]}
                 for n, (at, one) in enumerate(zip(times, events, strict=True))]  # fmt: skip
        write(tmp_path, ticket_audits={"audits": pages})
    elif form == "ticket_events":
        pages = [{"id": n, "ticket_id": 1, "updater_id": 11, "created_at": at, "child_events": [one]}
                 for n, (at, one) in enumerate(zip(times, events, strict=True))]  # fmt: skip
        write(tmp_path, ticket_events={"ticket_events": pages, "end_of_stream": True})
    data = open_data(tmp_path, source="zendesk")
    assert adds_up(data)
    assert rows(data, "status_changes", "changed_at", "from_value", "to_value", "is_closing", "changed_by") == [
        [at, before, to, to in ("solved", "closed"), "11"] for at, before, to in steps
    ]
    columns = ("first_closed_at", "reopened_at", "closed_at", "reopen_count", "waiting_seconds")
    assert rows(data, "conversations", *columns) == [
        ["2024-03-01 11:30:00", "2024-03-01 12:00:00", "2024-03-01 13:00:00", 1, 5400]
    ]


def test_comments_and_ratings_among_the_events(tmp_path):
    def change(**what):
        return {"type": "Change", **what}

    audits = [
        {"id": 1, "ticket_id": 1, "author_id": 900, "created_at": "2024-03-01T09:00:00Z", "events": CHANGES},
        {"id": 2, "ticket_id": 1, "author_id": 11, "created_at": "2024-03-01T09:30:00Z",
         "events": [{"id": 202, "type": "Comment", "author_id": 11, "public": True, "body": "done"}]},
        {"id": 3, "ticket_id": 1, "author_id": -1, "created_at": "2024-03-02T09:00:00Z",
         "events": [change(field_name="satisfaction_score", value="offered", previous_value="unoffered")]},
        {"id": 4, "ticket_id": 1, "author_id": 900, "created_at": "2024-03-02T10:00:00Z",
         "events": [change(field_name="satisfaction_score", value="good", previous_value="offered"),
                    change(field_name="satisfaction_comment", value="quick", previous_value=None)]},
        {"id": 5, "ticket_id": 1, "author_id": -1, "created_at": "2024-03-02T10:00:01Z", "events": [{"type": "Notification"}]},
    ]  # fmt: skip
    data = open_data(
        write(tmp_path, tickets=[ticket(1)], ticket_audits={"audits": audits}, groups=GROUPS), source="zendesk"
    )
    assert adds_up(data)
    assert rows(data, "messages", "message_id", "sender", "text") == [
        ["201", "customer", "help"],
        ["202", "agent", "done"],
    ]
    assert rows(data, "conversations", "first_response_at") == [["2024-03-01 09:30:00"]]
    assert rows(data, "surveys", "sent_at", "answered_at", "score", "comment") == [
        ["2024-03-02 09:00:00", "2024-03-02 10:00:00", 1, "quick"]
    ]
    assert ["team", "First line"] in rows(data, "status_changes", "field", "to_value")


def test_events_in_words_that_set_many_fields_and_side_conversations(tmp_path):
    """An event calls its way "Rule" or "Mail"; the one of a creation sets all fields; agents among themselves are no contact."""
    made = {"id": 3, "event_type": "Create", "via": "Mail", "status": "new", "priority": None, "tags": ["a"], "group_id": 21,
            "custom_ticket_fields": {"77": "z"}}  # fmt: skip
    tagged = {"id": 4, "event_type": "Change", "via": "Rule", "tags": ["a", "b"], "added_tags": ["b"], "removed_tags": []}  # fmt: skip
    said = {"event_type": "Comment", "public": True, "via_reference_id": None}
    events = [
        {"id": 1, "ticket_id": 1, "updater_id": 900, "created_at": "2024-03-01T09:00:00Z", "via": "Mail",
         "child_events": [made, said | {"id": 5, "author_id": 900, "body": "help", "via": "Mail"}]},
        {"id": 2, "ticket_id": 1, "updater_id": 11, "created_at": "2024-03-01T09:01:00Z", "via": "Rule",
         "child_events": [tagged, said | {"id": 6, "author_id": 11, "body": "we got it", "via": "Rule"}]},
        {"id": 7, "ticket_id": 1, "updater_id": 11, "created_at": "2024-03-01T09:30:00Z", "via": "Web form",
         "child_events": [said | {"id": 8, "author_id": 11, "body": "done", "via": "Web form"}]},
    ]  # fmt: skip
    tickets = [ticket(1), ticket(2, via={"channel": "side_conversation"})]
    data = open_data(
        write(tmp_path, tickets=tickets, ticket_events={"ticket_events": events}, groups=GROUPS), source="zendesk"
    )
    assert adds_up(data)
    assert rows(data, "messages", "message_id", "sender") == [["5", "customer"], ["6", "system"], ["8", "agent"]]
    assert rows(data, "conversations", "conversation_id", "first_response_at") == [["1", "2024-03-01 09:30:00"]]
    assert sorted(rows(data, "status_changes", "field", "to_value")) == [
        ["77", "z"], ["status", "new"], ["tags", '["a","b"]'], ["tags", '["a"]'], ["team", "First line"],
    ]  # fmt: skip
    reasons = data.ledger[data.ledger["table"] == "conversations"]["reason"].tolist()
    assert len(reasons) == 1 and "side conversation among agents" in reasons[0]


def test_tickets_alone_say_nothing_of_what_they_cannot_tell(tmp_path):
    data = open_data(write(tmp_path, tickets={"tickets": [ticket(1), ticket(2, status="closed")]}), source="zendesk")
    assert adds_up(data)
    have = set(data.every("conversations").columns)
    assert not have & {
        "first_response_at",
        "closed_at",
        "solved_at",
        "first_closed_at",
        "reopen_count",
        "agent_assigned_at",
        "waiting_seconds",
    }
    assert set(data.counts["table"]) == {"conversations"}  # nobody was asked; nobody wrote, as far as is known
    assert rows(data, "conversations", "agent", "team") == [["11", "21"], ["11", "21"]]


def test_without_users_whoever_acted_as_an_agent_is_one(tmp_path):
    said = [comment(1, 1, 900, "09:00:00"), comment(2, 1, 11, "09:10:00"), comment(3, 1, 13, "09:20:00", public=False),
            comment(4, 1, 13, "09:30:00"), comment(5, 1, 14, "09:40:00")]  # fmt: skip
    data = open_data(write(tmp_path, tickets=[ticket(1)], comments={"comments": said}), source="zendesk")
    assert adds_up(data)
    assert rows(data, "messages", "sender") == [["customer"], ["agent"], ["agent"], ["agent"]]
    assert [entry[1:3] for entry in set_aside(data)] == [("5, text", "unusable line")]
    # a list of agents alone: whoever isn't on it is a customer
    data = open_data(write(tmp_path, users={"users": PEOPLE[:2]}), source="zendesk")
    assert adds_up(data) and data.ledger.empty
    assert rows(data, "messages", "sender")[4] == ["customer"]


def test_a_list_of_one_tickets_comments_is_named_by_its_file(tmp_path):
    said = [{key: value for key, value in comment(1, 0, 900, "09:00:00").items() if key != "ticket_id"}]
    write(tmp_path, tickets=[ticket(35), ticket(36)])
    write(tmp_path / "comments", **{"ticket-36": {"comments": said}})
    assert rows(open_data(tmp_path, source="zendesk"), "messages", "conversation_id") == [["36"]]


def test_a_later_part_of_the_comments_does_not_tell_the_first_reply(tmp_path):
    late = [comment(9, 1, 11, "18:00:00")]
    data = open_data(
        write(tmp_path, tickets=[ticket(1, metric_set=MEASURED)], comments={"comments": late}), source="zendesk"
    )
    assert rows(data, "conversations", "first_response_at") == [["2024-03-01 09:30:00"]]


def test_the_export_of_the_admin_center(tmp_path):
    line = {
        "Summation column": 1, "Id": 1, "Requester": "Kim", "Requester id": 900, "Assignee": "Ada", "Group": "First line",
        "Status": "Closed", "Priority": "High", "Via": "Mail", "Ticket type": "-", "Created at": "2024-07-01 10:00", "Updated at": "2024-07-05 10:00",
        "Solved at": "2024-07-01 12:00", "Satisfaction Score": "Good", "Reopens": 0, "First reply time in minutes": 15,
        "First resolution time in minutes": 120, "Agent wait time in minutes": 5, "First reply time in minutes within business hours": 2,
    }  # fmt: skip
    other = {
        "Id": 2,
        "Via": "Phone call (outbound)",
        "Satisfaction Score": "Not Offered",
        "Status": "Open",
        "Solved at": "",
    }
    again = {
        "Id": 3,
        "Via": "Web form",
        "Satisfaction Score": "Offered",
        "Group": "-",
        "First reply time in minutes": "",
    }
    write_csv(tmp_path, **{"export_2024_07_06_1": [line, line | other, line | again]})
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"\n', encoding="utf-8")
    data = open_data(tmp_path, source="zendesk")
    assert adds_up(data) and data.ledger.empty
    columns = ("channel", "direction", "created_at", "first_response_at", "closed_at", "team", "agent", "customer_id")
    assert rows(data, "conversations", *columns) == [
        [
            "email",
            "inbound",
            "2024-07-01 08:00:00",
            "2024-07-01 08:15:00",
            "2024-07-01 10:00:00",
            "First line",
            "Ada",
            "900",
        ],
        ["phone", "proactive", "2024-07-01 08:00:00", "2024-07-01 08:15:00", None, "First line", "Ada", "900"],
        ["web_form", "inbound", "2024-07-01 08:00:00", None, "2024-07-01 10:00:00", None, "Ada", "900"],
    ]
    assert rows(data, "surveys", "survey_id", "score") == [["1", 1], ["3", None]]


def test_a_warehouses_times_are_utc_and_its_deleted_rows_are_gone(tmp_path):
    tickets = [
        {"id": n, "created_at": "2024-07-01 10:00:00", "updated_at": "2024-07-01 11:00:00", "status": "open", "via_channel": "native_messaging",
         "requester_id": 900, "assignee_id": 11, "merged_ticket_ids": "[]", "_fivetran_deleted": gone}
        for n, gone in ((1, "false"), (2, "TRUE"))
    ]  # fmt: skip
    chat = [{"chat_id": "c", "ticket_id": 1}]
    events = [
        {"chat_id": "c", "created_at": f"2024-07-01 10:0{n}:00", "actor_id": actor, "type": kind, "message": "hi", "chat_index": n,
         "original_message": original}
        for n, (actor, kind, original) in enumerate(
            [("900", "ChatMessage", '{"author": {"type": "USER"}}'), ("agent:77", "ChatMessage", '{"source": {"type": "zd:answerBot"}}'),
             ("agent:11", "ChatMessage", ""), ("__system", "ChatMessage", ""), ("agent:11", "ChatJoin", "")]
        )
    ]  # fmt: skip
    write_csv(tmp_path, ticket=tickets, ticket_chat=chat, ticket_chat_event=events)
    (tmp_path / "service.toml").write_text('time_zone = "Europe/Rome"\n', encoding="utf-8")
    data = open_data(tmp_path, source="zendesk")
    assert adds_up(data)
    assert rows(data, "conversations", "channel", "created_at", "first_response_at") == [
        ["chat", "2024-07-01 10:00:00", "2024-07-01 10:02:00"]
    ]
    assert rows(data, "messages", "sender") == [["customer"], ["bot"], ["agent"], ["system"]]
    assert [entry[:2] for entry in set_aside(data)] == [("conversations", "2"), ("messages", "c, ChatJoin")]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"created_at": "created"}, ("tickets.json", "created_at", "created")),
        ({"via": "channel"}, ("tickets.json", "via")),
    ],
)
def test_a_renamed_column_is_named(tmp_path, change, words):
    given = {change.get(key, key): value for key, value in ticket(1).items()}
    with pytest.raises(BadData) as raised:
        open_data(write(tmp_path, tickets={"tickets": [given]}), source="zendesk")
    assert all(word in str(raised.value) for word in words), raised.value


def test_a_wrong_file_is_refused(tmp_path):
    write_csv(tmp_path, weather=[{"day": "2024-03-01", "rain": 3}])
    with pytest.raises(BadData) as raised:
        open_data(tmp_path, source="zendesk")
    assert "weather.csv" in str(raised.value) and "zendesk" in str(raised.value)


def test_hostile_values_are_only_values(tmp_path):
    nasty = '\'; DROP TABLE raw.tickets; --\n"{{x}}"'
    given = ticket(
        1,
        via={"channel": nasty},
        priority=nasty,
        created_at="2024-03-01T09:00:00Z",
        tags=[nasty],
        metric_set="not JSON",
    )
    event = {
        "ticket_id": 1,
        "child_events": [{"event_type": "Change", nasty: nasty}],
        "created_at": "2024-03-01T09:00:00Z",
    }
    write(
        tmp_path,
        tickets=[given, ticket(2, created_at="soon"), ticket(None)],
        ticket_events=[event, event | {"child_events": nasty}],
    )
    data = open_data(tmp_path, source="zendesk")
    assert adds_up(data)
    assert rows(data, "status_changes", "to_value") == [[nasty]]
    assert rows(data, "conversations", "conversation_id", "priority") == [["1", nasty]]
    assert sorted(data.ledger["rule"]) == ["not a time", "required value missing"]


def test_the_api_form_made_by_hand(real_data):
    data = open_data(real_data / "zendesk_api" / "tickets.json", source="zendesk")
    assert adds_up(data)
    assert rows(data, "conversations", "conversation_id", "status", "channel") == [
        ["35001", "open", "web_form"], ["35002", "pending", "email"], ["35003", "solved", "api"],
    ]  # fmt: skip
    assert [(key, rule) for _, key, rule, _ in set_aside(data)] == [("35004", "set aside on purpose")]
    assert "deleted in Zendesk" in set_aside(data)[0][3]


def test_the_vendors_examples(real_data):
    data = open_data(real_data / "zendesk_api", source="zendesk")
    assert adds_up(data)
    # the ticket of the cursor's page is that of the page by time
    assert [row[0] for row in rows(data, "conversations", "conversation_id")] == ["35001", "35002", "35003", "35436"]
    assert rows(data, "surveys", "survey_id", "score", "comment") == [["35436", 1, "Great support!"]]
    assert sorted(data.ledger["rule"]) == ["older copy", "older copy", "older copy", "set aside on purpose"]


def test_a_warehouse_as_a_connector_landed_it(real_data):
    data = open_data(real_data / "zendesk", source="zendesk")
    assert adds_up(data)
    conversations = {
        key: row
        for key, *row in rows(data, "conversations", "conversation_id", "status", "channel", "created_at", "closed_at")
    }
    assert len(conversations) == 8 and conversations["11071"] == [
        "closed",
        "email",
        "2020-08-28 18:06:36",
        "2020-11-14 11:01:27",
    ]
    assert sorted(key for table, key, rule, _ in set_aside(data) if table == "conversations") == ["11013", "1595"]
    assert rows(data, "agents", "name", "role") == [["Arthur Agent", "agent"]]


def test_chats_of_a_warehouse(real_data):
    data = open_data(real_data / "zendesk_warehouse", source="zendesk")
    assert adds_up(data)
    assert data.counts.set_index("table").loc["messages", ["rows_in", "rows_used"]].tolist() == [12, 9]
    kinds = sorted(value.rsplit(", ", 1)[-1] for value in data.ledger["value"])
    assert kinds == ["ChatDepartmentTransfer", "ChatEmailChanged", "ChatJoin"]


def test_what_only_completes_others_is_no_export(tmp_path):
    with pytest.raises(BadData) as raised:
        open_data(write(tmp_path, groups={"groups": GROUPS}), source="zendesk")
    assert "groups.json" in str(raised.value) and "only completes" in str(raised.value)


@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: {"ticket": one}])
def test_the_accounts_json_export(tmp_path, wrap):
    said = [comment(10, None, 900, "09:00:00"), comment(11, None, 11, "09:30:10")]
    given = ticket(
        1,
        comments=said,
        requester={"id": 900},
        group={"id": 21, "name": "First line"},
        metric_set=MEASURED,
        status="solved",
    )
    lines = [json.dumps(wrap(one)) for one in (given, given | {"id": 2, "comments": []})]
    (tmp_path / "export_2024_03_02_ab12_1.json").write_text("\n".join(lines), encoding="utf-8")
    data = open_data(tmp_path, source="zendesk")
    assert adds_up(data) and data.ledger.empty
    assert rows(data, "conversations", "first_response_at", "closed_at", "team", "customer_id") == [
        ["2024-03-01 09:30:10", "2024-03-01 12:00:00", "First line", "900"],
        ["2024-03-01 09:30:00", "2024-03-01 12:00:00", "First line", "900"],
    ]
    assert rows(data, "messages", "conversation_id", "sender") == [["1", "customer"], ["1", "agent"]]
