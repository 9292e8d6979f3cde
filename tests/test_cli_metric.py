"""One metric on the command line: as a table, as CSV, as JSON that keeps to its schema; what an export supports."""

import csv
import inspect
import io
import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

import toolkit
from toolkit import cli, metrics
from toolkit.errors import BadParameter, MissingColumn
from toolkit.metrics.questions import FILES
from toolkit.metrics.registry import METRICS
from toolkit.report import single

ROOT = Path(toolkit.__file__).parents[1]
SCHEMA = json.loads((ROOT / "docs/metric.schema.json").read_text("utf-8"))
MADE_OF_RESULTS = {"previous_period", "benchmark", "team_report", "driver_messages"}


@pytest.fixture(scope="module")
def data():
    return toolkit.open_data(ROOT / "data/sample", period="2024-03")


@pytest.fixture
def small(tmp_path):
    """Two conversations of which little is known, one of them with a hostile channel."""
    (tmp_path / "conversations.csv").write_text(
        "conversation_id,channel,created_at,first_response_at\n"
        "1,email,2024-03-04T09:00:00Z,2024-03-04T10:00:00Z\n"
        "2,=1+1[b],2024-03-05T09:00:00Z,\n",
        encoding="utf-8",
    )
    return str(tmp_path)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", [name for name in METRICS if name not in MADE_OF_RESULTS])
def test_the_json_of_every_metric_keeps_to_the_schema(name, data):
    result = single.one_metric(data, name)
    said = json.loads(json.dumps(single.as_json(result, data), allow_nan=False))
    jsonschema.Draft202012Validator(SCHEMA).validate(said)
    assert said["metric"] == name and said["version"] == toolkit.__version__
    assert len(said["rows"]) == len(result) and said["definition"]["text"]
    keys = [tuple(map(str, row["keys"].values())) for row in said["rows"]]
    assert len(set(keys)) == len(keys)  # the keys tell one row from another
    heads, texts, numeric = single.as_texts(result)
    assert len(texts) == len(result) and all(len(row) == len(heads) == len(numeric) for row in texts)


def test_the_json_says_what_the_metric_does(data):
    result = metrics.csat(data.surveys, by="channel", satisfied=5)
    said = single.as_json(single.one_metric(data, "csat", ["channel"], {"satisfied": "5"}), data)
    assert [row["keys"]["channel"] for row in said["rows"]] == result["channel"].tolist()
    for place, row in enumerate(said["rows"]):
        expected = result.iloc[place]
        assert (row["n"], row["value"], row["low"], row["high"]) == pytest.approx(
            tuple(expected[["n", "csat", "low", "high"]].astype(float))
        )
    assert [row["status"] for row in said["rows"]] == result.statuses()
    assert said["interval"] == {"level": 0.95, "low": "low", "high": "high"} and said["target"]["value"] == 0.8
    assert said["population"]["period"] == {
        "label": "2024-03",
        "start": "2024-02-29T23:00:00+00:00",
        "end": "2024-03-31T22:00:00+00:00",
        "time_zone": "Europe/Rome",
    }
    assert str(said["choices"]["satisfied"]) == "5" and said["unit"] == "rate" and said["best"] == "high"


def test_the_command_prints_json(capsys):
    given = ["metric", "csat_by_topic", "--data", "data/sample", "--period", "2024-03", "--by", "topic"]
    assert cli.main([*given, "--format", "json", "--where", "channel=whatsapp"]) == 0
    said = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(said)
    assert said["by"] == ["topic"] and said["population"]["filters"] == {"channel": ["whatsapp"]}


