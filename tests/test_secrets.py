"""Secrets: where they come from, and that a whole run holds none of those that were planted."""

import base64
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from unittest import mock
from urllib.parse import quote, quote_plus

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from runs import ROOT

from toolkit import cli, secrets
from toolkit.errors import BadParameter, CantWrite
from toolkit.load.files.places import scrubbed
from toolkit.report import private
from toolkit.report.process import environment

PASSWORD = "pl4nt'ed/<Pa&ss>wörd"  # of a URL; holds what JSON, HTML, URLs and Python escape
TOKEN = "tok-8f2c41d97e"  # a parameter
VARIABLE = "env-5d1b77aa90"  # a variable that nobody let through
ALLOWED = "allowed-31f0c2"  # one that was
URL = f"postgresql://ann:{quote(PASSWORD, safe='')}@127.0.0.1:9/desk?sslpassword={TOKEN}x"


@pytest.fixture(autouse=True)
def none_known():
    secrets._known.clear()
    yield
    secrets._known.clear()


# --- what is one, and where it comes from -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("password", True), ("API_KEY", True), ("dsn", True), ("smtp_pass", True), ("PGPASSWORD", True), ("client_secret", True),
     ("by", False), ("period", False), ("keywords", False), ("passenger_count", False), ("author", False), ("compass", False)],
)  # fmt: skip
def test_what_is_called_like_a_secret(name, is_one):
    assert secrets.is_sensitive(name) == is_one


def test_a_place_of_the_environment(monkeypatch):
    monkeypatch.setenv("DESK_URL", URL)
    assert secrets.read_place("env:DESK_URL") == URL
    assert PASSWORD in secrets.known()
    assert secrets.scrub(f"can't connect to {URL}: {PASSWORD!r}").count("***") >= 2


def test_each_command_reads_a_place_that_is_kept_elsewhere(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("EXPORT", str(tmp_path / "not-there"))
    place = tmp_path / "place"
    place.write_text(str(tmp_path / "not-there"))
    place.chmod(0o600)
    for line in ("check --data env:EXPORT", "metric csat --data env:EXPORT", "map env:EXPORT", f"map @{place}"):
        assert cli.main(line.split()) == 2
        assert "not-there: there is no such file" in capsys.readouterr().err
    monkeypatch.setenv("EXPORT", URL)
    assert cli.main(["map", "env:EXPORT"]) == 2
    said = capsys.readouterr().err
    assert "is a URL; a map is made of files" in said and PASSWORD not in said and PASSWORD in secrets.known()


def test_a_place_in_a_file_that_is_ones_own(tmp_path):
    file = tmp_path / "desk url"
    file.write_text(f"# the desk's\n{URL}\n")
    file.chmod(0o600)
    assert secrets.read_place(f"@{file}") == URL and PASSWORD in secrets.known()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o622])
def test_a_file_that_others_may_read_is_refused_with_what_to_do(tmp_path, mode):
    file = tmp_path / "desk url"
    file.write_text(URL)
    file.chmod(mode)
    with pytest.raises(BadParameter, match=re.escape(f"chmod 600 '{file}'")):
        secrets.read_place(f"@{file}")
    assert not secrets.known()


@pytest.mark.parametrize("content", ["", "\n", "a\nb\n", b"\xff\xfe"])
def test_a_file_of_no_line_or_several_is_refused(tmp_path, content):
    file = tmp_path / "url"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    file.chmod(0o600)
    with pytest.raises(BadParameter, match="url"):
        secrets.read_place(f"@{file}")


def test_a_url_on_the_command_line_is_known_too():
    assert secrets.read_place(URL) == URL and PASSWORD in secrets.known()


# --- scrubbing ----------------------------------------------------------------------------------------

