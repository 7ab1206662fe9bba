/** Numbers of rows, ascending, as spans: most columns have a value in each row of one kind, which stand together. */
export type Rows = readonly { readonly from: number; readonly count: number }[]

/** Adds rows after the last. */
export function addSpan(rows: Rows[number][], from: number, count: number): void {
  const last = rows.at(-1)
  if (last && last.from + last.count === from) rows[rows.length - 1] = { from: last.from, count: last.count + count }
  else if (count > 0) rows.push({ from, count })
}

export function spansOf(numbers: readonly number[]): Rows {
  const rows: Rows[number][] = []
  for (const number of numbers) addSpan(rows, number, 1)
  return rows
}

export function numbersOf(rows: Rows): number[] {
  return rows.flatMap(({ from, count }) => Array.from({ length: count }, (_, at) => from + at))
}

export function areSame(rows: Rows, others: Rows): boolean {
  return (
    rows.length === others.length &&
    rows.every(({ from, count }, at) => others[at]?.from === from && others[at]?.count === count)
  )
}

/** Returns what looks values up by row; the rows must be asked for in ascending order. */
export function cursor({ rows, values }: { readonly rows: Rows; readonly values: readonly unknown[] }) {
  let [span, before] = [0, 0]
  return (row: number): unknown => {
    for (;;) {
      const here = rows[span]
      if (!here || row < here.from) return undefined
      if (row < here.from + here.count) return values[before + row - here.from]
      before += here.count
      span++
    }
  }
}
