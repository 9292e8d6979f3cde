"""The reports every morning, and one notebook of your own, by Airflow.

What: task `reports` makes a run folder by `toolkit report`; task `notebook` runs one notebook by the PapermillOperator.
Where: into Airflow's folder of DAGs. Airflow needs apache-airflow-providers-papermill; the toolkit stays in an environment of
    its own, whose kernel Airflow finds after `/opt/toolkit/bin/python -m ipykernel install --user --name customer-service`.
Which user: Airflow's worker, who reads /srv/customer-service and writes its reports/; secrets come from the worker's environment.
When it fails: the task's log, then reports/index.html, and reports/runs/latest/failed/ for the logs.
Exit codes: 4 (time-out), 5 (a kernel died) and 6 (no data, or older than --max-age) are tried again every quarter of an hour,
    five times; 2 (settings or input), 3 (a notebook failed), 7 (can't write) and the others fail at once.
"""

import subprocess
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

TOOLKIT = "/opt/toolkit/bin/toolkit"
PROJECT = Path("/srv/customer-service")
OPTIONS = "--data data --service data/service.toml --out reports --as-of now --max-age 26h --wait 600 --keep 60"
PASSING = (4, 5, 6)  # exit codes that another try may mend


def make_reports():
    """One run of the reports; the run's folder, which later tasks may read or send."""
    done = subprocess.run([TOOLKIT, "report", *OPTIONS.split()], cwd=PROJECT, check=False)
    if done.returncode in PASSING:
        raise AirflowException(f"toolkit report: exit code {done.returncode}, to be tried again")
    if done.returncode:
        raise AirflowFailException(f"toolkit report: exit code {done.returncode}: see reports/index.html")
    (PROJECT / "executed").mkdir(exist_ok=True)  # for the next task
    return str((PROJECT / "reports" / "runs" / "latest").resolve())


@dag(
    schedule="0 6 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Rome"),
    catchup=False,  # a morning that was missed isn't made up for: the data is today's
    max_active_runs=1,
    default_args={"retries": 5, "retry_delay": timedelta(minutes=15), "execution_timeout": timedelta(hours=2)},
)
def customer_service_reports():
    """Task after task, as both read the same export."""
    reports = task(make_reports, task_id="reports")()
    notebook = PapermillOperator(
        task_id="notebook",
        input_nb=str(PROJECT / "notebooks" / "overview.ipynb"),
        output_nb=str(PROJECT / "executed" / "overview-{{ ds }}.ipynb"),
        # The parameters cell of the notebook says which there are, as does `toolkit list overview`.
        parameters={
            "data": str(PROJECT / "data"),
            "service": str(PROJECT / "data" / "service.toml"),
            "period": "last-week",
            "as_of": "now",
        },
        kernel_name="customer-service",
        retries=1,
    )
    reports >> notebook


customer_service_reports()
