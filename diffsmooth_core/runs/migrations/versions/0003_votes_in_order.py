"""Store the votes of unfinished pictures in order, where only their counts by class were kept.

A certificate of schema 3 holds its votes. Runs that were begun before it cannot go on, as the noise of their
votes was another; what their unfinished pictures had counted is left out. Their results stay.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0003", "0002", None, None


def upgrade() -> None:
    op.drop_table("votes")
    op.create_table(
        "votes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "run", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("idx", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(10), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("classes", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("run", "idx", "stage", "block", "start"),
    )


def downgrade() -> None:
    raise NotImplementedError("which votes were left out is not known")
