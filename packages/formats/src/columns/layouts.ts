import { type Column, columnKey } from '../block-columns.ts'

/** The columns of a block, which grow with each schema that comes. */
export interface Layouts<P> {
  readonly columns: readonly Column[]
  /** For each layout the places of its columns. */
  readonly places: readonly Int32Array[]
  /** Returns the layout of what reads records of a schema. */
  of(plan: P): number
}

export function createLayouts<P extends { readonly columns: readonly Column[] }>(): Layouts<P> {
  const columns: Column[] = []
  const places: Int32Array[] = []
  const byPlan = new Map<P, number>()
  const byColumn = new Map<string, number>()
  const placeOf = (column: Column) => {
    const key = columnKey(column)
    const place = byColumn.get(key) ?? columns.push(column) - 1
    byColumn.set(key, place)
    return place
  }
  let [last, ofLast]: [P | undefined, number] = [undefined, 0]
  return {
    columns,
    places,
    of(plan) {
      if (plan === last) return ofLast
      const layout = byPlan.get(plan) ?? places.push(Int32Array.from(plan.columns, placeOf)) - 1
      byPlan.set(plan, layout)
      last = plan
      ofLast = layout
      return layout
    },
  }
}
