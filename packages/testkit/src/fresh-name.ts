import { randomUUID } from 'node:crypto'

/** A name that nobody else uses on a shared server; fit for topics, groups and buckets. */
export function freshName(stem: string): string {
  return `${stem}-${randomUUID().slice(0, 8)}`
}
