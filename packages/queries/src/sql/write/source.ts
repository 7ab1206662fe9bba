import type { DuckDBConnection } from '@duckdb/node-api'
import { duckdbType, type Predicate, type RowsRead, type StructField } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import { type Node, nodesOf } from '../tree.ts'
import { refusePart, type Sql } from './assignments.ts'
import type { Write } from './parse.ts'
import { SOURCE, SOURCE_ROW, type SourceShape } from './render.ts'

type Merge = Write & { readonly kind: 'merge' }

/** Selects the rows of the source. */
export function sourceQuery({ prefix, source }: Merge): Sql {
  return `${prefix} SELECT * FROM ${source}\n`
}

/** Returns what the statement calls the source, by the tree of its query. */
export function sourceAlias(tree: Node): Sql {
  const { type, alias, table_name, function: called } = selectOf(tree).from_table as Node
  if (type === 'JOIN') refusePart('a join as the source of MERGE')
  const name = alias || table_name || (called as Node | undefined)?.function_name
  return quoteName(typeof name === 'string' && name !== '' ? name : SOURCE)
}

export interface Source extends SourceShape {
  /** DuckDB's types of the columns. */
  readonly types: readonly string[]
}

/** Keeps the source's rows in a temporary table, so that they are the same however often they are compared. */
export async function keepSource(query: Sql, alias: Sql, connection: DuckDBConnection): Promise<Source> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${SOURCE} AS SELECT *, true AS ${SOURCE_ROW} FROM (${query})`)
  const described = await connection.runAndReadAll(`DESCRIBE ${SOURCE}`)
  const rows = described.getRows().filter(([name]) => name !== SOURCE_ROW)
  return { alias, columns: rows.map(([name]) => String(name)), types: rows.map(([, type]) => String(type)) }
}

const INTEGERS = /^(TINYINT|SMALLINT|INTEGER|BIGINT)$/
const RANGED = /^(TINYINT|SMALLINT|INTEGER|BIGINT|VARCHAR|DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|DECIMAL\(.*\))$/

/** Returns which rows of the table may match a row of the source, by the columns that must be equal. */
export async function matchingRows(
  merge: Merge,
  tree: Node,
  fields: readonly StructField[],
  source: Source,
  connection: DuckDBConnection,
): Promise<RowsRead | undefined> {
  const pairs = equalColumns(merge, tree, fields, source).filter(({ field, type }) => {
    const own = typeof field.type === 'string' ? duckdbType(field.type) : ''
    return RANGED.test(own) && (own === type || (INTEGERS.test(own) && INTEGERS.test(type)))
  })
  if (pairs.length === 0) return undefined
  const bounds = pairs.flatMap(({ column }) => ['min', 'max'].map((side) => `${side}(${quoteName(column)})::VARCHAR`))
  const [row = []] = (await connection.runAndReadAll(`SELECT ${bounds.join(', ')} FROM ${SOURCE}`)).getRows()
  const of = pairs.flatMap(({ field: { name } }, i): Predicate[] => {
    const [least, greatest] = [row[2 * i], row[2 * i + 1]]
    if (typeof least !== 'string' || typeof greatest !== 'string') return [{ op: 'in', column: name, values: [] }]
    return [
      { op: '>=', column: name, value: least },
      { op: '<=', column: name, value: greatest },
    ]
  })
  const keys = pairs.map(({ field, column }) => `${quoteName(column)} AS ${quoteName(field.name)}`)
  return {
    where: { op: 'and', of },
    keys: { columns: pairs.map(({ field }) => field.name), sql: `(SELECT ${keys.join(', ')} FROM ${SOURCE})` },
  }
}

interface Pair {
  readonly field: StructField
  readonly column: string
  readonly type: string
}

/** Returns the columns of table and source that ON wants to be equal. */
function equalColumns(merge: Merge, tree: Node, fields: readonly StructField[], source: Source): Pair[] {
  const target = { alias: bare(merge.alias), columns: fields.map(({ name }) => name) }
  const other = { alias: bare(source.alias), columns: source.columns }
  const pairOf = (left: readonly string[], right: readonly string[]): Pair[] => {
    const [own, column] = [pick(left, target, other), pick(right, other, target)]
    const field = fields.find(({ name }) => name === own)
    if (!field || column === undefined) return []
    return [{ field, column, type: String(source.types[source.columns.indexOf(column)]) }]
  }
  if ('using' in merge.on) return merge.on.using.flatMap((name) => pairOf([target.alias, name], [other.alias, name]))
  return conjuncts(selectOf(tree).where_clause as Node).flatMap(({ type, left, right }) => {
    if (type !== 'COMPARE_EQUAL') return []
    const [a, b] = [columnNames(left as Node), columnNames(right as Node)]
    return a && b ? [...pairOf(a, b), ...pairOf(b, a)].slice(0, 1) : []
  })
}

function bare(alias: Sql): string {
  return alias.startsWith('"') ? alias.slice(1, -1).replaceAll('""', '"') : alias
}

function selectOf(tree: Node): Node {
  return (nodesOf(tree.statements)[0] as Node).node as Node
}

function conjuncts(node: Node): Node[] {
  return node.type === 'CONJUNCTION_AND' ? nodesOf(node.children).flatMap(conjuncts) : [node]
}

function columnNames({ type, column_names }: Node): readonly string[] | undefined {
  return type === 'COLUMN_REF' ? (column_names as readonly string[]) : undefined
}

interface Side {
  readonly alias: string
  readonly columns: readonly string[]
}

/** Returns the column of one side that a reference means: said by its alias, or because the other has none such. */
function pick(names: readonly string[], side: Side, other: Side): string | undefined {
  const named = ({ columns }: Side, wanted: string) => columns.find((name) => name.toLowerCase() === wanted)
  const [first = '', second] = names.map((name) => name.toLowerCase())
  if (names.length > 2) return undefined
  if (second !== undefined) return first === side.alias.toLowerCase() ? named(side, second) : undefined
  return named(other, first) === undefined ? named(side, first) : undefined
}