FORMS = {
    "as it is": PASSWORD,
    "in a URL": quote(PASSWORD, safe=""),
    "in a URL, in small letters": quote(PASSWORD, safe="").lower().replace("pa%26", "Pa%26"),
    "in a URL, as of a form": quote_plus(PASSWORD),
    "in a URL, every byte": "".join(f"%{byte:02x}" for byte in PASSWORD.encode()),
    "as Python writes it": repr(PASSWORD),
    "as JSON writes it": json.dumps(PASSWORD),
    "JSON within JSON": json.dumps(json.dumps(PASSWORD)),
    "as HTML writes it": "pl4nt&#x27;ed/&lt;Pa&amp;ss&gt;wörd",
    "as Jinja writes it": "pl4nt&#39;ed/&lt;Pa&amp;ss&gt;wörd",
    "user and password, as HTTP sends them": base64.b64encode(f"ann:{PASSWORD}".encode()).decode(),
    "base64": base64.b64encode(PASSWORD.encode()).decode(),
    "base64 in lines": base64.encodebytes(f"a header that is as long as to part it {PASSWORD}".encode())
    .decode()
    .strip(),
    "base64 in lines, in JSON": json.dumps(base64.encodebytes((49 * "x" + PASSWORD).encode()).decode()),
    "hexadecimal": PASSWORD.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_known_value_is_found_in_every_form(form):
    secrets.add(URL)
    shown = secrets.scrub(f"before {FORMS[form]} after")
    core = FORMS[form].strip("\"'")[3:-3]
    assert core not in shown and "***" in shown and shown.startswith("before ") and shown.endswith(" after")


def test_a_known_value_that_is_printed_in_pieces_or_parted_by_tags_is_in_no_notebook():
    secrets.add("abc-123-def")
    outputs = [new_output("stream", name="stdout", text=text) for text in ("x abc-1", "23-def y")]
    outputs.append(new_output("stream", name="stderr", text="z"))
    outputs.append(new_output("display_data", data={"text/html": "<p>abc<b>-123</b>-def</p>"}))
    notebook = new_notebook(cells=[new_code_cell("x", outputs=outputs)])
    private.close(notebook, {})
    printed, other, shown = notebook.cells[0].outputs
    assert printed.text == "x *** y" and other.text == "z"
    assert re.sub("<[^>]*>", "", shown.data["text/html"]) == "***"


@pytest.mark.parametrize(
    ("url", "found"),
    [("postgresql://db:5432/calls?options=a@b", set()), ("https://x.example/a?owner=team:sales@x", set()),
     ("C:/Users/ann:x@y", set()), ("postgresql://ann:pa/ss@db/x", {"ann:pa/ss", "pa/ss"}),
     ("https://ann:pw@x.example/a?owner=team:sales@x", {"ann:pw", "pw"}), ("https://x.example/?access_token=abc", {"abc"}),
     ("postgresql://ann:p?a@ss@db/x", {"ann:p?a@ss", "p?a@ss"})],
)  # fmt: skip
def test_what_of_a_url_is_secret(url, found):
    assert secrets._secrets_in(url) == found if secrets.is_url(url) else not found


def test_a_known_value_that_tags_part_is_found_in_a_page(tmp_path):
    secrets.add("abc-123-def")
    page = tmp_path / "page.html"
    page.write_text('<p>abc<span class="o">-</span>12<b>3</b>-def, &#97;bc-123-def</p>')
    assert secrets.scrub_folder(tmp_path) == [Path("page.html")]
    assert re.sub("<[^>]*>", "", page.read_text()) == "***, ***"


@pytest.mark.parametrize(
    "said",
    ["postgresql://ann:other-pw@db.example/desk", "amqp://x:other-pw@h:5672/", "host=db password=other-pw user=a",
     "https://x.example/?access_token=other-pw&page=2", "Authorization: Bearer other-pw-is-long", "pwd='other-pw'",
     "mssql+pyodbc://sa:other-pw@host/db", "redis://:other-pw@cache:6379/0", "https://u:a@other-pw@h/"],
)  # fmt: skip
def test_what_stands_where_a_password_does_goes_though_nobody_knows_it(said):
    assert "other-pw" not in secrets.scrub(said) and "***" in secrets.scrub(said)


@pytest.mark.parametrize(
    "said",
    ["http://localhost:8080/@ann", "https://example.com/a?page=2", "5 of 12 at 10:30", "token ring", "a@b", "ratio 3:4 @ 5",
     "12:30 mail ann@example.com", "x" * 2000, "://:@", "basic training", "see http://x:80 or mail b@c.de"],
)  # fmt: skip
def test_what_is_no_secret_stays(said):
    assert secrets.scrub(said) == said


def test_a_short_secret_spoils_no_figure():
    secrets.add("postgresql://ann:12@host/db", "7")
    assert secrets.scrub("12 of 127 calls, 7 %") == "12 of 127 calls, 7 %"
    assert secrets.scrub("postgresql://ann:12@host/db") == "postgresql://***@host/db"


def test_a_word_that_is_a_password_stays_a_part_of_others():
    secrets.add("postgres")
    assert secrets.scrub("postgresql, postgres") == "postgresql, ***"


def test_a_file_that_an_earlier_run_has_too_is_not_changed_there(tmp_path):
    secrets.add("abc-123-def")
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "old" / "a.json").write_text('"abc-123-def"')
    os.link(tmp_path / "old" / "a.json", tmp_path / "new" / "a.json")
    secrets.scrub_folder(tmp_path / "new")
    assert (tmp_path / "old" / "a.json").read_text() == '"abc-123-def"'
    assert (tmp_path / "new" / "a.json").read_text() == '"***"'


