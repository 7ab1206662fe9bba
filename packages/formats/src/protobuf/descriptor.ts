import { createRequire } from 'node:module'
import type protobufjs from 'protobufjs'

interface Message {
  readonly name: string
  readonly nestedType?: readonly Message[]
}

interface FileDescriptor {
  readonly package?: string
  readonly syntax?: string
  readonly dependency?: readonly string[]
  readonly messageType?: readonly Message[]
  readonly enumType?: readonly object[]
}

type FromDescriptor = (
  descriptor: object,
  context: { readonly edition: string; readonly keepCase: true },
) => protobufjs.ReflectionObject

/** What protobufjs has once its extension for descriptors is loaded. */
interface WithDescriptors {
  readonly Type: { readonly fromDescriptor: FromDescriptor }
  readonly Enum: { readonly fromDescriptor: FromDescriptor }
}

/** Adds what the binary descriptor of a file defines, under the file's name; returns the paths that it imports. */
export function addDescriptor(root: protobufjs.Root, name: string, bytes: Uint8Array): readonly string[] {
  const require = createRequire(import.meta.url)
  const { FileDescriptorProto } = require('protobufjs/ext/descriptor') as { FileDescriptorProto: protobufjs.Type }
  const { Type, Enum } = require('protobufjs') as WithDescriptors
  const file = FileDescriptorProto.decode(bytes) as FileDescriptor
  const { package: space = '', dependency = [], messageType = [], enumType = [] } = file
  const context = { edition: file.syntax || 'proto2', keepCase: true } as const
  const to = space === '' ? root : root.define(space)
  for (const each of [
    ...messageType.map((type) => withEntries(Type.fromDescriptor(type, context) as protobufjs.Type, type)),
    ...enumType.map((type) => Enum.fromDescriptor(type, context)),
  ]) {
    nameFile(each, name)
    to.add(each)
  }
  return dependency
}

/**
 * Puts the entries of maps back among the nested messages, in their places: whoever writes messages by a descriptor
 * counts them.
 */
function withEntries(type: protobufjs.Type, { nestedType = [] }: Message): protobufjs.Type {
  const { Type } = createRequire(import.meta.url)('protobufjs') as typeof protobufjs
  for (const nested of nestedType) {
    const own = type.nested?.[nested.name]
    if (own) type.remove(own)
    type.add(own instanceof Type ? withEntries(own, nested) : new Type(nested.name))
  }
  return type
}

function nameFile(each: protobufjs.ReflectionObject, file: string): void {
  each.filename = file
  if ('nestedArray' in each) for (const inner of (each as protobufjs.NamespaceBase).nestedArray) nameFile(inner, file)
}
