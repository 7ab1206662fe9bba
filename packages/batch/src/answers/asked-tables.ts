import type { Snapshot } from '@millrace/delta'

/** Clean tables by the name of their data set. */
export type AskedTables = ReadonlyMap<string, Snapshot>
