"""Rolls live back to what it was before, and prints the outputs: `dagger run python rollback.py`.

The key is the variable POLYAI_API_KEY. With POLYAI_DRY_RUN=true, only what would be done is shown. OWNER stands
for the account under which polyai-rollback lives.
"""

import os
import sys
import time

import anyio
import dagger
from dagger import dag

IMAGE = "ghcr.io/OWNER/polyai-rollback:0.1.0"
INPUTS = {
    "POLYAI_PIPELINE": "dagger",
    "POLYAI_AGENT_ID": "PROJECT-AB12CD34",
    "POLYAI_ENVIRONMENT": "live",
    "POLYAI_DEPLOYMENT_ID": "previous",
    "POLYAI_REGION": "us",
    "POLYAI_OUTPUT_FILE": "/tmp/rollback.env",
}
# POLYAI_DRY_RUN is for the person who starts the script. A name that only begins so is handed on, too, and refused.
INPUTS |= {name: value for name, value in os.environ.items() if name.startswith("POLYAI_DRY")}


async def roll_back() -> int:
    key = dag.set_secret("polyai-api-key", os.environ["POLYAI_API_KEY"])
    container = dag.container().from_(IMAGE).with_secret_variable("POLYAI_API_KEY", key)
    for name, value in INPUTS.items():
        container = container.with_env_variable(name, value)
    # Dagger does not run again what it has run before with the same inputs, so every run is a new one.
    container = container.with_env_variable("STARTED_AT", str(time.time_ns()))
    # With ANY, the outputs of a failed rollback can be read, and Dagger keeps the result, so that reading
    # the file does not run the program again.
    container = container.with_exec(["/bin/polyai-rollback"], expect=dagger.ReturnType.ANY)
    code = await container.exit_code()
    print(await container.file("/tmp/rollback.env").contents())
    return code


async def main() -> int:
    async with dagger.connection(dagger.Config(log_output=sys.stderr)):
        return await roll_back()


sys.exit(anyio.run(main))
