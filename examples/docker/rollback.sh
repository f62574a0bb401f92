#!/usr/bin/env bash
# Rolls live back to what it was before, and uses the outputs. The key is the variable POLYAI_API_KEY, the agent
# POLYAI_AGENT_ID; with POLYAI_DRY_RUN=true, only what would be done is shown. OWNER stands for the account under which
# polyai-rollback lives.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Without `--tty`: Ctrl-C then reaches the program as SIGINT, and the outputs are read below all the same.
trap : INT TERM

export POLYAI_PIPELINE=docker
export POLYAI_ENVIRONMENT=${POLYAI_ENVIRONMENT:-live}
export POLYAI_DEPLOYMENT_ID=${POLYAI_DEPLOYMENT_ID:-previous}
export POLYAI_OUTPUT_FILE=/rollback/rollback.env
export POLYAI_SUMMARY_FILE=/rollback/summary.md
# Docker hands on the variables that have an `--env` of their own: every POLYAI_ variable, so that the program sees,
# and refuses, a misspelled one. By name alone, no value is in the list of processes.
flags=()
for name in $(compgen -e POLYAI_); do
  flags+=(--env "$name")
done
code=0
docker run --rm --volume "$folder:/rollback" "${flags[@]}" \
  ghcr.io/OWNER/polyai-rollback:0.1.0 || code=$?

# The values hold no character that a shell could take for more than text.
if [ -s "$folder/rollback.env" ]; then
  # shellcheck disable=SC1091
  . "$folder/rollback.env"
fi
echo "outcome ${ROLLBACK_OUTCOME:-unknown}, deployment ${ROLLBACK_DEPLOYMENT_ID:-unknown}"
exit "$code"
