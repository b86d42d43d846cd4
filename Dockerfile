# Airflow with this project, its example mappings and its dbt project; docker-compose.yaml builds it.
# The slim image holds Airflow alone, so that all versions beside it are those of constraints.txt,
# which the tests run with.
FROM apache/airflow:slim-3.3.2-python3.12

USER root
# A new volume takes owner and mode from here. Airflow's images may run under any user of group 0.
RUN install --directory --owner airflow --group root --mode 2775 \
      /opt/landing /opt/landing/build /data /data/landing /data/archive /data/failed
USER airflow

WORKDIR /opt/landing/build
COPY --chown=airflow:root pyproject.toml constraints.txt README.md LICENSE ./
COPY --chown=airflow:root src ./src
# The group names Airflow's own version, so that pip cannot change it.
RUN pip install --no-cache-dir --constraint constraints.txt --group airflow-3-3 ".[dbt,google]"

COPY --chown=airflow:root include/dbt /opt/landing/dbt
COPY --chown=airflow:root include/config/tables /opt/landing/tables
COPY --chown=airflow:root demo /opt/landing/demo
COPY --chown=airflow:root dags /opt/airflow/dags
# The DAGs are made from dbt's manifest; dbt writes beside it, under whatever user.
RUN DUCKDB_PATH=/tmp/none.duckdb dbt parse --profile landing --target duckdb \
      --project-dir /opt/landing/dbt --profiles-dir /opt/landing/dbt \
    && chmod -R g=u /opt/landing/dbt

WORKDIR /opt/airflow
