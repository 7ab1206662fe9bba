import type { View, ViewedRecord } from './view.ts'

/** Says of a view how many records of it became what. */
export function countsOf({ records, problem }: View): string {
  if (problem !== undefined) return `${records.length} records, and the data set is broken`
  const of = (which: (record: ViewedRecord) => boolean) => records.filter(which).length
  const [clean, rejected] = [of(({ outcome }) => outcome?.row !== undefined), of(({ reason }) => reason !== undefined)]
  const dropped = records.length - clean - rejected
  return `${records.length} records: ${clean} clean, ${rejected} rejected${dropped > 0 ? `, ${dropped} dropped` : ''}`
}

/** Returns what became of a record, in a few words or as JSON. */
export function outcomeText({ outcome, reason }: ViewedRecord): string {
  if (outcome === undefined) return ''
  if (reason !== undefined) return `rejected: ${reason}`
  return outcome.row ? JSON.stringify(outcome.row) : 'dropped by an expectation'
}

/** Returns a view in plain lines, for a pipe. */
export function viewLines(title: string, view: View): string[] {
  return [
    `${title}: ${countsOf(view)}`,
    ...view.records.flatMap((record) => {
      const text = outcomeText(record)
      return [`record ${record.name}: ${record.raw}`, ...(text === '' ? [] : [`  ${text}`])]
    }),
    ...(view.problem === undefined ? [] : view.problem.split('\n').map((line) => `error: ${line}`)),
    ...view.notes.map((note) => `note: ${note}`),
  ]
}
