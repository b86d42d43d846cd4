"""One run of Airflow without Airflow: what it waits for, takes, holds back and tells."""
