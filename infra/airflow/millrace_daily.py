"""The daily run of Millrace, then `verify`.

Settings are in the section [millrace] of Airflow's configuration (AIRFLOW__MILLRACE__COMMAND and so on):
  command           the command on the machine of the Airflow worker (default: millrace)
  folder            where it works (default: the home folder of the worker's user)
  raw               the raw records; unless said, the tables that the stream wrote
  ecs_cluster, ecs_task_definition, ecs_container, ecs_subnets, ecs_security_groups
                    with ecs_cluster each step is a task on Amazon ECS instead, as on Amazon MWAA
What millrace itself needs (MILLRACE_LAKE and the like) is in the environment of the worker, or of the task.
"""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from shlex import join

from airflow.configuration import conf
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG


def setting(name, default=None):
    return conf.get("millrace", name, fallback=default)


def on_this_machine(task_id, arguments):
    return BashOperator(
        task_id=task_id,
        bash_command=f"exec {setting('command', 'millrace')} {join(arguments)}",
        cwd=setting("folder", str(Path.home())),
        append_env=True,
    )


def on_ecs(task_id, arguments):
    # Only where it is used: the provider brings the whole SDK of AWS.
    from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator

    network = {
        "subnets": setting("ecs_subnets").split(","),
        "securityGroups": setting("ecs_security_groups").split(","),
        "assignPublicIp": "DISABLED",
    }
    container = {"name": setting("ecs_container", "millrace"), "command": arguments}
    return EcsRunTaskOperator(
        task_id=task_id,
        cluster=setting("ecs_cluster"),
        task_definition=setting("ecs_task_definition"),
        launch_type="FARGATE",
        network_configuration={"awsvpcConfiguration": network},
        overrides={"containerOverrides": [container]},
    )


step = on_ecs if setting("ecs_cluster") else on_this_machine
raw = ["--raw", setting("raw")] if setting("raw") else []

with DAG(
    dag_id="millrace_daily",
    description="Cleans what has come, answers the questions, and proves that nothing is missing or doubled",
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    # A date before the newest is refused: runs are made in the order of their dates.
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["millrace"],
):
    # A run that was started by hand has no logical date.
    date = "{{ (dag_run.logical_date or dag_run.run_after) | ds }}"
    step("batch", ["batch", "--date", date, *raw]) >> step("verify", ["verify"])
