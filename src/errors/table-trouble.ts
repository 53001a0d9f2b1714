/**
 * Trouble with a table, not with a message: the run waits until a person has repaired it. `detail` is made of codes
 * and of names from the schema, never of a value.
 */
export class TableTrouble extends Error {
  readonly detail: string;
  constructor(detail: string) {
    super(detail);
    this.detail = detail;
  }
}

/** Rows that went in without an error are in neither table: a trigger or a rule has dropped, moved or changed them. */
export class RowsNotStored extends TableTrouble {
  override name = 'RowsNotStored';
}

/** The same of quarantine. There is no other place for its messages. */
export class QuarantineDropsRows extends TableTrouble {
  override name = 'QuarantineDropsRows';
}

/** The same of the vault. */
export class VaultDropsOriginals extends TableTrouble {
  override name = 'VaultDropsOriginals';
}

/** Every row of a batch is refused for one reason, or the reason can only be the table's. */
export class TableRefusesRows extends TableTrouble {
  override name = 'TableRefusesRows';
}

/** The run has quarantined as many rows for one reason as QUARANTINE_LIMIT_PER_REASON allows. */
export class QuarantineLimitReached extends TableTrouble {
  override name = 'QuarantineLimitReached';
}
