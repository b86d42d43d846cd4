#!/usr/bin/env bash
# compose_check.sh: has Docker Compose read docker-compose.yaml, with DuckDB and with the emulators.
# Starts nothing and needs no engine. Exit code 3 where Docker Compose is not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! version=$(docker compose version --short 2>/dev/null); then
  echo "Nothing was checked: there is no Docker with its compose plugin on this machine." >&2
  exit 3
fi
for more in "" .env.bigquery; do
  # Only these files count, not what the shell has set.
  env --ignore-environment PATH="$PATH" HOME="${HOME:-/}" ${DOCKER_CONFIG:+"DOCKER_CONFIG=$DOCKER_CONFIG"} \
    docker compose --env-file .env.example ${more:+--env-file "$more"} --profile demo config --quiet
  echo "Docker Compose $version reads docker-compose.yaml with .env.example${more:+ and $more}."
done
