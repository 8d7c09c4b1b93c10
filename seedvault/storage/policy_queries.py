"""The policy's rules and the groups of users: read, and written under conditions."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, insert, select, true, update

from seedvault.domain.audit import RULE_CHANGES, AuditEvent
from seedvault.domain.names import GroupName, UserName
from seedvault.service.policy_ports import StoredRules
from seedvault.service.ports import StoredToken, User
from seedvault.storage.columns import EventRow
from seedvault.storage.group_columns import groups_column
from seedvault.storage.policy_rows import (
    RuleRow,
    SealRow,
    first_row,
    rule_row,
    rule_rows,
    stored_rules,
)
from seedvault.storage.rows import logged_events, stored_token
from seedvault.storage.statements import tokens
from seedvault.storage.tables import AUDIT_EVENT, POLICY_RULE, TOKEN, USER, VAULT

_RULES_CHAIN = 0


def rules(connection: Connection) -> StoredRules:
    """All rules and their seal, in one statement: of one moment."""
    columns = [
        *(VAULT.c[name] for name in SealRow._fields),
        *(POLICY_RULE.c[name] for name in RuleRow._fields),
    ]
    joined = VAULT.outerjoin(POLICY_RULE, true())
    found = connection.execute(
        select(*columns).select_from(joined).order_by(POLICY_RULE.c.place)
    ).fetchall()
    there = [rule_row(row) for row in found if row.place is not None]  # None where there is none
    return stored_rules(first_row(found[0]), there)


def replace_rules(connection: Connection, seen: StoredRules | None, now: StoredRules) -> bool:
    """Write all rules anew; whether they were still those `seen`, if any were."""
    octets, key = (now.seal.octets, now.seal.key) if now.seal else (None, None)
    moved = update(VAULT).values(
        policy_revision=now.rules.revision, policy_seal=octets, policy_seal_key=key
    )
    if seen is not None:
        sealed = seen.seal.octets if seen.seal else None
        moved = moved.where(
            VAULT.c.policy_revision == seen.rules.revision,
            VAULT.c.policy_seal.is_not_distinct_from(sealed),
        )
    moved = moved.returning(VAULT.c.policy_revision)
    if len(connection.execute(moved).fetchall()) != 1:
        return False
    connection.execute(delete(POLICY_RULE))
    written = [row._asdict() for row in rule_rows(now.rules)]
    if written:
        connection.execute(insert(POLICY_RULE), written)
    return True


def newest_rule_event(connection: Connection) -> AuditEvent | None:
    """The newest event on record by which the rules were changed."""
    kinds = [kind.value for kind in RULE_CHANGES]
    found = (
        select(*(AUDIT_EVENT.c[name] for name in EventRow._fields))
        .where(AUDIT_EVENT.c.chain == _RULES_CHAIN, AUDIT_EVENT.c.kind.in_(kinds))
        .order_by(AUDIT_EVENT.c.sequence.desc())
        .limit(1)
    )
    newest = list(logged_events(connection.execute(found)))
    return newest[0].event if newest else None


def models(connection: Connection) -> list[str]:
    """The models of all tokens, each once."""
    found = select(TOKEN.c.model).where(TOKEN.c.model.is_not(None)).distinct()
    return list(connection.execute(found.order_by(TOKEN.c.model)).scalars())


def tokens_of(connection: Connection, owner: UserName) -> list[StoredToken]:
    """Every token that a user holds."""
    found = tokens().where(USER.c.name_folded == owner.folded).order_by(TOKEN.c.serial_folded)
    return [stored_token(row) for row in connection.execute(found)]


def regroup(
    connection: Connection, user: User, groups: Sequence[GroupName], held: Collection[int]
) -> bool:
    """Write a user's groups; whether user and tokens (their rows) were still what was seen."""
    moved = (
        update(USER)
        .where(USER.c.name_folded == user.name.folded, USER.c.groups == groups_column(user.groups))
        .values(groups=groups_column(groups))
        .returning(USER.c.id)
    )
    row = connection.execute(moved).first()
    if row is None:
        return False
    holds = connection.execute(select(TOKEN.c.id).where(TOKEN.c.owner == row.id)).scalars()
    return set(holds) == set(held)
