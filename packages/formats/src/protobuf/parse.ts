import { createRequire } from 'node:module'
import type protobufjs from 'protobufjs'
import { BUILT_IN } from './built-in.ts'
import { addDescriptor } from './descriptor.ts'
import type { ProtoEnum, ProtoField, ProtoFile, ProtoMessage, ProtoType, Scalar } from './schema.ts'

/** Loaded only where messages are Protobuf: it takes a twentieth of a second. */
const load = () => createRequire(import.meta.url)('protobufjs') as typeof protobufjs

/** A registry may keep a schema as its descriptor in base64: Confluent's serialiser for Python sends it so. */
const DESCRIPTOR = /^[A-Za-z0-9+/\s]{8,}={0,2}\s*$/

const MAIN = 'main'

export interface ProtoText {
  /** The path by which others import it. */
  readonly name: string
  readonly text: string
}

/** Parses the text of a .proto file, and of those that it imports. Throws what is wrong. */
export function parseProto(text: string, imported: readonly ProtoText[]): ProtoFile {
  const { Root, Type, Enum, parse, common } = load()
  const root = new Root()
  const given = new Set(imported.map(({ name }) => name))
  const parseInto = (name: string, source: string) => {
    if (DESCRIPTOR.test(source)) {
      for (const path of addDescriptor(root, name, Buffer.from(source, 'base64'))) useBuiltIn(path)
      return
    }
    Object.assign(parse, { filename: name })
    for (const path of parse(source, root, { keepCase: true }).imports ?? []) useBuiltIn(path)
  }
  const used = new Set<string>()
  const useBuiltIn = (path: string) => {
    if (given.has(path) || used.has(path)) return
    used.add(path)
    const known = common.get(path)
    if (known?.nested) root.addJSON(known.nested)
    else if (BUILT_IN[path] !== undefined) parseInto(path, BUILT_IN[path])
  }
  for (const { name, text: source } of imported) {
    if (common.get(name)) given.delete(name)
    else parseInto(name, source)
  }
  for (const { name } of imported) useBuiltIn(name)
  parseInto(MAIN, text)
  root.resolveAll()

  const messages = new Map<protobufjs.Type, ProtoMessage>()

  function messageOf(type: protobufjs.Type): ProtoMessage {
    const before = messages.get(type)
    if (before) return before
    const message: ProtoMessage = { name: type.fullName.slice(1), fields: [] }
    messages.set(type, message)
    // Extensions are fields of whoever knows them; their names begin with a dot.
    for (const field of type.fieldsArray) if (!field.name.startsWith('.')) message.fields.push(fieldOf(field))
    return message
  }

  function fieldOf(field: protobufjs.Field): ProtoField {
    const entry = entryOf(field)
    const mapKey = 'keyType' in field ? field.keyType : entry?.fields.key?.type
    return {
      name: field.name,
      number: field.id,
      type: typeOf(entry?.fields.value ?? field),
      shape: mapKey !== undefined ? { mapKey: mapKey as Scalar } : field.repeated ? 'list' : 'single',
      hasPresence: field.hasPresence === true || field.partOf !== null,
      isRequired: field.required,
      isGroup: field.delimited === true,
      ...(field.partOf && { oneof: field.partOf.name }),
    }
  }

  function typeOf({ resolvedType, type }: protobufjs.Field): ProtoType {
    if (resolvedType instanceof Type) return { kind: 'message', message: messageOf(resolvedType) }
    return resolvedType instanceof Enum ? enumOf(resolvedType) : { kind: 'scalar', scalar: type as Scalar }
  }

  const top = ownTypes(root)
  const all = () => [...top, ...top.flatMap(within)]
  let sorted: readonly (protobufjs.Type | undefined)[] | undefined
  return {
    isOneMessage: all().length === 1,
    messageAt([first = 0, ...rest]) {
      let type = top[first]
      for (const index of rest) type = type && typesIn(type)[index]
      return type && messageOf(type)
    },
    messageSorted(place) {
      sorted ??= sortedByName(all())
      const type = sorted[place]
      return type && messageOf(type)
    },
    messageNamed(name) {
      const type = all().find(({ fullName, name: own }) => fullName === `.${name}` || own === name)
      return type && messageOf(type)
    },
  }
}

/** Returns the messages of the main file that are in a package or a message, without those within them. */
function typesIn(space: protobufjs.NamespaceBase): protobufjs.Type[] {
  return space.nestedArray.flatMap((each) => (isType(each) && each.filename === MAIN ? [each] : []))
}

/** Returns the messages of the main file that are in no other, in their order. */
function ownTypes(space: protobufjs.NamespaceBase): protobufjs.Type[] {
  const packages = space.nestedArray.flatMap((each) => ('nestedArray' in each && !isType(each) ? [each] : []))
  return [...typesIn(space), ...packages.flatMap((each) => ownTypes(each as protobufjs.NamespaceBase))]
}

function within(type: protobufjs.Type): protobufjs.Type[] {
  return typesIn(type).flatMap((inner) => [inner, ...within(inner)])
}

/** Returns the entry of a map that is written out as a list of its entries. */
function entryOf({ repeated, resolvedType }: protobufjs.Field): protobufjs.Type | undefined {
  if (!repeated || !resolvedType || !isType(resolvedType) || resolvedType.options?.map_entry !== true) return undefined
  const { key, value } = resolvedType.fields
  return key && value ? resolvedType : undefined
}

/** Returns messages by their full names, with an empty place for each entry of a map, which no message is by itself. */
function sortedByName(types: readonly protobufjs.Type[]): (protobufjs.Type | undefined)[] {
  const entries = types.flatMap(({ fullName, fieldsArray }) =>
    fieldsArray.flatMap((field) =>
      'keyType' in field ? [[`${fullName}.${entryName(field.name)}`, undefined] as const] : [],
    ),
  )
  const named = new Map([...types.map((type) => [type.fullName, type] as const), ...entries])
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, type]) => type)
}

/** Returns what protoc calls the entry of a map: its words without underscores, each with a capital letter. */
function entryName(field: string): string {
  return `${field.replace(/(^|_)_*([^_]?)/g, (_, _before, letter: string) => letter.toUpperCase())}Entry`
}

function isType(each: protobufjs.ReflectionObject): each is protobufjs.Type {
  return 'fieldsArray' in each
}

/** Of two symbols with one number the first counts. */
function enumOf(type: protobufjs.Enum): ProtoEnum {
  const symbols = new Map<number, string>()
  for (const [symbol, number] of Object.entries(type.values)) if (!symbols.has(number)) symbols.set(number, symbol)
  return { kind: 'enum', name: type.fullName.slice(1), symbols }
}