def test_the_command_prints_csv(capsys):
    given = ["metric", "response_time_buckets", "-d", "data/sample", "-p", "2024-03", "--by", "channel,topic"]
    assert cli.main([*given, "--param", "edges=1h,1d", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    data = toolkit.open_data("data/sample", period="2024-03")
    expected = metrics.response_time_buckets(data.conversations, by=["channel", "topic"], edges=("1h", "1d"))
    assert [row["n"] for row in rows] == expected["n"].astype(str).tolist() and len(rows) > 100


def test_the_command_prints_a_table(small, capsys):
    assert cli.main(["metric", "response_rate", "-d", small, "-p", "all", "--by", "channel"]) == 0
    out = capsys.readouterr().out
    assert "Too few to say" in out and "Response rate" in out and "=1+1[b]" in out and "too few" in out


def test_csv_is_no_formula(small, capsys):
    assert cli.main(["metric", "inbound_volume", "-d", small, "-p", "all", "--by", "channel", "--format", "csv"]) == 0
    assert "'=1+1[b],1,0.5" in capsys.readouterr().out


@pytest.mark.parametrize(
    "given, said",
    [
        (["csatt"], "did you mean 'csat'"),
        (["csat", "--param", "satisfed=5"], "did you mean 'satisfied'"),
        (["csat", "--param", "satisfied"], "write it as name=value"),
        (["csat", "--by", "topik"], "did you mean 'topic'"),
        (["expectation_met", "--by", "channel"], "takes no groups"),
        (["previous_period"], "results of other metrics"),
        (["bot_containment", "--param", "window=soon"], "window"),
        (["csat", "--param", "zone=Europe/Rome"], "has no choice 'zone'"),  # the data set has its own
    ],
)
def test_a_mistake_is_told_in_one_line(given, said, capsys):
    assert cli.main(["metric", *given, "-d", "data/sample"]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and len(error.splitlines()) == 1


def test_a_contested_definition_can_be_chosen(capsys):
    """What data gives (tables, times, settings) has no default of its own: a choice is never taken for one of them."""
    assert cli.main(["metric", "abandonment_rate", "--data", str(ROOT / "data/sample"), "--param", "base=queued"]) == 0
    assert "22 of 271 calls" in capsys.readouterr().out  # of 378 that were offered
    for name, about in METRICS.items():
        takes = list(inspect.signature(about.function).parameters.values())[1:]
        hidden = {
            one.name: one.default for one in takes if one.name in single.GIVEN and one.name not in ("by", "period")
        }
        assert all(default is None or default is inspect.Parameter.empty for default in hidden.values()), (name, hidden)


def test_a_choice_has_the_type_of_its_default():
    with pytest.raises(BadParameter, match="no number"):
        single.value_of("days", "many", 7)
    with pytest.raises(BadParameter, match="true, false"):
        single.value_of("mask", "perhaps", True)


# --- what an export supports ------------------------------------------------------------------------


def test_what_an_export_supports(small, capsys):
    rows = {row["metric"]: row for row in single.supported(toolkit.open_data(small))}
    assert set(rows) == set(METRICS)
    assert (rows["response_rate"]["missing"], rows["inbound_volume"]["missing"]) == ("", "")
    assert (rows["csat"]["kind"], rows["csat"]["missing"]) == ("table", "surveys")
    assert (rows["handoff_rate"]["kind"], rows["handoff_rate"]["missing"]) == ("column", "conversations.bot_started_at")
    assert (rows["visits_per_call"]["kind"], rows["visits_per_call"]["missing"]) == ("table", "site_visits")
    assert (rows["sla_compliance"]["kind"], rows["sla_compliance"]["missing"]) == (
        "setting",
        "targets.first_response",
    )
    assert cli.main(["list", "bots_and_deflection", "response_rate", "--metrics", "--data", small]) == 0
    out = capsys.readouterr().out
    assert "column conversations.bot_started_at" in out and "response_rate" in out and "csat" not in out
    assert "4 of 12 metrics can be computed" in out


def test_the_kind_of_survey_that_is_missing_is_named(tmp_path, capsys):
    rows = "survey_id,kind,sent_at,answered_at,score\na,nps,2024-03-01T09:00Z,2024-03-01T10:00Z,9\n"
    (tmp_path / "surveys.csv").write_text(rows)
    (tmp_path / "service.toml").write_text('time_zone = "UTC"\n')
    found = {row["metric"]: row for row in single.supported(toolkit.open_data(tmp_path))}
    assert (found["csat"]["kind"], found["csat"]["missing"], found["nps"]["missing"]) == ("kind", "csat of surveys", "")
    assert (found["sentiment_drivers"]["kind"], found["sentiment_drivers"]["missing"]) == ("table", "messages")
    assert cli.main(["list", "csat", "--metrics", "--data", str(tmp_path)]) == 0
    assert "kind csat of surveys" in capsys.readouterr().out


def test_what_is_said_to_be_supported_is(small):
    """And what is said to be missing is what is refused."""
    data = toolkit.open_data(small)
    for row in single.supported(data):
        if row["missing"]:
            with pytest.raises(toolkit.errors.ToolkitError) as refused:
                single.one_metric(data, row["metric"])
            if row["kind"] == "column":
                assert isinstance(refused.value, MissingColumn) and row["missing"].split(".")[-1] in str(refused.value)
        elif row["metric"] == "sentiment_drivers":  # the export has its columns, but nothing earlier
            with pytest.raises(BadParameter, match="earlier"):
                single.one_metric(data, row["metric"])
        else:
            single.as_texts(single.one_metric(data, row["metric"]))


def test_the_metrics_are_listed_without_data(capsys):
    assert cli.main(["list", "--metrics"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in METRICS) and "missing" not in out
    assert cli.main(["list", "csat_and_np", "--metrics"]) == 2
    assert "did you mean 'csat_and_nps'" in capsys.readouterr().err


# --- completion -------------------------------------------------------------------------------------


def test_a_question_completes_to_its_metrics():
    assert list(metrics.QUESTIONS) == list(FILES)  # no file is without one
    for question, names in metrics.QUESTIONS.items():
        assert dir(getattr(metrics, question)) == sorted(names)
        assert all(getattr(getattr(metrics, question), name) is getattr(metrics, name) for name in names)
    assert sorted(name for names in metrics.QUESTIONS.values() for name in names) == sorted(METRICS)
    files = {path.stem for path in Path(metrics.__file__).parent.glob("*.py")}
    assert not set(FILES) & (set(METRICS) | files)  # each name means one thing


def test_what_completes_is_by_question():
    found = metrics.__dir__()
    assert set(found) == set(METRICS) | set(metrics.QUESTIONS) and len(set(found)) == len(found)
    for question, names in metrics.QUESTIONS.items():
        assert set(found[found.index(question) : found.index(question) + len(names) + 1]) >= set(names) - {question}
    assert all(hasattr(metrics, name) for name in found)


def test_days_and_instants_are_told_apart():
    assert single._plain(pd.Timestamp("2024-03-04")) == "2024-03-04"
    assert single._plain(pd.Timestamp("2024-03-04T09:00Z")) == "2024-03-04T09:00:00+00:00"
