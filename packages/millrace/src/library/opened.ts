import type { StructField } from '@millrace/delta'
import type { Machine } from '@millrace/engine'
import type { SqlSession } from '@millrace/queries'
import type { ObjectStore } from '@millrace/store'

export type Column = StructField

/** What a lake's tables work with: opened when the first of them is asked for something. */
export interface Opened {
  readonly store: ObjectStore
  machine(): Promise<Machine>
  /** One statement after another: they share a connection. Changes of tables are taken where it says so. */
  inSql<T>(work: (session: SqlSession) => Promise<T>, options?: { readonly writes?: boolean }): Promise<T>
}
