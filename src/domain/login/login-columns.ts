type TableColumn = {
  column: string;
  type: 'varchar' | 'date' | 'timestamptz' | 'uuid' | 'integer';
  /** The length of a varchar column. */
  maxCharacters?: number;
  nullable: boolean;
};

type FieldColumn = TableColumn & {
  /** The field's name in the message. */
  field: string;
  type: 'varchar';
  maxCharacters: number;
  format?: 'ip';
};

type MaskedColumn = FieldColumn & {
  masked: {
    /** The longest original that a message may hold; `maxCharacters` is the column's. */
    maxOriginalCharacters: number;
    /** The option of `find`, `reveal` and `erase` that names a value of this field. */
    option: string;
    /** The name of its values in JSON output and in audit records. */
    plural: string;
    /** The words for one value and for a number of values. */
    noun: string;
    counted: string;
  };
};

/**
 * The columns of `user_logins` in the order of the table. A column with a `field` comes from the message. The schema of a
 * message, the quarantine reasons, the columns of a batch, the statements and the commands derive from this list, and
 * a test compares it with the migrated table. CONTRIBUTING.md says how to add a field.
 */
export const TABLE_COLUMNS = [
  { field: 'user_id', column: 'user_id', type: 'varchar', maxCharacters: 128, nullable: false },
  {
    field: 'device_type',
    column: 'device_type',
    type: 'varchar',
    maxCharacters: 32,
    nullable: false,
  },
  {
    field: 'ip',
    column: 'masked_ip',
    type: 'varchar',
    maxCharacters: 256,
    nullable: false,
    format: 'ip',
    masked: {
      maxOriginalCharacters: 64,
      option: 'ip',
      plural: 'ips',
      noun: 'address',
      counted: 'address(es)',
    },
  },
  {
    field: 'device_id',
    column: 'masked_device_id',
    type: 'varchar',
    maxCharacters: 256,
    nullable: false,
    masked: {
      maxOriginalCharacters: 256,
      option: 'device',
      plural: 'devices',
      noun: 'device',
      counted: 'device(s)',
    },
  },
  { field: 'locale', column: 'locale', type: 'varchar', maxCharacters: 32, nullable: true },
  {
    field: 'app_version',
    column: 'app_version',
    type: 'varchar',
    maxCharacters: 32,
    nullable: false,
  },
  { column: 'create_date', type: 'date', nullable: false },
  { column: 'message_id', type: 'varchar', maxCharacters: 100, nullable: false },
  { column: 'mask_key_id', type: 'varchar', maxCharacters: 64, nullable: false },
  { column: 'sent_at', type: 'timestamptz', nullable: false },
  { column: 'inserted_at', type: 'timestamptz', nullable: false },
  { column: 'run_id', type: 'uuid', nullable: false },
  { column: 'batch_number', type: 'integer', nullable: false },
] as const satisfies readonly (TableColumn | FieldColumn | MaskedColumn)[];

type Column = (typeof TABLE_COLUMNS)[number];
export type LoginField = Extract<Column, { field: string }>;
export type FieldName = LoginField['field'];
type Masked = Extract<LoginField, { masked: object }>;
export type MaskedField = Masked['field'];
export type MaskedPlural = Masked['masked']['plural'];

/** The columns that come from the message. */
export const LOGIN_FIELDS: readonly (FieldColumn & LoginField)[] = TABLE_COLUMNS.filter(
  (column) => 'field' in column,
);

/** The fields whose originals go into the vault. */
export const MASKED_COLUMNS: readonly (MaskedColumn & Masked)[] = LOGIN_FIELDS.filter(
  (column) => 'masked' in column,
);

type DeclaredMasked = (typeof MASKED_COLUMNS)[number];

export const maskedColumn = (field: MaskedField): DeclaredMasked =>
  MASKED_COLUMNS.find((column) => column.field === field) as DeclaredMasked;

export const MASKED_FIELDS: readonly MaskedField[] = MASKED_COLUMNS.map(({ field }) => field);

/** What a message or a row has in a field. */
export type Cell<C> = C extends { nullable: true } ? string | null : string;
