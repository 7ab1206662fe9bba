"""Prints what Airflow makes of a folder of DAGs: its import errors, and of each DAG and task what decides a run."""

import json
import sys

from airflow.dag_processing.dagbag import DagBag


def task_facts(task):
    return {
        "type": type(task).__name__,
        "retries": task.retries,
        "retryDelay": task.retry_delay.total_seconds(),
        "downstream": sorted(task.downstream_task_ids),
        "command": getattr(task, "bash_command", None),
        "overrides": getattr(task, "overrides", None),
    }


def dag_facts(dag):
    return {
        "schedule": dag.schedule,
        "catchup": dag.catchup,
        "maxActiveRuns": dag.max_active_runs,
        "tasks": {task.task_id: task_facts(task) for task in dag.tasks},
    }


bag = DagBag(sys.argv[1])
facts = {"errors": bag.import_errors, "dags": {name: dag_facts(dag) for name, dag in bag.dags.items()}}
print("\n" + json.dumps(facts))
