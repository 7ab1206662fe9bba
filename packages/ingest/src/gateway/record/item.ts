import { readObject } from '../body.ts'
import { eachMember, valueBytes } from '../json-text.ts'
import type { Refusal } from '../refusal.ts'

/** What is wrong with one field, as FastAPI tells it. */
interface Problem {
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly type: string
}

interface ItemField {
  readonly name: string
  readonly type: string
  readonly aliases: readonly string[]
}

/** The members of an item as their JSON text. */
export function parseItem(body: unknown): ReadonlyMap<string, string> {
  const members = new Map<string, string>()
  readObject(body, (text) => eachMember(text, (name) => members.set(name, valueBytes(text).toString())))
  return members
}

/** Every field has to be there, under its name or another by which it is known. */
export function itemProblems(item: ReadonlyMap<string, string>, fields: readonly ItemField[]): Problem[] {
  return fields.flatMap(({ name, type, aliases }) => {
    const given = [name, ...aliases].find((each) => item.has(each))
    const text = given === undefined ? undefined : item.get(given)
    if (given === undefined || text === undefined) return problem(name, 'Field required', 'missing')
    if (type === 'text')
      return text.startsWith('"') ? [] : problem(given, 'Input should be a valid string', 'string_type')
    return INTEGER.test(text) ? [] : problem(given, 'Input should be a valid integer', 'int_type')
  })
}

/** Bare, or as a text. */
const INTEGER = /^("?)-?(0|[1-9]\d{0,9})\1$/

function problem(name: string, msg: string, type: string): Problem[] {
  return [{ type, loc: ['body', name], msg }]
}

export function refused({ status, message, path }: Refusal): object {
  if (status !== 422) return { detail: message }
  return { detail: [{ type: 'value_error', loc: path ?? ['body'], msg: message }] }
}
