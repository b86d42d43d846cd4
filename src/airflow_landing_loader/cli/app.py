"""The commands, their options and their help. What they do is in the other modules."""

from __future__ import annotations

from typing import Annotated

import typer

from airflow_landing_loader import __version__
from airflow_landing_loader.cli import terminal
from airflow_landing_loader.cli.failures import DEBUG_VARIABLE, ExitCode, command, debug
from airflow_landing_loader.cli.parameters import (
    AsJson,
    ChosenLoad,
    Commands,
    Destination,
    EventsTask,
    Files,
    Kind,
)

app = typer.Typer(
    cls=Commands,
    name="landing-loader",
    help="Load batch files that land in a folder: prove them complete, load them, lose nothing.",
    epilog="Settings are environment variables (LANDING_PATH, ARCHIVE_PATH, FAILED_PATH,"
    " TABLE_CONFIG_PATH, DUCKDB_PATH and more) or stand in airflow.cfg."
    " The command `doctor` lists them."
    " Exit codes: 0 good, 1 data or mappings at fault, 2 wrong usage, 3 environment at fault.",
    no_args_is_help=True,
    # On a pipe, help and usage errors are plain text as everything else is.
    rich_markup_mode="markdown" if terminal.out().is_terminal else None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"landing-loader {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
    trace: Annotated[
        bool,
        typer.Option(
            "--debug",
            envvar=DEBUG_VARIABLE,
            help="Show the trace of an error, and all that dbt prints.",
        ),
    ] = False,
) -> None:
    del version
    debug.set(trace)


@app.command(
    epilog="Examples: `landing-loader run` polls until it is stopped;"
    " `landing-loader run --once --workers 4` loads what is there and ends."
)
@command
def run(
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Load what is there, wait for what has not settled, run dbt, end."
        ),
    ] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=86_400,
            help="Seconds between polls. Default: setting poll_interval, 10.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help="Files inspected and moved at the same time. Default: LOADER_WORKERS, 1.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Load files as they arrive: look, load, run dbt, sleep.

    The log goes to standard error, the summary at the end to standard output. SIGINT and SIGTERM
    stop cleanly when the files in hand are done; a second one stops at once, and nothing is lost.
    """
    from airflow_landing_loader.cli.commands.run import RunOptions
    from airflow_landing_loader.cli.commands.run import run as run_loop

    raise typer.Exit(run_loop(RunOptions(once=once, interval=interval, workers=workers)))


@app.command(
    short_help="Propose mappings for files that nobody has described.",
    epilog="Examples: `landing-loader init ./incoming` writes into TABLE_CONFIG_PATH;"
    " `landing-loader init ./incoming --into ./proposed` writes elsewhere.",
)
@command
def init(
    folder: Annotated[
        str, typer.Argument(help="The folder with the files; only read.", show_default=False)
    ],
    into: Annotated[
        str | None,
        typer.Option(
            help="Where the mappings are written. Default: TABLE_CONFIG_PATH.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at a folder of files, and write a mapping for each kind, with what is unsure.

    Nothing is moved, loaded or overwritten. Each file is then checked as `check` does it.
    """
    from airflow_landing_loader.cli.commands.init import init as propose_mappings

    good = propose_mappings(terminal.out(), folder, into, as_json=as_json)
    raise typer.Exit(ExitCode.GOOD if good else ExitCode.DATA)


@app.command(
    short_help="Make deliveries from a mapping, right and faulty ones.",
    epilog="Examples: `landing-loader generate raw_trades --into landing --days 30`;"
    " `landing-loader generate tables/trades.yaml --into tried --faults`.",
)
@command
def generate(
    mapping: Annotated[
        str,
        typer.Argument(
            help="A table, a pattern, or a mapping file of one mapping.", show_default=False
        ),
    ],
    into: Annotated[
        str, typer.Option(help="The folder that they are written to.", show_default=False)
    ],
    days: Annotated[int, typer.Option(min=1, max=10_000, help="Right deliveries.")] = 2,
    rows: Annotated[int, typer.Option(min=2, max=100_000, help="Records of each.")] = 20,
    seed: Annotated[int, typer.Option(help="The same one makes the same bytes.")] = 0,
    faults: Annotated[
        bool, typer.Option("--faults", help="One of each fault that the mapping can meet, too.")
    ] = False,
) -> None:
    """Make deliveries as the mapping's sender would, for tests, demos and for trying alerts.

    What has to become of each stands in .expected.TABLE.json beside them.
    """
    from airflow_landing_loader.cli.commands.generate import GenerateOptions
    from airflow_landing_loader.cli.commands.generate import generate as make_deliveries

    options = GenerateOptions(days=days, rows=rows, seed=seed, faults=faults)
    make_deliveries(terminal.out(), mapping, into, options)