def test_a_workbook_that_holds_a_known_value_is_refused(tmp_path):
    import zipfile

    secrets.add("abc-123-def")
    for name, text in (("bad.xlsx", "<v>abc-123-def</v>"), ("good.xlsx", "<v>1</v>")):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("sheet.xml", text)
    with pytest.raises(CantWrite, match="bad.xlsx: .*a known secret is in it"):
        secrets.scrub_folder(tmp_path)
    (tmp_path / "bad.xlsx").unlink()
    assert secrets.scrub_folder(tmp_path) == []


def test_nothing_is_printed_that_was_not_scrubbed(tmp_path, monkeypatch):
    """A PDF is packed: what it holds can't be looked through once it is printed."""
    from types import SimpleNamespace

    from toolkit.report import assemble, manifest

    secrets.add("abc-123-def")
    folder = tmp_path / "runs" / ".building-x"
    folder.mkdir(parents=True)
    place = SimpleNamespace(
        folder=folder, final=tmp_path / "runs" / "x", before=None, id="x", number=1, started="2026-12-01T06:00:12+00:00"
    )
    shown = []

    def printed(place, *_, **__):
        shown.append("".join(page.read_text() for page in place.folder.glob("*.html")))

    def drawn(folder, *_):
        (folder / "index.html").write_text("<h1>abc-123-def</h1>")

    monkeypatch.setattr(assemble.pdf, "print_reports", printed)
    monkeypatch.setattr(assemble.pdf, "print_overview", printed)
    monkeypatch.setattr(assemble, "_draw_pages", drawn)
    (folder / "a.html").write_text("<p>abc-123-def</p>")
    about = {"made_at": place.started, "versions": manifest.versions(), "data": None}
    assemble.assemble(place, [], about, browser="chromium")
    assert len(shown) == 2 and "***" in shown[0] and "<h1>***</h1>" in shown[1] and "abc-123-def" not in "".join(shown)


# --- the environment of kernels -----------------------------------------------------------------------


