import type { BlockColumns, Column, ColumnKind, Page } from '../block-columns.ts'
import type { ReadMessages } from '../format.ts'
import { linesOf } from './lines.ts'
import { pageOfTexts } from './page.ts'

/** A member of each record, one for each message of a block: its value as JSON. */
export interface AddedMember {
  readonly name: string
  readonly jsonOf: (index: number) => string
}

const KINDS: readonly ColumnKind[] = ['text', 'word', 'real', 'json']

/** Puts members in front of those that a block's records have. */
export function addColumns(read: ReadMessages, block: BlockColumns, added: readonly AddedMember[]): ReadMessages {
  const fresh = added.flatMap(({ name }) => KINDS.map((kind): Column => ({ name, kind })))
  const first = block.columns.length
  const places = fresh.map((_, i) => first + i)
  const longest = added.map(() => 0)
  const groups = block.groups.map((group) => {
    const pages = new Map(group.pages)
    for (const [i, { jsonOf }] of added.entries()) {
      const values = Array.from(group.index, jsonOf)
      longest[i] = values.reduce((most, { length }) => Math.max(most, length), longest[i] as number)
      for (const [place, page] of pagesOf(values, first + i * KINDS.length)) pages.set(place, page)
    }
    return { ...group, pages }
  })
  const columns: BlockColumns = {
    ...block,
    columns: [...block.columns, ...fresh],
    layouts: block.layouts.map((layout) => Int32Array.of(...places, ...layout)),
    groups,
    longest: longest.reduce((sum, each) => sum + MOST_BYTES * each, block.longest),
  }
  return { ...read, columns, lines: linesOf(columns, read.lines.count) }
}

/** A character of a text has at most so many bytes. */
const MOST_BYTES = 3

function pagesOf(values: readonly string[], first: number): (readonly [number, Page])[] {
  const kinds = values.map(kindOf)
  return KINDS.flatMap((kind, i) => {
    if (!kinds.includes(kind)) return []
    const page = pageOfTexts(values.length, (row) => {
      if (kinds[row] !== kind) return null
      return kind === 'text' ? JSON.parse(values[row] as string) : (values[row] as string)
    })
    return page ? [[first + i, page] as const] : []
  })
}

/** Returns the kind of a value of JSON; null is none. A number that no double holds stays as it is written. */
function kindOf(json: string): ColumnKind | undefined {
  if (json === 'null') return undefined
  if (json.startsWith('"')) return 'text'
  if (json.startsWith('{') || json.startsWith('[')) return 'json'
  return json === 'true' || json === 'false' || /^-?[0-9]+$/.test(json) || !Number.isFinite(Number(json))
    ? 'word'
    : 'real'
}
