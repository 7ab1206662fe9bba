import fc from 'fast-check'

/** What a hostile or damaged writer may put in the place of a value. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1.5,
    1e308,
    9007199254740993n,
    '',
    'a',
    '\u0000',
    '../x',
    'file:///etc/passwd',
    [],
    {},
    [[]],
    { type: 'struct' },
  ),
  fc.string({ unit: 'binary' }),
  fc.constant(20_000).map((levels) => ({ deep: levels })),
)

export interface Mutation {
  readonly kind: 'change' | 'drop' | 'twice' | 'cut' | 'flip'
  readonly line: number
  readonly at: number
  readonly value?: unknown
}

/** One thing that goes wrong in one line of a log. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('change', 'drop', 'twice'),
      line: fc.nat(),
      at: fc.nat(),
      value: odd,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'flip'), line: fc.nat(), at: fc.nat() }) },
)

/** Returns the line as it is after the mutation. */
export function mutate(text: string, change: Mutation): Buffer {
  if (change.kind === 'cut') return Buffer.from(text.slice(0, change.at % text.length))
  const bytes = Buffer.from(text)
  if (change.kind === 'flip') {
    bytes[change.at % bytes.length] = (bytes[change.at % bytes.length] ?? 0) ^ 0xa5
    return bytes
  }
  const json = JSON.parse(text) as Record<string, unknown>
  const places = placesIn(json)
  const [holder, key] = places[change.at % places.length] as Place
  if (change.kind === 'drop') delete holder[key]
  else holder[key] = change.kind === 'twice' ? [holder[key], holder[key]] : change.value
  const deep = `${'{"type":"array","elementType":'.repeat(20_000)}"long"${'}'.repeat(20_000)}`
  const plain = JSON.stringify(json, (_, value) => (typeof value === 'bigint' ? Number(value) : value))
  return Buffer.from(plain.replaceAll('{"deep":20000}', deep))
}

type Place = readonly [Record<string, unknown>, string]

/** Every member of it, and of the JSON that is kept as text in it. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    [value as Record<string, unknown>, key] as const,
    ...placesIn(inner),
  ])
}