@app.command(
    short_help="Check all mappings; show every problem with its line.",
    epilog="Example: `landing-loader validate` in the tests of a mapping repository.",
)
@command
def validate(as_json: AsJson = False) -> None:
    """Check all mappings; show every problem with file, line and column."""
    from airflow_landing_loader.cli.commands.validate import validate as validate_mappings

    good = validate_mappings(terminal.out(), terminal.err(), as_json=as_json)
    raise typer.Exit(ExitCode.GOOD if good else ExitCode.DATA)


@app.command(
    short_help="Show mappings, and every file in landing with its state.",
    name="list",
    epilog="Example: `landing-loader list --json | jq .files`.",
)
@command
def list_command(as_json: AsJson = False) -> None:
    """Show mappings, zones, and every file in the landing zone with its state."""
    from airflow_landing_loader.cli.commands.list import list_all

    good = list_all(terminal.out(), as_json=as_json)
    raise typer.Exit(ExitCode.GOOD if good else ExitCode.DATA)


@app.command(
    short_help="Show what would become of one file. Changes nothing.",
    epilog="Examples: `landing-loader check trades_20240115.csv` for a file in the landing zone;"
    " `landing-loader check ./sample/trades_1.csv` for one that has not been delivered.",
)
@command
def check(
    file: Annotated[
        str,
        typer.Argument(
            help="A name in the landing zone, or the path of a file anywhere.", show_default=False
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show what would become of one file: mapping, counts, columns, duplicate. Changes nothing."""
    from airflow_landing_loader.cli.commands.check import check as check_file

    check_file(terminal.out(), file, as_json=as_json)


@app.command(
    short_help="Show open failures, what dbt has not seen, recent loads.",
    epilog="Example: `landing-loader status --limit 5`.",
)
@command
def status(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Rows of each list at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show open failures and what to do, what dbt has not seen, duplicates, and recent loads."""
    from airflow_landing_loader.cli.commands.status import show_status

    show_status(terminal.out(), limit=limit, as_json=as_json)


@app.command(
    short_help="Show what should have come, what did not, and what comes next.",
    epilog="Examples: `landing-loader arrivals --hours 12`;"
    " `landing-loader arrivals --table raw_trades --at 2024-01-15T07:30+00:00`."
    " Exit code 1: something is missing, wrong or overdue.",
)
@command
def arrivals(
    table: Annotated[str | None, typer.Option(help="Only this table.", show_default=False)] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="As of this time, in ISO 8601; UTC unless it has a zone. Writes nothing.",
            show_default=False,
        ),
    ] = None,
    hours: Annotated[
        int, typer.Option(min=0, max=24 * 31, help="What is due within so many hours.")
    ] = 24,
    windows: Annotated[
        int, typer.Option(min=1, max=1000, help="The rate is that of so many last windows.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what is missing, late or wrong, what is expected next, and how often it was on time.

    What is decided is written into load_arrivals.
    """
    from airflow_landing_loader.cli.commands.arrivals import show_arrivals

    good = show_arrivals(
        terminal.out(), table=table, at=at, hours=hours, windows=windows, as_json=as_json
    )
    raise typer.Exit(ExitCode.GOOD if good else ExitCode.DATA)


@app.command(
    short_help="Show what was not sent to channels yet, or send it.",
    epilog="Examples: `landing-loader events`; `landing-loader events publish`."
    " Exit code 1: something is not sent.",
)
@command
def events(
    what: Annotated[
        EventsTask, typer.Argument(help="Only show it, or send it.", show_default=True)
    ] = EventsTask.PENDING,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Rows at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show the messages and events that no channel has taken yet; with publish, send them.

    Channels are reached by Airflow's connections and variables: use `airflow landing-loader`, or
    set AIRFLOW_CONN_... as Airflow reads it.
    """
    from airflow_landing_loader.cli.commands.events import publish_events, show_events

    if what is EventsTask.PUBLISH:
        good = publish_events(terminal.out(), as_json=as_json)
    else:
        good = show_events(terminal.out(), limit=limit, as_json=as_json)
    raise typer.Exit(ExitCode.GOOD if good else ExitCode.DATA)


@app.command(
    short_help="Move failed files back to landing. Never overwrites.",
    epilog="Example: `landing-loader replay trades_20240115.csv` after its mapping was mended.",
)
@command
def replay(files: Files, as_json: AsJson = False) -> None:
    """Move failed deliveries, each with its go file, back to the landing zone. Never overwrites.

    FILE is a name in the failed zone, as `status` shows it.
    """
    from airflow_landing_loader.cli.commands.replay import replay_files

    raise typer.Exit(replay_files(terminal.out(), terminal.err(), files, as_json=as_json))


@app.command(
    short_help="Put failed files that nobody wants into the archive, and say why.",
    epilog="Example: `landing-loader discard trades_20240115.csv --reason 'sent twice'`.",
)
@command
def discard(
    files: Files,
    reason: Annotated[
        str, typer.Option("--reason", help="Why they are not wanted.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Put failed deliveries that nobody wants into the archive, with who said so and why.

    Nothing is deleted: data file, go file and sidecar lie below _discarded/ there. FILE is a name
    in the failed zone, as `status` shows it. Called again, it finishes what was begun.
    """
    from airflow_landing_loader.cli.commands.discard import discard_files

    raise typer.Exit(discard_files(terminal.out(), terminal.err(), files, reason, as_json=as_json))


@app.command(
    short_help="Prove that a table holds exactly what a file held.",
    epilog="Examples: `landing-loader verify trades_20240115.csv`; `landing-loader verify 0b8f9d0e`"
    " for one of several loads of a name.",
)
@command
def verify(load: ChosenLoad, as_json: AsJson = False) -> None:
    """Prove that the table holds exactly the records of a load's archived file, cell by cell.

    The file is read anew by code of our own, without a CSV engine. Changes nothing.
    """
    from airflow_landing_loader.cli.commands.verify import verify_load

    raise typer.Exit(verify_load(terminal.out(), terminal.err(), load, as_json=as_json))


@app.command(
    short_help="Take a load back: rows out of the table, file to failed.",
    epilog="Example: `landing-loader unload 0b8f9d0e`; then mend the mapping, and `replay` the"
    " file. A name or id that may mean several loads takes none back.",
)
@command
def unload(
    load: ChosenLoad,
    to: Annotated[
        Destination, typer.Option("--to", help="Where its file goes.")
    ] = Destination.FAILED,
    as_json: AsJson = False,
) -> None:
    """Take a load back: its rows out of the table, its file out of the archive.

    A file in the landing zone loads again, as a new delivery. One that lies in the failed zone has
    a sidecar, and `replay` brings it back. Does not ask; called again, it finishes what was begun.
    """
    from airflow_landing_loader.cli.commands.unload import unload_load

    unload_load(terminal.out(), terminal.err(), load, to.value, as_json=as_json)


@app.command(
    short_help="Make a drift column a column, with its history.",
    epilog="Examples: `landing-loader promote raw_trades venue --dry-run` shows what would be done;"
    " `landing-loader promote raw_trades price --type 'DECIMAL(18,4)' --yes` does not ask.",
)
@command
def promote(
    table: Annotated[
        str, typer.Argument(help="A table that files are loaded into.", show_default=False)
    ],
    column: Annotated[
        str,
        typer.Argument(help="A column in _extra, by the name it has there.", show_default=False),
    ],
    type_: Annotated[
        str | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="VARCHAR, BIGINT, DECIMAL(digits,places), DOUBLE, BOOLEAN, DATE or TIMESTAMP."
            " Default: VARCHAR.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a column that is in _extra a column of its table, for all loads so far and to come.

    Shows the statements and the type that would fit all values, then asks. Every load can be
    verified as before. Called again, it finishes what was begun.
    """
    from airflow_landing_loader.cli.commands.promote import PromoteOptions, promote_column

    options = PromoteOptions(yes=yes, dry_run=dry_run, as_json=as_json)
    promote_column(terminal.out(), terminal.err(), table, column, type_, options)


@app.command(epilog="Example: `landing-loader schema > tables.schema.json`.")
@command
def schema(
    of: Annotated[Kind, typer.Option("--of", help="Of which kind of document.")] = Kind.MAPPING,
) -> None:
    """Print the JSON Schema of a mapping file, or of a channel's document, for editors."""
    if of is Kind.CHANNEL:
        from airflow_landing_loader.config.channels.schema import channel_json_schema_text

        typer.echo(channel_json_schema_text(), nl=False)
        return
    from airflow_landing_loader.config.mapping.schema import mapping_json_schema_text

    typer.echo(mapping_json_schema_text(), nl=False)


@app.command(
    short_help="Examine the installation; say how to mend what is wrong.",
    epilog="Example: `landing-loader doctor` as the first thing on a new machine.",
)
@command
def doctor(as_json: AsJson = False) -> None:
    """Examine settings, zones, mappings, database, dbt and Airflow; say how to mend each."""
    from airflow_landing_loader.cli.commands.doctor import doctor as examine

    raise typer.Exit(examine(terminal.out(), as_json=as_json))
