"""The first tables: runs, vote counts of their images, results, and people's remarks."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0001", None, None, None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("origin", sa.String(80), nullable=False),
        sa.Column("dataset", sa.String(40), nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("indices", sa.JSON, nullable=False),
        sa.Column("weights", sa.JSON, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
    )

    def of_run() -> sa.Column[int]:
        owner = sa.ForeignKey("runs.id", ondelete="CASCADE")
        return sa.Column("run", sa.Integer, owner, nullable=False, index=True)

    op.create_table(
        "votes",
        sa.Column("id", sa.Integer, primary_key=True),
        of_run(),
        sa.Column("idx", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(10), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.UniqueConstraint("run", "idx", "stage", "start"),
    )
    op.create_table(
        "results",
        sa.Column("id", sa.Integer, primary_key=True),
        of_run(),
        sa.Column("idx", sa.Integer, nullable=False),
        sa.Column("label", sa.Integer),
        sa.Column("predict", sa.Integer, nullable=False),
        sa.Column("radius", sa.Double, nullable=False),
        sa.Column("p_a_lower", sa.Double),
        sa.Column("n", sa.Integer),
        sa.Column("n_a_low", sa.Integer),
        sa.Column("n_a_high", sa.Integer),
        sa.Column("seconds", sa.Double),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("certificate", sa.JSON),
        sa.UniqueConstraint("run", "idx"),
    )
    op.create_table(
        "remarks",
        sa.Column("id", sa.Integer, primary_key=True),
        of_run(),
        sa.Column("idx", sa.Integer),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    for table in ("remarks", "results", "votes", "runs"):
        op.drop_table(table)
