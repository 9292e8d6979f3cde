"""Files and places that someone made to do harm, or that are damaged: a sentence, and nothing lost or given away."""

import pytest

from toolkit.cli import main
from toolkit.errors import BadData
from toolkit.load import open_data
from toolkit.load.files.places import is_unescaped, masked, secrets_of, shown_path

SECRETS = ("geheim", "heim", "ge?", "ge#", "ge/", "ge@")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:geheim@127.0.0.1:1/db",
        "postgresql://ann:ge@he/im#heim@127.0.0.1:1/db",
        "postgresql://ann:ge?heim@127.0.0.1:1/db",
        "postgresql://ann:ge#heim@127.0.0.1:1/db",
        "postgresql://ann:a?b@c=geheim@127.0.0.1:1/db",
        "postgresql://127.0.0.1:1/db?user=ann&password=geheim",
        "postgresql://127.0.0.1:1/db?user=a@b&password=x@geheim",
        "postgresql://127.0.0.1:1/ann:geheim@db?x=1",
        "postgresql://[ann:geheim@127.0.0.1",
        "postgresql://ann:geheim",
        "mysql://ann:geheim@h/db",
        "https://geheim@h/x.csv?token=geheim",
        "jdbc:postgresql://h/db?password=geheim",
        "postgresql:geheim@x",
        "sqlite:///a?password=geheim",
        "duckdb:md:?motherduck_token=geheim",
        "host=127.0.0.1 port=1 user=ann password='ge heim'",
    ],
)
def test_no_part_of_a_password_is_shown(url, capsys, tmp_path):
    with pytest.raises(BadData) as error:
        open_data(url)
    assert main(["map", url, "--yes", "--out", str(tmp_path / "out")]) == 2
    shown = [shown_path(url), masked(url), str(error.value), "".join(capsys.readouterr())]
    assert [text for text in shown if any(secret in text for secret in SECRETS)] == []


def test_what_a_server_may_quote_of_a_password_is_known():
    assert {"ann:a%40b", "a%40b", "a@b"} <= set(secrets_of("postgresql://ann:a%40b@host/db"))
    assert is_unescaped("postgresql://ann:a#b@host/db") and not is_unescaped("postgresql://ann:a%23b@host:5432/db")
    assert shown_path("exports/march@home.csv") == "exports/march@home.csv"
    assert shown_path("postgresql://ann:x@[::1]:5432/desk") == "postgresql://[::1]:5432/desk"
