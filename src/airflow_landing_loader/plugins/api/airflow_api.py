AIRFLOW = "landing_loader.airflow"
