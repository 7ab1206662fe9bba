import { endRecord, makeRoom, type Page, put } from './page.ts'

/** Makes records of one data set. */
export interface RecordGenerator {
  /** Size of a typical record. */
  readonly usualBytes: number
  /** Appends the JSON of a record and ends it. The same number always gives the same record. */
  write(page: Page, record: number): void
}

/** Returns the record of a number, as an object. The same number always gives the same record. */
export type CreateRecord = (record: number) => object

/** Turns a function that returns objects into a generator. */
export function generatorOf(createRecord: CreateRecord): RecordGenerator {
  const encoded = (record: number) => Buffer.from(JSON.stringify(createRecord(record)))
  return {
    usualBytes: encoded(0).length,
    write(page, record) {
      const bytes = encoded(record)
      makeRoom(page, bytes.length + 1)
      put(page, bytes)
      endRecord(page)
    },
  }
}
