import { type Comment, parseSync, type TSPropertySignature, type TSSignature, type TSType } from 'oxc-parser'

interface EventDescription {
  readonly name: string
  readonly about: string
  readonly fields: readonly { readonly name: string; readonly type: string; readonly about: string }[]
}

/** What an event is called, and the data set that stands in each event of a pipeline. */
const NOT_LISTED = ['what', 'dataset']

/** Returns the events that the type `WorkerEvent` of a source text allows, with the comments that stand before them. */
export function eventsIn(source: string): EventDescription[] {
  const { program, comments } = parseSync('telemetry.ts', source)
  const types = new Map<string, { readonly type: TSType | readonly TSSignature[]; readonly start: number }>()
  for (const statement of program.body) {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    const start = statement.start
    if (declared?.type === 'TSTypeAliasDeclaration')
      types.set(declared.id.name, { type: declared.typeAnnotation, start })
    if (declared?.type === 'TSInterfaceDeclaration') types.set(declared.id.name, { type: declared.body.body, start })
  }
  const before = (start: number) => commentBefore(source, comments, start)
  const nameOf = (property: TSPropertySignature) => source.slice(property.key.start, property.key.end)

  function describe(type: TSType | readonly TSSignature[], about: string): EventDescription[] {
    if ('length' in type) return describeMembers(type, about)
    if (type.type === 'TSUnionType' || type.type === 'TSIntersectionType') {
      return type.types.flatMap((part) => describe(part, before(part.start)))
    }
    if (type.type === 'TSTypeLiteral') return describeMembers(type.members, about)
    const name = source.slice(type.start, type.end)
    const named = types.get(name)
    return named ? describe(named.type, about || before(named.start)) : []
  }

  function describeMembers(members: readonly TSSignature[], about: string): EventDescription[] {
    const properties = members.filter((member) => member.type === 'TSPropertySignature')
    const what = properties.find((property) => nameOf(property) === 'what')?.typeAnnotation
    if (!what) return []
    const fields = properties
      .filter((property) => !NOT_LISTED.includes(nameOf(property)))
      .map((property) => ({
        name: nameOf(property),
        type: source.slice(property.typeAnnotation?.typeAnnotation.start, property.typeAnnotation?.typeAnnotation.end),
        about: before(property.start),
      }))
    const names = source.slice(what.typeAnnotation.start, what.typeAnnotation.end).match(/(?<=')[^'|]+(?=')/g) ?? []
    return names.map((name) => ({ name, about, fields }))
  }

  return describe(types.get('WorkerEvent')?.type ?? [], '')
}

/** Returns the text of the comment that ends where `start` begins, with at most a bar of a union between. */
function commentBefore(source: string, comments: readonly Comment[], start: number): string {
  const comment = comments.findLast(({ end }) => end <= start && /^[\s|]*$/.test(source.slice(end, start)))
  return comment
    ? comment.value
        .replaceAll(/^\s*\*+ ?/gm, '')
        .replaceAll(/\s+/g, ' ')
        .trim()
    : ''
}
