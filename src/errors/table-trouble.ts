/**
 * A problem of a table, not of a message: the run waits until a person has repaired the table. `detail` consists of
 * codes and names from the schema, never of values.
 */
export class TableTrouble extends Error {
  readonly detail: string;
  constructor(detail: string) {
    super(detail);
    this.detail = detail;
  }
}

/** Rows were inserted without an error but are in neither table: a trigger or a rule dropped, moved or changed them. */
export class RowsNotStored extends TableTrouble {
  override name = 'RowsNotStored';
}

/** The same for quarantine, which has no fallback. */
export class QuarantineDropsRows extends TableTrouble {
  override name = 'QuarantineDropsRows';
}

/** The same for the vault. */
export class VaultDropsOriginals extends TableTrouble {
  override name = 'VaultDropsOriginals';
}

/** Postgres refuses every row of a batch, or one for a reason that only the table can cause. */
export class TableRefusesRows extends TableTrouble {
  override name = 'TableRefusesRows';
}

/** The run has quarantined as many rows for one kind of reason as QUARANTINE_LIMIT_PER_REASON allows. */
export class QuarantineLimitReached extends TableTrouble {
  override name = 'QuarantineLimitReached';
}

/** Another table that each batch needs refuses an entry: a trigger, a constraint or an index of another team. */
export class TableRefusesBatch extends TableTrouble {
  override name = 'TableRefusesBatch';
  readonly table: string;
  constructor(table: string, detail: string) {
    super(detail);
    this.table = table;
  }
}

/** A name of the schema, without characters that a terminal or a metric could stumble over. */
export const cleanName = (name: string): string => name.replace(/[^\w.$-]/g, '?').slice(0, 63);
