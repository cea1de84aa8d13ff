"""The linter refuses a migration that would hold people up on a full table, and takes the way that the guide names."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from msc.portal import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
POSITIVE = models.CheckConstraint(condition=models.Q(errors__gte=0), name="run_errors_positive")
INDEX = models.Index(fields=["msp", "errors"], name="run_by_errors")
UNIQUE = models.UniqueConstraint(fields=["msp", "job_id"], name="run_job_once")


def statements_of(*operations, atomic=True):
    """Return what a migration of these operations would run."""
    state = MigrationLoader(None).project_state()
    with connection.schema_editor(collect_sql=True, atomic=atomic) as editor:
        for operation in operations:
            before, state = state, state.clone()
            operation.state_forwards("health", state)
            operation.database_forwards("health", editor, before, state)
    collected = "\n".join(editor.collected_sql)
    return f"BEGIN;\n{collected}\nCOMMIT;\n" if atomic else collected


@pytest.fixture
def rules_broken(tmp_path):
    """Return the names of the rules that a migration breaks."""

    def run(*operations, atomic=True):
        file = tmp_path / "health.0099_trial.sql"
        file.write_text(statements_of(*operations, atomic=atomic))
        command = [Path(sys.prefix) / "bin" / "squawk", "--reporter=gcc", file]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        found = {line.split("warning: ")[1].split()[0] for line in result.stdout.splitlines() if "warning: " in line}
        assert bool(found) == bool(result.returncode), result
        return found

    return run


REFUSED = {
    "require-concurrent-index-creation": migrations.AddIndex("run", INDEX),
    "require-concurrent-index-deletion": migrations.RunSQL("DROP INDEX run_by_moment"),
    "disallowed-unique-constraint": migrations.AddConstraint("run", UNIQUE),
    "constraint-missing-not-valid": migrations.AddConstraint("run", POSITIVE),
    "adding-foreign-key-constraint": migrations.RunSQL(
        "ALTER TABLE health_run ADD CONSTRAINT of_msp FOREIGN KEY (msp_id) REFERENCES access_msp (id)"
    ),
    "adding-not-nullable-field": migrations.AlterField("run", "size_bytes", models.BigIntegerField()),
    "adding-required-field": migrations.RunSQL("ALTER TABLE health_run ADD COLUMN colour integer NOT NULL"),
    "ban-drop-default": migrations.AddField("run", "colour", models.IntegerField(default=1)),
    "adding-field-with-default": migrations.RunSQL(
        "ALTER TABLE health_run ADD COLUMN name uuid NOT NULL DEFAULT gen_random_uuid()"
    ),
    "changing-column-type": migrations.AlterField("run", "errors", models.TextField()),
    "renaming-column": migrations.RenameField("run", "errors", "mistakes"),
    "ban-drop-column": migrations.RemoveField("run", "message"),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_migration_that_holds_people_up_is_refused(rule, rules_broken):
    assert rule in rules_broken(REFUSED[rule])


def test_a_constraint_is_not_validated_under_the_lock_that_adds_it(rules_broken):
    both = AddConstraintNotValid("run", POSITIVE), ValidateConstraint("run", POSITIVE.name)
    assert rules_broken(*both) == {"constraint-missing-not-valid"}


@pytest.mark.parametrize(
    ("operation", "atomic"),
    [
        (AddIndexConcurrently("run", INDEX), False),
        (AddConstraintNotValid("run", POSITIVE), True),
        (migrations.RunSQL("ALTER TABLE health_run VALIDATE CONSTRAINT run_errors_positive"), True),
        (migrations.AddField("run", "colour", models.IntegerField(db_default=1)), True),
        (migrations.AddField("run", "colour", models.IntegerField(null=True)), True),
        (migrations.RunSQL("ALTER TABLE health_run ADD CONSTRAINT once UNIQUE USING INDEX once"), True),
        (migrations.CreateModel("Colour", [("id", models.BigAutoField(primary_key=True))]), True),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, bool) else "",
)
def test_what_the_guide_says_to_write_is_taken(operation, atomic, rules_broken):
    assert rules_broken(operation, atomic=atomic) == set()
