"""Store with each vote count its block: how many copies the networks took at a time.

After running out of memory a picture starts again with a smaller block. Votes depend on the block, so it
becomes part of the primary key, which SQLite can only change by making a new table.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None


def upgrade() -> None:
    op.create_table(
        "votes_by_block",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "run", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("idx", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(10), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.UniqueConstraint("run", "idx", "stage", "block", "start"),
    )
    op.execute(
        "INSERT INTO votes_by_block (run, idx, stage, start, block, counts) "
        "SELECT run, idx, stage, start, 0, counts FROM votes ORDER BY id"
    )
    op.drop_table("votes")
    op.rename_table("votes_by_block", "votes")


def downgrade() -> None:
    raise NotImplementedError("votes at two blocks do not fit into one")
