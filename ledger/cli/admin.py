"""`gongzhi admin`: deploy contracts, enrol agencies, set parameters, write the trust file, make keys.

Every verb is safe to repeat, tells with `--dry-run` what it would do, and sends each transaction through the outbox.
"""

import typer

from ledger.cli.admin_agency import enrol_command
from ledger.cli.admin_backup import add_backup_commands
from ledger.cli.admin_catalogue import catalogue_app
from ledger.cli.admin_council import council_app
from ledger.cli.admin_database import migrate
from ledger.cli.admin_deploy import deploy
from ledger.cli.admin_drill import drill
from ledger.cli.admin_endpoint import endpoint
from ledger.cli.admin_join import join
from ledger.cli.admin_key import key_app
from ledger.cli.admin_network import network_app
from ledger.cli.admin_parameter import parameter
from ledger.cli.admin_pause import pause
from ledger.cli.admin_persons import compare_persons_command
from ledger.cli.admin_refetch import refetch_command
from ledger.cli.admin_relay import relay
from ledger.cli.admin_successor import successor
from ledger.cli.admin_trust import trust_app

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Set up and run a consortium.")
add_backup_commands(app)
app.command()(drill)
app.command("refetch")(refetch_command)
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(council_app, name="council")
app.add_typer(network_app, name="network")
app.command("deploy")(deploy)
app.command("enrol")(enrol_command)
app.command("parameter")(parameter)
app.command("migrate")(migrate)
app.command("endpoint")(endpoint)
app.command("compare-persons")(compare_persons_command)
app.command("join")(join)
app.command("pause")(pause)
app.command("relay")(relay)
app.command("successor")(successor)
app.add_typer(trust_app, name="trust")
app.add_typer(key_app, name="key")
