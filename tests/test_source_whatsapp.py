"""WhatsApp: chats exported as text."""

import pytest
from exports import adds_up

from toolkit.load import open_data


def read(folder, order="dmy", **chats):
    for name, text in chats.items():
        (folder / f"WhatsApp Chat with {name}.txt").write_text(text)
    (folder / "service.toml").write_text(f'date_order = "{order}"')
    return open_data(folder, source="whatsapp")


@pytest.fixture(scope="module")
def real(real_data):
    return open_data(real_data / "whatsapp")  # recognised by its lines; no day-month order is needed


def test_real_chats(real):
    rows = real.messages.execute()
    chat = rows["message_id"].str.split("/").str[0]
    assert chat.value_counts().to_dict() == {"lorem": 500, "pokemon": 20}
    last = rows[chat == "pokemon"].sort_values("sent_at").iloc[-1]
    assert (last["agent"], last["text"], str(last["sent_at"])) == (
        "Wobbuffet",
        "Wo-bbu-ffet",
        "2016-10-31 12:23:00+00:00",
    )
    assert (
        rows[chat == "pokemon"]["sender"] == "system"
    ).sum() == 2  # the line without a name, and the notice under the group's
    assert adds_up(real) and real.ledger.empty


HEADERS = {
    "[15-01-20 02:22:56] Ann: hello": "2020-01-15 02:22:56",
    "15.04.2016, 15:04 - Ann: hello": "2016-04-15 15:04:00",
    "15/04/2016, 3:04 PM - Ann: hello": "2016-04-15 15:04:00",
    "\u200e[15/04/16, 3:04:05\u202fp.\u00a0m.] Ann: hello": "2016-04-15 15:04:05",
    "[2020-01-15, 14:22:56] Ann: hello": "2020-01-15 14:22:56",
    "15.04.16, 15.04 - Ann: hello": "2016-04-15 15:04:00",
}


def test_every_form_of_a_header(tmp_path):
    data = read(tmp_path, **{f"Ann{n}": header + "\n" for n, header in enumerate(HEADERS)})
    rows = data.messages.order_by("message_id").execute()
    assert [str(time)[:19] for time in rows["sent_at"]] == list(HEADERS.values())
    assert set(rows["text"]) == {"hello"} and set(rows["sender"]) == {"customer"}


def test_who_is_the_customer_and_where_a_conversation_ends(tmp_path):
    chat = (
        "left over from before\n"
        "15/04/2016, 09:00 - Messages and calls are end-to-end encrypted.\n"
        "15/04/2016, 09:01 - Desk: Welcome: what is it?\n"
        "15/04/2016, 09:02 - Ann: It broke\nagain: today\n"
        "'; DROP TABLE messages; --\n"
        "15/04/2016, 09:30 - Desk: Sorry\n"
        "17/04/2016, 10:00 - Ann: And now?\n"
    )
    data = read(tmp_path, Ann=chat)
    rows = data.messages.order_by("sent_at").execute()
    assert rows["sender"].tolist() == ["system", "agent", "customer", "agent", "customer"]  # Ann, by the file's name
    assert rows["text"].tolist()[1:3] == ["Welcome: what is it?", "It broke\nagain: today\n'; DROP TABLE messages; --"]
    assert rows["conversation_id"].str[-2:].tolist() == ["#1", "#1", "#1", "#1", "#2"]
    talks = data.conversations.order_by("created_at").execute()
    assert talks["channel"].tolist() == ["whatsapp"] * 2 and talks["customer_id"].tolist() == ["Ann"] * 2
    assert (talks["first_response_at"] - talks["created_at"]).dt.total_seconds().iloc[0] == 28 * 60
    assert data.ledger[["rule", "row"]].values.tolist() == [["unusable line", 1]] and adds_up(data)
