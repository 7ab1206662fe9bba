import { quoteText } from '@millrace/engine'
import type { DataType, StructField, StructType } from '../../log/schema.ts'

/**
 * Returns SQL that is true where a value has a forbidden null inside, or undefined: nothing in a value of this type is
 * forbidden to be null.
 */
function forbiddenInside(value: string, type: DataType, depth = 0): string | undefined {
  if (typeof type === 'string') return undefined
  if (type.type === 'struct') return anyOf(value, structRules(value, type, depth))
  const item = `x${depth}`
  const rules = (items: string, itemType: DataType, nullable: boolean) => {
    const broken = [
      ...(nullable ? [] : [`${item} IS NULL`]),
      ...present(forbiddenInside(item, itemType, depth + 1)),
    ].join(' OR ')
    return broken === '' ? [] : [`len(list_filter(${items}, lambda ${item}: ${broken})) > 0`]
  }
  if (type.type === 'array') return anyOf(value, rules(value, type.elementType, type.containsNull))
  return anyOf(value, [
    ...rules(`map_keys(${value})`, type.keyType, true),
    ...rules(`map_values(${value})`, type.valueType, type.valueContainsNull),
  ])
}

function structRules(value: string, type: StructType, depth: number): string[] {
  return type.fields.flatMap((field) => {
    const inner = `struct_extract(${value}, ${quoteText(field.name)})`
    return [...(field.nullable ? [] : [`${inner} IS NULL`]), ...present(forbiddenInside(inner, field.type, depth))]
  })
}

function anyOf(value: string, rules: readonly string[]): string | undefined {
  return rules.length === 0 ? undefined : `(${value} IS NOT NULL AND (${rules.join(' OR ')}))`
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value]
}

/** Returns SQL that is true where a column's value breaks a NOT NULL of its own or inside it, if there is any. */
export function nullRule(
  value: string,
  { type, nullable }: Pick<StructField, 'type' | 'nullable'>,
): string | undefined {
  const rules = [...(nullable ? [] : [`${value} IS NULL`]), ...present(forbiddenInside(value, type))]
  return rules.length === 0 ? undefined : rules.join(' OR ')
}