def test_processes_get_few_variables(tmp_path, monkeypatch):
    given = {
        "PLANTED_TOKEN": VARIABLE,
        "REGION": "eu",
        "LC_ALL": "C.UTF-8",
        "TOOLKIT_MASK_KEY": VARIABLE,
        "TOOLKIT_LANGUAGE": "en",
    }
    given |= {"HTTPS_PROXY": "http://ann:pw-of-proxy@proxy:3128", "HTTP_PROXY": "http://proxy:3128", "AWS_PROFILE": "x"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    got = environment(tmp_path / "a" / "b", ["REGION"])
    assert {"REGION", "LC_ALL", "TOOLKIT_LANGUAGE", "HTTP_PROXY", "PATH"} <= set(got)
    assert not {"PLANTED_TOKEN", "TOOLKIT_MASK_KEY", "HTTPS_PROXY", "AWS_PROFILE"} & set(got)


# --- a whole run --------------------------------------------------------------------------------------

PRINTS = f"""
import os, sys, base64, html, json
from IPython.display import display, HTML
url = {URL!r}
secret = "pl4nt" + "'ed/<Pa&ss>w" + chr(246) + "rd"
print(secret, repr(secret), [secret], url, api_token, json.dumps(secret))
print(base64.b64encode(("ann:" + secret).encode()).decode(), file=sys.stderr)
print(sorted(os.environ), os.environ.get("PLANTED_TOKEN"), os.environ["SHOWN_KEY"])
display(HTML("<p title='" + html.escape(secret, True) + "'>" + html.escape(secret) + "</p>"))
os.write(2, secret.encode())
half = len(secret) // 2
print(secret[:half], end="", flush=True)
display(HTML("<p>between</p>"))
print(secret[half:])
"""
MAIL = "anna.rossi@example.com"
FAILS = PRINTS + "\nraise RuntimeError(f'no connection to {url} with {secret}, {api_token}')"
LATE = "import logging; logging.error('%s %s', api_token, " + repr(URL) + ")\nimport os; os._exit(3)"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """(what the terminal was told, the folder of the run) of three notebooks that spill what they know."""
    place = tmp_path_factory.mktemp("spilt")
    (place / "notebooks").mkdir()
    for name, source in {"good": PRINTS, "bad": FAILS, "dead": LATE}.items():
        cells = [
            new_markdown_cell(f"# {name} of {MAIL}, {TOKEN}\n\nAsk {MAIL}, or the desk with {TOKEN}."),
            new_code_cell('source: str = ""\napi_token: str = ""  # of the desk', metadata={"tags": ["parameters"]}),
            new_markdown_cell("## What?"),
            new_code_cell(
                source.replace(
                    repr(URL),
                    'os.environ["DESK_ADDRESS"]' if name != "dead" else "__import__('os').environ['DESK_ADDRESS']",
                )
            ),
        ]
        meta = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(new_notebook(cells=cells, metadata=meta), place / "notebooks" / f"{name}.ipynb")
    (place / "data").mkdir()
    rows = "".join(f"s{n},csat,2024-04-0{n}T09:00:00Z,{n}\n" for n in range(1, 6))
    (place / "data" / "surveys.csv").write_text(f"survey_id,kind,sent_at,score\n{rows}")
    token = place / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    process = subprocess.run(
        [sys.executable, "-m", "toolkit.cli", "report", "--notebooks", "notebooks", "--data", "data", "--source", "tables", "--out", "out",
         "--param", f"api_token=@{token}", "--env", "SHOWN_KEY", "--env", "DESK_ADDRESS", "--jobs", "3"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PLANTED_TOKEN": VARIABLE, "SHOWN_KEY": ALLOWED, "DESK_ADDRESS": URL},
    )  # fmt: skip
    return process, place


def text_of(path):
    """What a file holds, as text; of a workbook what its parts hold."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return path.read_bytes().decode("utf-8", "surrogateescape")


def test_a_run_holds_none_of_the_secrets_that_were_planted(told):
    process, place = told
    (run,) = [path for path in (place / "out" / "runs").iterdir() if not path.is_symlink()]
    names = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert {
        "good.html",
        "notebooks/good.ipynb",
        "failed/bad.log",
        "failed/bad.ipynb",
        "failed/dead.log",
        "manifest.json",
    } <= names
    spoken = {"terminal": process.stdout + process.stderr} | {name: text_of(run / name) for name in names}
    planted = {
        *FORMS.values(),
        PASSWORD,
        TOKEN,
        VARIABLE,
        ALLOWED,
        MAIL,
        quote(PASSWORD),
        json.dumps(PASSWORD)[1:-1],
        repr(PASSWORD)[1:-1],
    }
    found = [(name, one) for name, text in spoken.items() for one in planted if one in text]
    assert not found
    # that they were told at all: what was in their place
    assert "***" in spoken["good.html"] and "***" in spoken["failed/bad.log"] and "RuntimeError" in spoken["terminal"]


def test_a_sensitive_parameter_is_told_of_by_its_name_alone(told):
    _, place = told
    (run,) = [path for path in (place / "out" / "runs").iterdir() if not path.is_symlink()]
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["reports"]["good"]["parameters"]["api_token"] == "***"
    cells = nbformat.read(run / "notebooks" / "good.ipynb", as_version=4).cells
    (injected,) = [cell for cell in cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert 'api_token = "***"' in injected.source
    printed = "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))
    assert "'PATH'" in printed and "'SHOWN_KEY'" in printed and "PLANTED_TOKEN" not in printed


def test_a_variable_that_is_not_set_is_a_mistake_in_the_call():
    from toolkit.report.private import check_env

    with pytest.raises(BadParameter, match="--env NO_SUCH_ONE"):
        check_env(["NO_SUCH_ONE"])


def test_a_long_text_without_a_space_is_scrubbed_in_no_more_than_its_time():
    """It took a quarter of an hour for a million letters, such as a notebook may print, and no time-out ended it."""
    assert scrubbed("token" * 200_000) == "token" * 200_000
    for long in ("x" * 1_000_000, "a." * 500_000, "://" * 300_000, "x:" * 500_000, "://a:" * 200_000):
        said = secrets.scrub(f"{long} postgresql://ann:pw1@host/db?token=x1 ann@host")
        assert said.endswith(" postgresql://***@host/db?token=*** ann@host")


def test_an_error_that_nobody_foresaw_is_told_without_secrets_traceback_or_commands(monkeypatch, capsys):
    secrets.add(PASSWORD)
    breaks = mock.Mock(side_effect=KeyError(f"\x1b]0;x\x07 {PASSWORD}"))
    monkeypatch.setattr(cli, "app", breaks)
    assert cli.main([]) == 70
    said = capsys.readouterr().err
    assert "KeyError" in said and "***" in said and "TOOLKIT_DEBUG=1" in said and "Traceback" not in said
    assert PASSWORD not in said and "\x1b" not in said

    monkeypatch.setenv("TOOLKIT_DEBUG", "1")
    assert cli.main([]) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said and PASSWORD not in said and "\x1b" not in said


def test_an_error_that_ends_a_thread_is_told_without_secrets(monkeypatch, capsys):
    secrets.add(PASSWORD)

    def app(*_, **__):
        thread = threading.Thread(target=lambda: int(PASSWORD), name="reader")
        thread.start()
        thread.join()

    monkeypatch.setattr(cli, "app", app)
    assert cli.main([]) == 0
    said = capsys.readouterr().err
    assert "reader: an error in the toolkit itself: ValueError" in said
    assert "Traceback" not in said and PASSWORD not in said
