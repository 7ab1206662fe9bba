import type { Dataset } from '@millrace/transform'

/** Returns why a record was rejected, with what the data set says of it and what the record has: enough to mend it. */
export function reasonInWords(reason: string, { expectations, fields }: Dataset, record: string): string {
  const failed = /^expectation (.*?) failed/.exec(reason)?.[1]
  const expectation = expectations.find(({ name }) => name === failed)
  if (expectation) return `${reason} (${expectation.predicate})`
  const wrong = /^wrong type in field (.*)$/.exec(reason)?.[1]
  const field = fields.find(({ name }) => name === wrong)
  if (!field) return reason
  const found = [field.name, ...field.aliases].find((name) => fieldIn(record, name) !== undefined)
  const has = found === undefined ? '' : `, and the record has ${JSON.stringify(fieldIn(record, found))}`
  return `${reason} (dataset.json says ${field.type}${has})`
}

function fieldIn(record: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(record)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  } catch {
    return undefined
  }
}
