/** Returns a schema's fingerprint as single-object encoding has it: CRC-64-AVRO of the schema's canonical form. */
export function fingerprintOf(schema: unknown): bigint {
  let fingerprint = EMPTY
  for (const byte of Buffer.from(canonicalForm(schema, ''))) {
    fingerprint = (fingerprint >> 8n) ^ (TABLE[Number((fingerprint ^ BigInt(byte)) & 0xffn)] as bigint)
  }
  return fingerprint
}

const EMPTY = 0xc15d213aa4d7a795n

const TABLE = Array.from({ length: 256 }, (_, i) => {
  let entry = BigInt(i)
  for (let bit = 0; bit < 8; bit++) entry = (entry >> 1n) ^ (EMPTY & -(entry & 1n))
  return entry
})

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']

/** Returns Avro's Parsing Canonical Form: full names, the properties that parsing needs, in one order, without blanks. */
export function canonicalForm(schema: unknown, space: string): string {
  if (typeof schema === 'string') return JSON.stringify(PRIMITIVES.includes(schema) ? schema : fullName(schema, space))
  if (Array.isArray(schema)) return `[${schema.map((branch) => canonicalForm(branch, space)).join(',')}]`
  const { type, name, namespace, fields, symbols, items, values, size } = schema as Readonly<Record<string, unknown>>
  if (typeof type === 'string' && PRIMITIVES.includes(type)) return JSON.stringify(type)
  if (typeof type !== 'string') return canonicalForm(type, space)
  const inside =
    typeof name === 'string' && name.includes('.')
      ? name.slice(0, name.lastIndexOf('.'))
      : typeof namespace === 'string'
        ? namespace
        : space
  const parts = [
    ...(typeof name === 'string' ? [`"name":${JSON.stringify(fullName(name, inside))}`] : []),
    `"type":${JSON.stringify(type)}`,
    ...(Array.isArray(fields) ? [`"fields":[${fields.map((field) => fieldForm(field, inside)).join(',')}]`] : []),
    ...(Array.isArray(symbols) ? [`"symbols":${JSON.stringify(symbols)}`] : []),
    ...(items !== undefined ? [`"items":${canonicalForm(items, inside)}`] : []),
    ...(values !== undefined ? [`"values":${canonicalForm(values, inside)}`] : []),
    ...(size !== undefined ? [`"size":${Number(size)}`] : []),
  ]
  return `{${parts.join(',')}}`
}

function fieldForm({ name, type }: { readonly name: string; readonly type: unknown }, space: string): string {
  return `{"name":${JSON.stringify(name)},"type":${canonicalForm(type, space)}}`
}

function fullName(name: string, space: string): string {
  return name.includes('.') || space === '' ? name : `${space}.${name}`
}
